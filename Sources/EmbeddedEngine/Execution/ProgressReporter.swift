import FoundationEssentials
import StreamingMetrics

/// Measures one trigger after the other and makes the progress entries of a query.
///
/// The formulas are Spark's: with `T0` the trigger's start, `Tprev` the start of the trigger before (of any kind) and `T1`
/// the moment the progress is made, input rate = rows / (T0 - Tprev), processed rate = rows / max(1 ms, T1 - T0). The first
/// trigger of a run has an input rate of 0.
///
/// Used by the query's thread only.
final class ProgressReporter {
    /// What stays the same for all triggers of a run.
    struct Identity {
        var id: UUID
        var runId: UUID
        var name: String?
    }

    /// What a batch, or a trigger without one, brought.
    struct Facts {
        var batchId: Int64
        var sources: [SourceFacts]
        var sinkDescription: String
        var outputRows: Int64?
        var stateOperators: [StateOperatorProgress]
        var watermarkMilliseconds: Int64?
    }

    /// One source's part of a batch.
    struct SourceFacts {
        var description: String
        var start: String?
        var end: String?
        var rows: Int64
    }

    let identity: Identity
    let clock: any StreamClock
    private var triggerStart: Int64 = 0
    private var previousStart: Int64?
    private var hasTriggered = false
    private var durations: [String: Int64] = [:]
    /// What phases inside the running one took.
    private var nestedMilliseconds: Int64 = 0

    init(identity: Identity, clock: any StreamClock) {
        self.identity = identity
        self.clock = clock
    }

    /// Begins a trigger.
    func startTrigger() {
        previousStart = hasTriggered ? triggerStart : nil
        hasTriggered = true
        triggerStart = clock.nowMilliseconds
        durations = [:]
        nestedMilliseconds = 0
    }

    /// Runs a phase and adds its time to the trigger's `durationMs`. A phase inside another one does not count there, so that
    /// the phases stay disjoint.
    func time<Result>(_ phase: String, _ body: () throws -> Result) rethrows -> Result {
        let start = clock.nowMilliseconds
        let outerNested = nestedMilliseconds
        nestedMilliseconds = 0
        defer {
            let taken = max(clock.nowMilliseconds - start, 0)
            durations[phase, default: 0] += max(taken - nestedMilliseconds, 0)
            nestedMilliseconds = outerNested + taken
        }
        return try body()
    }

    /// Adds milliseconds that a phase took elsewhere.
    func add(_ phase: String, milliseconds: Int64) { durations[phase, default: 0] += max(milliseconds, 0) }

    /// The entry of the trigger that began with ``startTrigger()``.
    func finishTrigger(_ facts: Facts) -> StreamingQueryProgress {
        let end = clock.nowMilliseconds
        durations["triggerExecution"] = max(end - triggerStart, 0)
        let sources = facts.sources.map { source in
            SourceProgress(
                description: source.description, startOffset: Self.offset(source.start),
                endOffset: Self.offset(source.end), latestOffset: .null, numInputRows: source.rows,
                inputRowsPerSecond: inputRate(source.rows), processedRowsPerSecond: processedRate(source.rows, end: end)
            )
        }
        var durationMs = MetricMap<Int64>()
        for phase in durations.keys.sorted() { durationMs[phase] = durations[phase] }
        var eventTime = MetricMap<String>()
        if let watermark = facts.watermarkMilliseconds {
            eventTime["watermark"] = ProgressTimestamp(millisecondsSinceEpoch: watermark).description
        }
        return StreamingQueryProgress(
            id: identity.id, runId: identity.runId, name: identity.name,
            timestamp: ProgressTimestamp(millisecondsSinceEpoch: triggerStart), batchId: facts.batchId,
            batchDuration: end - triggerStart, numInputRows: sources.reduce(0) { $0 + $1.numInputRows },
            inputRowsPerSecond: Self.total(sources.map(\.inputRowsPerSecond)),
            processedRowsPerSecond: Self.total(sources.map(\.processedRowsPerSecond)), durationMs: durationMs,
            eventTime: eventTime, stateOperators: facts.stateOperators, sources: sources,
            sink: SinkProgress(description: facts.sinkDescription, numOutputRows: facts.outputRows ?? -1))
    }

    /// An offset's text as JSON; what is no JSON becomes a string, as in Spark.
    private static func offset(_ text: String?) -> JSONValue {
        guard let text else { return .null }
        do { return try JSONValue(parsing: text) } catch { return .string(text) }
    }

    private func inputRate(_ rows: Int64) -> Double? {
        guard let previousStart else { return 0 }
        return Self.finite(Double(rows) / (Double(triggerStart - previousStart) / 1000))
    }

    private func processedRate(_ rows: Int64, end: Int64) -> Double? {
        Self.finite(Double(rows) / (Double(max(1, end - triggerStart)) / 1000))
    }

    private static func finite(_ rate: Double) -> Double? { rate.isFinite ? rate : nil }

    /// The sum; undefined as soon as one part is.
    private static func total(_ rates: [Double?]) -> Double? {
        var sum = 0.0
        for rate in rates {
            guard let rate else { return nil }
            sum += rate
        }
        return sum
    }
}
