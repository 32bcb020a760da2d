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

    /// Sums over the batches, kept up to date: exact, so that what is taken out leaves nothing behind.
    private struct Sums: Sendable, Hashable {
        var rows: Int128 = 0
        var interval: Int128 = 0
        var duration: Int128 = 0
        /// The duration of batches with rows.
        var work: Int128 = 0
        /// The whole of the triggers by their phases.
        var whole: Int128 = 0
        var phases: [(name: String, milliseconds: Int128)] = []

        static func == (left: Sums, right: Sums) -> Bool {
            left.rows == right.rows && left.interval == right.interval && left.duration == right.duration
                && left.work == right.work && left.whole == right.whole
                && left.phases.elementsEqual(right.phases) { $0 == $1 }
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(rows)
            hasher.combine(interval)
            hasher.combine(duration)
        }

        mutating func add(_ batch: Batch, times sign: Int128) {
            rows += sign * Int128(batch.rows)
            interval += sign * Int128(batch.interval)
            duration += sign * Int128(batch.duration)
            if batch.rows > 0 { work += sign * Int128(batch.duration) }
            guard !batch.phases.isEmpty else { return }
            var parts: Int128 = 0
            var trigger: Int128 = 0
            // The pairs themselves: a map's iterator is generic code of another module, several times as slow.
            for pair in batch.phases.pairs {
                let phase = pair.key
                let length = Int128(max(0, pair.value))
                if phase == "triggerExecution" {
                    trigger = length
                    continue
                }
                if phase == "total" { continue }
                parts += length
                add(phase, sign * length)
            }
            // Spark's own page takes the whole out of what it shows; then the parts are all there is.
            whole += sign * max(parts, trigger)
        }

        private mutating func add(_ phase: String, _ length: Int128) {
            if let index = phases.firstIndex(where: { $0.name == phase }) {
                phases[index].milliseconds += length
            } else if phases.count < PhaseShare.maximumPhases {
                phases.append((phase, length))
            }
        }
    }

    private let span: Int64
    private let limit: Int
    private(set) var batches: [Batch] = []
    private var sums = Sums()

    init(_ settings: MonitorSettings) {
        span = settings.window.nonNegativeMilliseconds
        limit = max(2, settings.windowBatches)
    }

    /// Notes a batch; one that does not start later than the last begins anew.
    mutating func add(_ batch: Batch) {
        if let last = batches.last, batch.start <= last.start { removeAll() }
        let oldest = batch.start.subtractingSaturated(span)
        var old = max(0, batches.count - limit + 1)
        while old < batches.count, batches[old].start < oldest { old += 1 }
        for batch in batches.prefix(old) { sums.add(batch, times: -1) }
        batches.removeFirst(old)
        batches.append(batch)
        sums.add(batch, times: 1)
    }

    /// Forgets all: another run begins.
    mutating func removeAll() {
        batches.removeAll(keepingCapacity: true)
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

    /// The mean duration of a trigger in milliseconds; nil without a batch.
    var meanDuration: Double? { Double.ratio(sums.duration.asDouble, Double(batches.count)) }

    /// The mean number of rows of a batch; nil without a batch.
    var meanRows: Double? { Double.ratio(sums.rows.asDouble, Double(batches.count)) }

    /// Each phase's share of all triggers, the largest first; phases of one share in the order of their names.
    var phases: [PhaseShare] {
        guard sums.whole > 0 else { return [] }
        let count = Double(batches.count)
        let shares = sums.phases.filter { $0.milliseconds > 0 }.map { phase in
            PhaseShare(
                phase: phase.name, meanSeconds: phase.milliseconds.asDouble / count / 1000,
                share: phase.milliseconds.asDouble / sums.whole.asDouble)
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
