import StreamingMetrics

/// The last batches of a run, for rates that do not jump with each of them.
///
/// Spark's `inputRowsPerSecond` divides by the time since the last look for data, which is 10 ms ago after a pause, so that one row
/// can read 100 rows/s. Here rows are divided by the time since the batch before, whatever lay between.
///
/// Of batches that are longer than a part of its span it looks at the last few, however long ago they were.
struct BatchWindow: Sendable, Hashable {
    /// One batch.
    struct Batch: Sendable, Hashable {
        /// When its trigger started, in milliseconds since 1970.
        var start: Int64
        /// Milliseconds since the start of the trigger before.
        var interval: Int64
        /// Milliseconds that the trigger took.
        var duration: Int64
        /// Rows read.
        var rows: Int64
        /// Milliseconds by phase.
        var phases: MetricMap<Int64>
    }

    /// A batch as it is kept; its phases are a row of ``times``.
    private struct Kept: Sendable, Hashable {
        var start: Int64
        var interval: Int64
        var duration: Int64
        var rows: Int64
        /// The whole of its trigger by the phases; 0 without any.
        var whole: Int64
    }

    /// Sums over the batches, kept up to date: exact, so that what is taken out leaves nothing behind.
    private struct Sums: Sendable, Hashable {
        var rows: Int128 = 0
        var interval: Int128 = 0
        var duration: Int128 = 0
        /// The duration of batches with rows.
        var work: Int128 = 0
        /// The whole of the triggers by their phases.
        var whole: Int128 = 0
        /// Milliseconds by phase, in the order of ``names``.
        var phases: [Int128] = []

        mutating func add(_ batch: Kept, _ times: ArraySlice<UInt32>, sign: Int128) {
            rows += sign * Int128(batch.rows)
            interval += sign * Int128(batch.interval)
            duration += sign * Int128(batch.duration)
            if batch.rows > 0 { work += sign * Int128(batch.duration) }
            whole += sign * Int128(batch.whole)
            for (column, time) in zip(phases.indices, times) { phases[column] += sign * Int128(time) }
        }
    }

    private let lookBack: LookBack
    private let limit: Int
    private var batches: [Kept] = []
    /// Phases in the order in which they came, and each batch's milliseconds of them, one row behind the other. What takes longer than
    /// 32 bits can tell, 49 days, counts as that.
    private var names: [String] = []
    private var times: [UInt32] = []
    private var sums = Sums()

    init(_ settings: MonitorSettings) {
        lookBack = LookBack(span: settings.window.nonNegativeMilliseconds)
        limit = max(2, settings.windowBatches)
    }

    /// How many batches it looks at.
    var count: Int { batches.count }

    /// Notes a batch; one that does not start later than the last begins anew.
    mutating func add(_ batch: Batch) {
        if let last = batches.last, batch.start <= last.start { removeAll() }
        let old = max(0, batches.count - limit + 1, oldCount(before: batch))
        for index in 0..<old { sums.add(batches[index], row(index), sign: -1) }
        batches.removeFirst(old)
        times.removeFirst(old * names.count)
        let whole = appendPhases(batch.phases)
        batches.append(
            Kept(start: batch.start, interval: batch.interval, duration: batch.duration, rows: batch.rows, whole: whole)
        )
        sums.add(batches[batches.count - 1], row(batches.count - 1), sign: 1)
    }

    /// How many of the batches are too old to be looked at with the one that comes.
    private func oldCount(before batch: Batch) -> Int {
        let oldest = batch.start.subtractingSaturated(lookBack.span)
        guard let first = batches.first, first.start < oldest else { return 0 }
        let earliest = lookBack.earliest(at: batch.start, gap: batch.interval, before: batches.last?.interval)
        let kept = SizingVerdict.minimumBatches - 1
        let old = batches.indices.first { index in
            let start = batches[index].start
            return start >= oldest || (index >= batches.count - kept && start >= earliest)
        }
        return old ?? batches.count
    }

    private func row(_ index: Int) -> ArraySlice<UInt32> { times[index * names.count..<(index + 1) * names.count] }

