/// Finds a run's trigger interval in the times at which its triggers started.
///
/// Spark starts the triggers of an interval at multiples of it in epoch time, a few milliseconds late; only a run's first starts
/// at once. A batch that takes longer than the interval skips starts and lands on a multiple all the same. So the interval is
/// the longest one of which nearly all starts are multiples. Without an interval (the default trigger) none fits.
///
/// A query whose batches always take the same several intervals looks as if it had the longer one; only who set the interval
/// knows better, and says so in ``MonitorSettings/triggerInterval``.
struct TriggerIntervalEstimate: Sendable, Hashable {
    /// What people set, in milliseconds, ascending.
    static let candidates: [Int64] = [
        100, 200, 250, 500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7500, 8000, 10_000, 12_000, 15_000, 20_000,
        30_000,
        45_000, 60_000, 90_000, 120_000, 180_000, 240_000, 300_000, 600_000, 900_000, 1_200_000, 1_800_000, 3_600_000,
        7_200_000, 10_800_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
    ]
    /// With fewer starts nothing is said: a chance hit of the shortest candidate is one in a million then.
    private static let minimumStarts = 5
    /// The counts are halved here, so that old starts weigh less.
    private static let maximumStarts = 64

    private var starts = 0
    private var hits = [UInt8](repeating: 0, count: candidates.count)
    /// The interval in milliseconds; nil when there are too few starts to say or none fits.
    private(set) var milliseconds: Int64?

    /// Whether enough is known to say that there is an interval or none.
    var isSettled: Bool { starts >= Self.minimumStarts }

    /// Notes when a trigger started; not for a run's first.
    mutating func add(start: Int64) {
        if starts >= Self.maximumStarts {
            starts /= 2
            for index in hits.indices { hits[index] /= 2 }
        }
        starts += 1
        for (index, interval) in Self.candidates.enumerated() {
            let rest = start % interval
            // Below 500 ms a late start must not be half an interval; above, a busy driver is some hundredths late.
            if rest >= 0, rest <= min(100, max(10, interval / 50)) { hits[index] += 1 }
        }
        guard isSettled else { return }
        // One start in ten may be late: a pause of the collector.
        let needed = starts - starts / 10
        milliseconds = Self.candidates.indices.last { Int(hits[$0]) >= needed }.map { Self.candidates[$0] }
    }
}
