import StreamingMetrics

/// The last batches of a run, for rates that do not jump with each of them.
///
/// Spark's `inputRowsPerSecond` divides by the time since the last look for data, which is 10 ms ago after a pause, so that one row
/// can read 100 rows/s. Here rows are divided by the time since the batch before, whatever lay between.
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

    private let span: Int64
    private let limit: Int
    private(set) var batches: [Batch] = []

    init(_ settings: MonitorSettings) {
        span = settings.window.nonNegativeMilliseconds
        limit = max(2, settings.windowBatches)
    }

    /// Notes a batch; one that does not start later than the last begins anew.
    mutating func add(_ batch: Batch) {
        if let last = batches.last, batch.start <= last.start { batches.removeAll(keepingCapacity: true) }
        let oldest = batch.start.subtractingSaturated(span)
        if let first = batches.first, first.start < oldest { batches.removeAll { $0.start < oldest } }
        if batches.count >= limit { batches.removeFirst(batches.count - limit + 1) }
        batches.append(batch)
    }

    /// Forgets all: another run begins.
    mutating func removeAll() { batches.removeAll(keepingCapacity: true) }

    /// Rows a second read: Σ rows ÷ Σ time between starts. Nil without a batch.
    var inputRowsPerSecond: Double? {
        Double.ratio(rows * 1000, batches.reduce(0) { $0 + Double($1.interval) })
    }

    /// Rows a second that can be processed: Σ rows ÷ Σ duration, of the batches with rows. Nil without one.
    var processedRowsPerSecond: Double? {
        rows > 0 ? Double.ratio(rows * 1000, batches.reduce(0) { $0 + ($1.rows > 0 ? Double($1.duration) : 0) }) : nil
    }

    /// The share of the time in which a trigger was running: Σ duration ÷ Σ time between starts, 0 and up. Above 1 the last
    /// batches took longer than those before. Nil without a batch.
    var busyRatio: Double? { Double.ratio(duration, batches.reduce(0) { $0 + Double($1.interval) }) }

    /// The mean duration of a trigger in milliseconds; nil without a batch.
    var meanDuration: Double? { Double.ratio(duration, Double(batches.count)) }

    /// The mean number of rows of a batch; nil without a batch.
    var meanRows: Double? { Double.ratio(rows, Double(batches.count)) }

    /// From the start of the first batch to the end of the last, in milliseconds.
    var coveredMilliseconds: Int64 {
        guard let first = batches.first, let last = batches.last else { return 0 }
        return last.start.subtractingSaturated(first.start).addingSaturated(last.duration)
    }

    private var rows: Double { batches.reduce(0) { $0 + Double($1.rows) } }
    private var duration: Double { batches.reduce(0) { $0 + Double($1.duration) } }

    /// Each phase's share of all triggers, the largest first; phases of one share in the order of their names.
    var phases: [PhaseShare] { PhaseShare.all(of: batches.map(\.phases)) }
}

/// A phase of the triggers and how much of them it takes.
public struct PhaseShare: Sendable, Hashable, Codable {
    /// Spark's name of the phase, such as `addBatch`.
    public var phase: String
    /// Its mean length in a trigger, in seconds.
    public var meanSeconds: Double
    /// Its share of the whole triggers, 0…1.
    public var share: Double

    /// The whole, under its several names.
    private static let wholes: Set<String> = ["triggerExecution", "total"]

    static func all(of batches: [MetricMap<Int64>]) -> [PhaseShare] {
        var sums: [String: Double] = [:]
        var whole = 0.0
        for phases in batches {
            var parts = 0.0
            for (phase, milliseconds) in phases where !wholes.contains(phase) {
                let length = Double(max(0, milliseconds))
                sums[phase, default: 0] += length
                parts += length
            }
            // Spark's own page takes the whole out of what it shows; then the parts are all there is.
            whole += max(parts, Double(max(0, phases["triggerExecution"] ?? 0)))
        }
        guard whole > 0 else { return [] }
        return sums.map { PhaseShare(phase: $0, meanSeconds: $1 / Double(batches.count) / 1000, share: $1 / whole) }
            .sorted { ($1.share, $0.phase) < ($0.share, $1.phase) }
    }
}