    /// Appends a row of times; gives the whole of the trigger.
    private mutating func appendPhases(_ phases: MetricMap<Int64>) -> Int64 {
        var parts: Int64 = 0
        var trigger: Int64 = 0
        for pair in phases.pairs where Self.isPart(pair.key) { addColumn(pair.key) }
        let start = times.count
        times.append(contentsOf: repeatElement(0, count: names.count))
        for pair in phases.pairs {
            let length = max(0, pair.value)
            if pair.key == "triggerExecution" { trigger = length }
            guard Self.isPart(pair.key) else { continue }
            parts = parts.addingSaturated(length)
            if let column = names.firstIndex(of: pair.key) { times[start + column] = UInt32(clamping: length) }
        }
        // Spark's own page takes the whole out of what it shows; then the parts are all there is.
        return max(parts, trigger)
    }

    private static func isPart(_ phase: String) -> Bool { phase != "triggerExecution" && phase != "total" }

    /// Makes a column for a phase that has none; the rows become wider.
    private mutating func addColumn(_ phase: String) {
        guard names.count < PhaseShare.maximumPhases, !names.contains(phase) else { return }
        let width = names.count
        names.append(phase)
        sums.phases.append(0)
        let old = times
        times = []
        times.reserveCapacity(batches.count * (width + 1))
        for index in batches.indices {
            times += old[index * width..<(index + 1) * width]
            times.append(0)
        }
    }

    /// Forgets all: another run begins.
    mutating func removeAll() {
        batches.removeAll(keepingCapacity: true)
        names = []
        times = []
        sums = Sums()
    }

    /// Rows a second read: Σ rows ÷ Σ time between starts. Nil without a batch.
    var inputRowsPerSecond: Double? { Double.ratio(sums.rows.asDouble * 1000, sums.interval.asDouble) }

    /// Rows a second that can be processed: Σ rows ÷ Σ duration, of the batches with rows. Nil without one.
    var processedRowsPerSecond: Double? {
        sums.rows > 0 ? Double.ratio(sums.rows.asDouble * 1000, sums.work.asDouble) : nil
    }

    /// The share of the time in which a trigger was running: Σ duration ÷ Σ time between starts, 0 and up. Above 1 the last
    /// batches took longer than those before. Nil without a batch.
    var busyRatio: Double? { Double.ratio(sums.duration.asDouble, sums.interval.asDouble) }

    /// Which part of the time the batches took from the first start to the last; nil for fewer than two. What a run's first trigger took, which
    /// is no batch here, is not time that it rested.
    var busyRatioBetweenStarts: Double? {
        guard let first = batches.first, let last = batches.last else { return nil }
        let duration = sums.duration - Int128(last.duration)
        return Double.ratio(duration.asDouble, Double(last.start.subtractingSaturated(first.start)))
    }

    /// The mean duration of a trigger in milliseconds; nil without a batch.
    var meanDuration: Double? { Double.ratio(sums.duration.asDouble, Double(batches.count)) }

    /// The mean number of rows of a batch; nil without a batch.
    var meanRows: Double? { Double.ratio(sums.rows.asDouble, Double(batches.count)) }

    /// Each phase's share of all triggers, the largest first; phases of one share in the order of their names.
    var phases: [PhaseShare] {
        guard sums.whole > 0 else { return [] }
        let count = Double(batches.count)
        let shares = zip(names, sums.phases).filter { $0.1 > 0 }.map { name, milliseconds in
            PhaseShare(
                phase: name, meanSeconds: milliseconds.asDouble / count / 1000,
                share: milliseconds.asDouble / sums.whole.asDouble)
        }
        return shares.sorted { ($1.share, $0.phase) < ($0.share, $1.phase) }
    }
}

/// A phase of the triggers and how much of them it takes.
public struct PhaseShare: Sendable, Hashable, Codable {
    /// Spark's name of the phase, such as `addBatch`.
    public var phase: String
    /// Its mean length in a trigger, in seconds.
    public var meanSeconds: Double
    /// Its share of the whole triggers, 0…1.
    public var share: Double

    /// More phases than Spark has; what comes beyond is in the whole only.
    static let maximumPhases = 32
}

extension Int128 {
    /// The nearest double. The library's conversion is generic and costs a hundred times as much as this.
    fileprivate var asDouble: Double {
        let low = UInt64(truncatingIfNeeded: self)
        let high = Int64(truncatingIfNeeded: self >> 64)
        if high == 0 { return Double(low) }
        return Double(high) * 18_446_744_073_709_551_616 + Double(low)
    }
}
