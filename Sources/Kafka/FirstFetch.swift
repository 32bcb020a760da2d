/// When to hurry the first fetch from partitions that were just assigned.
///
/// A broker thread of librdkafka 2.0.2 looks once a second whether there is something to fetch, and nobody wakes it when the offset at
/// which a partition begins becomes known: the first records came up to a second late. Any request to the broker wakes it, so the
/// poll thread asks for something until each partition has given its first record or its end.
struct FirstFetch {
    /// When to ask next; nil while there is nothing to hurry.
    private var due: ContinuousClock.Instant?
    private var pause = Self.firstPause

    /// Longer than a broker nearby takes to tell an offset.
    private static let firstPause = Duration.milliseconds(5)
    /// Each pause is twice the one before; after this one the second is over anyway.
    private static let lastPause = Duration.milliseconds(320)

    /// Partitions were assigned.
    mutating func begin(now: ContinuousClock.Instant) {
        pause = Self.firstPause
        due = now + pause
    }

    /// Whether to ask; what is not heard of by then is asked for with the next pause.
    mutating func isDue(now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        guard let due else { return false }
        let now = now()
        guard now >= due else { return false }
        pause *= 2
        self.due = pause > Self.lastPause ? nil : now + pause
        return true
    }

    /// Each partition was heard of, or nobody can be asked.
    mutating func end() { due = nil }

    /// How long to wait for a record at most, given how long there is time.
    func wait(atMostMs limit: Int32, now: @autoclosure () -> ContinuousClock.Instant) -> Int32 {
        guard let due else { return limit }
        let left = now().duration(to: due)
        return left >= .milliseconds(Int(limit)) ? limit : min(limit, max(1, Int32(left / .milliseconds(1))))
    }
}
