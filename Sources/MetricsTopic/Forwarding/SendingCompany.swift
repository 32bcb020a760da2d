/// How many events may be on their way together.
///
/// A topic's `max.message.bytes` limits what a request holds, and the client makes its requests of whatever is on its way. When
/// the broker finds that too large, half as many go together, down to one; what is too large alone is so by itself. With
/// every event that is delivered one more goes.
struct SendingCompany: Sendable {
    /// Events on their way at most.
    private(set) var limit = Int.max
    /// The one event that is on its way, when nothing has joined it.
    private var alone: UInt64?
    /// The most that were on their way since the last shrinking.
    private var most = 0
    /// One refused request is told by a report for each of its events.
    private var hasShrunk = false

    /// Notes that events were taken to be sent.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - last: The last of them.
    ///   - onItsWay: How many are on their way now, these included.
    mutating func note(taken count: Int, last: UInt64, onItsWay: Int) {
        if onItsWay == count { hasShrunk = false }
        alone = onItsWay == 1 ? last : nil
        most = onItsWay == count ? onItsWay : max(most, onItsWay)
    }

    /// Whether an event went alone.
    func isAlone(_ position: UInt64) -> Bool { alone == position }

    mutating func shrink() {
        guard !hasShrunk else { return }
        hasShrunk = true
        limit = max(1, min(limit, most) / 2)
    }

    mutating func grow() {
        // Not yet for what came through beside a refused request, or that would be made as large again.
        guard !hasShrunk else { return }
        if limit < .max { limit = limit < 1 << 20 ? limit + 1 : .max }
    }
}
