/// Pairs of a lane and a number, kept as intervals of numbers within each lane.
///
/// A run's events in order are one interval of one lane, so that a long life costs a few bytes. Sorted by lane and number:
///
///     lane 1: 1–40, 44   lane 2: 42–43   …
struct LaneSet: Sendable {
    struct Segment: Sendable {
        var lane: Int64
        var first: UInt64
        var last: UInt64
    }

    private(set) var segments: [Segment] = []

    /// Adds a pair; whether it was not there.
    mutating func insert(lane: Int64, _ number: UInt64) -> Bool {
        // What comes in order extends the last interval.
        if let last = segments.last, last.lane == lane, last.last &+ 1 == number, number != 0 {
            segments[segments.count - 1].last = number
            return true
        }
        let next = firstIndex(after: lane, number)
        let before = next > 0 && segments[next - 1].lane == lane ? next - 1 : nil
        if let before, number <= segments[before].last { return false }
        let joinsBefore = before.map { segments[$0].last + 1 == number } ?? false
        let joinsNext =
            next < segments.count && segments[next].lane == lane && segments[next].first - 1 == number
        switch (joinsBefore, joinsNext) {
        case (true, true):
            segments[next - 1].last = segments[next].last
            segments.remove(at: next)
        case (true, false): segments[next - 1].last = number
        case (false, true): segments[next].first = number
        case (false, false): segments.insert(Segment(lane: lane, first: number, last: number), at: next)
        }
        return true
    }

    /// Forgets the lowest intervals.
    mutating func removeLowest(_ count: Int) { segments.removeFirst(min(count, segments.count)) }

    /// Index of the first interval that begins after the pair.
    private func firstIndex(after lane: Int64, _ number: UInt64) -> Int {
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            let segment = segments[middle]
            if segment.lane < lane || segment.lane == lane && segment.first <= number {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
