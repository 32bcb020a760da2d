/// Finds a run's trigger interval in the times at which its triggers started.
///
/// Spark starts the triggers of an interval at multiples of it in epoch time, a few milliseconds late; only a run's first starts
/// at once. After a batch that was not done at the next multiple, Spark and the embedded engine start at once as well, and
/// the oldest Sparks at the multiple after it. So the interval is the longest one of which
/// nearly all starts are multiples. A start at once after a batch that had missed a multiple says nothing. Without an interval (the default trigger) none fits.
///
/// After a batch that had missed a multiple nobody waits longer than the interval, but for data. Where a query mostly does, the data's rhythm
/// looks like an interval, or there is one that holds nothing up: it is none to be late for.
///
/// A divisor of the interval fits as well, and so may the rhythm of data that comes at even times. So two triggers must have followed each
/// other by the interval, some times; nobody sees that of a query which finds data less often than it looks.
///
/// A query that misses a multiple with every batch of its run shows no interval, or looks as if it had a longer one; only who set the
/// interval knows better, and says so in ``MonitorSettings/triggerInterval``. One that has shown its interval keeps it when it
/// becomes slower, and hands it on to the next run as a ``TriggerIntervalHint``.
struct TriggerIntervalEstimate: Sendable, Hashable {
    /// What people set, in milliseconds, ascending: every whole second of a minute and a half, and round ones. Another interval is not found.
    static let candidates: [Int64] =
        [100, 200, 250, 300, 400, 500, 600, 700, 750, 800, 900]
        + ((1...90).map { $0 * 1000 } + [1200, 1500, 2500, 7500]).sorted()
        + [
            100_000, 110_000, 120_000, 130_000, 140_000, 150_000, 160_000, 180_000, 200_000, 210_000, 240_000, 270_000,
            300_000, 360_000, 420_000, 450_000, 480_000, 540_000, 600_000, 720_000, 900_000, 1_080_000, 1_200_000,
            1_500_000, 1_800_000, 2_400_000, 2_700_000, 3_000_000, 3_600_000, 5_400_000, 7_200_000, 9_000_000,
            10_800_000, 14_400_000, 18_000_000, 21_600_000, 28_800_000, 43_200_000, 86_400_000,
        ]
    /// With fewer starts nothing is said: a chance hit of the shortest candidate is one in a million then.
    private static let minimumStarts = 5
    /// The counts are halved here, so that old starts weigh less.
    private static let maximumStarts: UInt8 = 64
    /// A trigger that starts no later than this after the end of the one before has not waited for a multiple: offsets are committed and
    /// files cleaned up between two.
    static let atOnce: Int64 = 250
    /// From here on a hit is no chance, so that more of the starts may be late.
    private static let longCandidate: Int64 = 500
    /// Two starts one interval apart show that it is no longer; so many others must follow each such pair until that is forgotten.
    private static let othersPerPair = 16
    private static let (pairsNeeded, pairsKept) = (4, 256)
    /// So many such pairs show that it is no shorter.
    private static let leastPairs: UInt8 = 2

    /// By candidate, how many starts say something about it, and how many of them were multiples.
    private var starts = [UInt8](repeating: 0, count: candidates.count)
    private var hits = [UInt8](repeating: 0, count: candidates.count)
    /// By candidate, how many pairs of starts were seen.
    private var pairs = [UInt8](repeating: 0, count: candidates.count)
    /// The shortest candidate of which pairs were seen lately, and how much that weighs.
    private var shown: Int?
    private var weight = 0
    private var candidate: Int?

    /// Knows nothing but what the run before has shown, of which the starts of this one may be multiples again.
    ///
    /// - Parameter known: Milliseconds.
    init(known: Int64? = nil) {
        if let known, let index = Self.candidates.firstIndex(of: known) { pairs[index] = Self.leastPairs }
    }

    /// The interval in milliseconds; nil when there are too few starts to say or none fits.
    var milliseconds: Int64? { candidate.map { Self.candidates[$0] } }

    /// Notes when a trigger started; not for a run's first.
    ///
    /// - Parameters:
    ///   - start: When, in milliseconds.
    ///   - previous: When the trigger before started.
    ///   - duration: How long that one took.
    mutating func add(start: Int64, after previous: Int64, taking duration: Int64) {
        let end = previous.addingSaturated(max(0, duration))
        let wait = start.subtractingSaturated(end)
        let isAtOnce = wait <= Self.atOnce
        for (index, interval) in Self.candidates.enumerated() {
            let isOver = end.subtractingSaturated(previous - previous % interval) >= interval
            if isOver, isAtOnce { continue }
            if starts[index] >= Self.maximumStarts {
                starts[index] /= 2
                hits[index] /= 2
            }
            starts[index] += 1
            let waitsForMore = isOver && wait > interval + Self.lateness(interval)
            if !waitsForMore, Self.isMultiple(start, of: index) { hits[index] += 1 }
        }
        notePair(previous, start, end: end)
        candidate = Self.candidates.indices.last { fits($0) }
    }

    /// Whether a start is a multiple of a candidate, or a little late.
    private static func isMultiple(_ start: Int64, of index: Int) -> Bool {
        let interval = candidates[index]
        let rest = start % interval
        return rest >= 0 && rest <= lateness(interval)
    }

    /// How late a start may be. Below 500 ms it must not be half an interval; above, a busy driver is some hundredths late.
    private static func lateness(_ interval: Int64) -> Int64 { min(100, max(10, interval / 50)) }

    /// Whether nearly all starts are multiples of a candidate. In pauses of the collector and on a busy driver some are late, and some of
    /// these are multiples of a short candidate by chance, so that more of them must be.
    private func fits(_ index: Int) -> Bool {
        if let shown, index > shown, weight >= Self.pairsNeeded * Self.othersPerPair { return false }
        let (hits, starts) = (Int(hits[index]), Int(starts[index]))
        guard starts >= Self.minimumStarts, pairs[index] >= Self.leastPairs else { return false }
        return Self.candidates[index] >= Self.longCandidate ? hits * 4 >= starts * 3 : hits * 10 >= starts * 9
    }

    /// Notes whether this start and the one before are multiples of an interval that lies between them.
    /// After a batch that had missed a multiple the next start is one by chance.
    private mutating func notePair(_ previous: Int64, _ start: Int64, end: Int64) {
        weight = max(0, weight - 1)
        let gap = start.subtractingSaturated(previous)
        guard gap > 0 else { return }
        let pair = Self.candidates.indices.first { index in
            let interval = Self.candidates[index]
            return abs(gap - interval) <= Self.lateness(interval)
                && Self.isMultiple(start, of: index) && Self.isMultiple(previous, of: index)
        }
        guard let pair else { return }
        let interval = Self.candidates[pair]
        guard end.subtractingSaturated(previous - previous % interval) < interval else { return }
        if pairs[pair] < .max { pairs[pair] += 1 }
        if let shown, pair > shown, weight > 0 { return }
        if shown != pair { (shown, weight) = (pair, 0) }
        weight = min(weight + 1 + Self.othersPerPair, Self.pairsKept * Self.othersPerPair)
    }
}
