/// The plan of a recording: nine users one after the other, each doing every activity twice, with a pause after each.
struct Recording {
    /// A stretch of rows of one user and one activity.
    struct Segment {
        /// The first row that no longer belongs to it.
        var end: Int
        /// The first row of its user.
        var userStart: Int
        var user: Int
        var activity: Activity
    }

    static let users = Array("abcdefghi".utf8)
    let rows: Int
    let segments: [Segment]

    init(rows: Int, seed: UInt64) {
        self.rows = rows
        var random = SplitMix64(seed: seed)
        var segments: [Segment] = []
        for user in Self.users.indices {
            let start = rows * user / Self.users.count
            let count = rows * (user + 1) / Self.users.count - start
            let parts = Self.parts(&random)
            let total = parts.reduce(0) { $0 + $1.length }
            var sum = 0
            for part in parts {
                sum += part.length
                segments.append(
                    Segment(end: start + count * sum / total, userStart: start, user: user, activity: part.activity))
            }
        }
        self.segments = segments
    }

    private static func parts(_ random: inout SplitMix64) -> [(activity: Activity, length: Int)] {
        var parts: [(activity: Activity, length: Int)] = []
        for _ in 0..<2 {
            for activity in Activity.allCases where activity != .none {
                // From 80 to 120 hundredths of its usual share.
                parts.append((activity, activity.share * (80 + random.next(below: 41))))
                parts.append((.none, Activity.none.share * (80 + random.next(below: 41))))
            }
        }
        return parts
    }
}
