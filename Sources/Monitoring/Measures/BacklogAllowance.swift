/// Whether batches may take longer than the trigger interval because they read what a burst or a restart has left, as far as a limit lets
/// them: a query that kept up before, and soon does again, has not fallen behind.
///
/// It is given once for each time that records begin to wait, to a query that kept up before. So it is not given anew to one that is late all
/// the time and of which nothing waits for a moment.
struct BacklogAllowance: Sendable, Hashable {
    /// Since when records wait, in milliseconds; nil while none do.
    private var since: Int64?
    private var keptUp = false
    /// For this part of the limit a burst may still rise.
    private static let rising = 1.0 / 3

    /// Whether records wait.
    var isWaiting: Bool { since != nil }

    /// Notes a batch.
    ///
    /// - Parameters:
    ///   - isWaiting: Whether it has left more than a few records.
    ///   - keepsUp: Whether the batches before were in time, but for some.
    ///   - time: When its trigger started, in milliseconds.
    mutating func note(isWaiting: Bool, keepsUp: Bool, at time: Int64) {
        guard isWaiting else { return since = nil }
        if since == nil { (since, keptUp) = (time, keepsUp) }
    }

    /// Whether it is given to that batch.
    ///
    /// - Parameters:
    ///   - left: Seconds until nothing waits, by the pace since most did; nil where what waits does not become less.
    ///   - limit: How many seconds all of it may take.
    ///   - time: When its trigger started, in milliseconds.
    func isGiven(secondsLeft left: Double?, limit: Double, at time: Int64) -> Bool {
        guard keptUp, let since else { return false }
        let gone = Double(time.subtractingSaturated(since)) / 1000
        if gone <= limit * Self.rising { return true }
        return gone <= limit && left.map { $0 <= limit } ?? false
    }
}
