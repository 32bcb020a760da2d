/// Counts logins with a wrong token by where they came from, so that who guesses is stopped and nobody else.
///
/// Bounded: of more places than ``maximumPeers`` the one that has been quiet longest is forgotten.
struct FailedLogins: Sendable {
    private static let maximumPeers = 1000
    private static let window = Duration.seconds(60)

    private var times: [String: [ContinuousClock.Instant]] = [:]

    /// Counts one.
    mutating func add(_ peer: String, at now: ContinuousClock.Instant = .now) {
        forget(before: now - Self.window)
        if times[peer] == nil, times.count >= Self.maximumPeers,
            let quiet = times.min(by: { ($0.value.last ?? now) < ($1.value.last ?? now) })
        {
            times[quiet.key] = nil
        }
        times[peer, default: []].append(now)
    }

    /// How many there were from a place in the last minute.
    mutating func count(_ peer: String, at now: ContinuousClock.Instant = .now) -> Int {
        forget(before: now - Self.window)
        return times[peer]?.count ?? 0
    }

    private mutating func forget(before start: ContinuousClock.Instant) {
        for (peer, known) in times where known.contains(where: { $0 < start }) {
            let left = known.filter { $0 >= start }
            times[peer] = left.isEmpty ? nil : left
        }
    }
}
