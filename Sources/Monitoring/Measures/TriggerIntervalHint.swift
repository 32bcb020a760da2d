/// The trigger interval that a query had shown in the run before, as far as this run does not speak against it.
///
/// A run whose batches take longer than its interval from the first on starts each trigger at once: its times show nothing of the
/// interval, and look like those of the default trigger, which starts at once always. Nor need the interval be the same any more, since a
/// trigger may be changed in a restart. So the hint is dropped by the first start that it does not explain, and believed only after
/// ``needed`` starts in a row at once, each after a batch that had missed a multiple:
///
/// - Of one interval no two triggers start between the same two multiples. Where `n` have followed each other at once, a longer interval
///   that would explain them is shorter than their mean gap × n / (n - 1): the batches take more than nine tenths of that one too.
/// - The default trigger reads in each batch what has come during the one before. For batches that had time enough in the interval they
///   then come to be shorter than it, so that soon two start between the same multiples.
/// - A batch that reads what has piled up makes the next ones long as well, each shorter than the one before; these count for nothing.
///
/// What is left is a query that was slowed down beyond its interval and given the default trigger in one restart. It looks the same.
struct TriggerIntervalHint: Sendable, Hashable {
    /// The interval.
    let milliseconds: Int64
    /// Whether this run has shown that it is over it.
    private(set) var isBelieved = false
    /// How long the last batches took that were followed at once, since the last trigger that had waited.
    private var durations: [Int64] = []

    /// With `n` of them an interval of which the batches took less than (n - 1) / n cannot be: nine tenths are called no reserve.
    private static let needed = 12
    /// So many times the interval they must take in the mean, and so many times the first half of them the second half.
    private static let (leastExcess, leastHold) = (1.1, 0.9)

    init(milliseconds: Int64) { self.milliseconds = max(1, milliseconds) }

    /// Notes when a trigger started; not for a run's first.
    ///
    /// - Parameters:
    ///   - start: When, in milliseconds.
    ///   - previous: When the trigger before started.
    ///   - duration: How long that one took.
    /// - Returns: False where a query with this interval would not have started it then.
    mutating func explains(start: Int64, after previous: Int64, taking duration: Int64) -> Bool {
        // The clock was set.
        guard start > previous, previous >= 0 else {
            durations = []
            return true
        }
        guard start / milliseconds != previous / milliseconds else { return false }
        let end = previous.addingSaturated(max(0, duration))
        let multiple = (previous - previous % milliseconds).addingSaturated(milliseconds)
        if end >= multiple {
            // Who waits although a multiple has gone by waits for that of a longer interval, or for data.
            guard start.subtractingSaturated(end) <= TriggerIntervalEstimate.atOnce else { return false }
            note(duration)
            return true
        }
        durations = []
        return start % milliseconds <= min(1000, milliseconds / 10)
    }

    private mutating func note(_ duration: Int64) {
        if durations.count >= Self.needed { durations.removeFirst() }
        durations.append(duration)
        guard durations.count == Self.needed else { return }
        let lengths = durations.map { Double($0) }
        let (first, second) = (lengths.prefix(Self.needed / 2), lengths.suffix(Self.needed / 2))
        let (old, new) = (first.reduce(0, +), second.reduce(0, +))
        if old + new >= Double(milliseconds) * Double(Self.needed) * Self.leastExcess, new >= old * Self.leastHold {
            isBelieved = true
        }
    }
}
