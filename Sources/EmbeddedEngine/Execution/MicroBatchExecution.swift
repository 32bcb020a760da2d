import FoundationEssentials
import Logging
import StreamingMetrics
import StructuredStreaming
import Synchronization

/// Runs a query, one micro-batch after the other, on the query's own thread.
///
/// One trigger, with what is on disk after each step (Spark's protocol, so Spark can read the result):
///
///     1 plan     ask the source for its newest offset            sources/0/M
///     2 log      fix what the batch will read                    offsets/N   (while 4 reads; before 4 saves)
///     3 release  tell the source that batch N-1 is durable
///     4 run      read, compute, save the state                   state/0/p/N+1.delta
///     5 sink     make the batch visible                          (the sink's own)
///     6 commit   say that the batch is done                      commits/N
///     7 publish  append and post the progress
///
/// A crash before 2 plans the batch afresh; after it, the same batch runs again from the state of version N, and the sink
/// recognises its number.
///
/// `@unchecked Sendable`: made by the thread that starts the query, then handed to the query's thread and used there only.
final class MicroBatchExecution: @unchecked Sendable {
    /// Everything a run is made of.
    struct Parts {
        var query: EmbeddedStreamingQuery
        var write: StreamingWrite
        var plan: PhysicalPlan
        var source: any StreamSource
        var sink: any StreamSink
        var checkpoint: QueryCheckpoint
        var settings: EngineSettings
        var clock: any StreamClock
        var bus: ListenerBus
        var logger: Logger
    }

    private let parts: Parts
    private let executor: BatchExecutor
    private let aggregate: StateStoreSaveExec?
    private let reporter: ProgressReporter
    private var logger: Logger
    /// The batch that comes next, or runs.
    private var batchId: Int64
    /// Where the last finished batch ended.
    private var committed: SourceOffset?
    /// A batch that was logged but not finished before this run.
    private var pending: OffsetSeq?
    /// The offset log's entry of the running batch, on its way to the disk.
    private var pendingLog: BackgroundCall?
    private var lastReport: Int64?
    private var lastStateOperators: [StateOperatorProgress] = []
    private var hasOutputRows = false

    init(_ parts: Parts) throws {
        self.parts = parts
        let query = parts.query
        let recovery = parts.checkpoint.recovery
        batchId = recovery.nextBatchId
        committed = (recovery.previous?.offsets.first ?? nil).map { SourceOffset(json: $0) }
        pending = recovery.rerun
        executor = BatchExecutor(plan: parts.plan, parallelism: parts.settings.parallelism) {
            query.isCancelled.load(ordering: .acquiring)
        }
        aggregate = try parts.plan.statefulAggregate.map {
            try StateStoreSaveExec(
                $0, checkpoint: parts.checkpoint.location, settings: parts.settings, clock: parts.clock)
        }
        if aggregate == nil {
            let location = parts.checkpoint.location
            try OperatorStateMetadata.check([], stateDirectory: location.stateDirectory, files: location.files)
        }
        reporter = ProgressReporter(
            identity: .init(id: query.id, runId: query.runId, name: query.name), clock: parts.clock)
        logger = parts.logger
        logger[metadataKey: "query"] = "\(query.name ?? query.id.uuidString.lowercased())"
    }

    /// Runs the query to its end; called on the query's thread.
    func run() throws {
        parts.query.update { $0.phase = .active }
        try restoreTable()
        if parts.write.trigger == .availableNow { try parts.source.prepareForAvailableNow() }
        let logger = logger
        let executor = TriggerExecutor(
            trigger: parts.write.trigger, clock: parts.clock, stopSignal: parts.query.stopSignal,
            pollingDelayMilliseconds: parts.settings.pollingDelayMilliseconds
        ) { took, interval in
            logger.warning("the batch took \(took) ms, longer than the trigger interval of \(interval) ms")
        }
        try executor.run { try trigger() }
    }

    /// The whole result so far; nil for a query without an aggregation, whose result is not kept. Only before the first and
    /// after the last trigger.
    func result() throws -> [ColumnBatch]? {
        let rest = ResultPipeline(steps: parts.plan.resultSteps.dropFirst())
        return try aggregate?.result(version: batchId, rest: rest)
    }

    /// Reads ``result()`` after the last trigger, whenever it is asked. Of this run it keeps only the state: the query keeps the reader,
    /// and a run keeps its query.
    func resultReader() -> @Sendable () throws -> [ColumnBatch]? {
        // The query's thread is done with it, and the query calls the reader under a lock.
        nonisolated(unsafe) let aggregate = aggregate
        let rest = ResultPipeline(steps: parts.plan.resultSteps.dropFirst())
        let version = batchId
        return { try aggregate?.result(version: version, rest: rest) }
    }

    /// Throws away what a batch that was given up left in memory, so that ``result()`` needs no file any more.
    func settle() throws { try aggregate?.settle(version: batchId) }

    /// A memory table in complete mode shows what the checkpoint holds from the start; in Spark it is empty until the first new
    /// batch.
    private func restoreTable() throws {
        guard let memory = parts.sink as? MemorySink, parts.write.outputMode == .complete, batchId > 0 else { return }
        if let result = try result() { memory.restore(result) }
    }

    // MARK: One trigger

    private func trigger() throws -> TriggerExecutor.Outcome {
        reporter.startTrigger()
        parts.query.update { state in
            state.status.isTriggerActive = true
            state.status.isDataAvailable = false
        }
        let isRerun = pending != nil
        let offsets = try pending ?? planBatch()
        guard let offsets else {
            finishWithoutBatch()
            return parts.write.trigger == .availableNow ? .finished : .foundNothing
        }
        if !isRerun { log(offsets) }
        do {
            try runBatch(offsets)
        } catch {
            // The log's own failure, such as another run's entry of this number, explains more than what came of it.
            try finishLog()
            throw error
        }
        return .ranBatch
    }

    /// Step 1: what the next batch reads; nil when there is nothing new.
    private func planBatch() throws -> OffsetSeq? {
        let source = parts.source
        show("Getting offsets from \(source.description)")
        let limit: ReadLimit = parts.write.trigger == .once ? .all : .sourceOptions
        let latest = try reporter.time("latestOffset") { try source.latestOffset(after: committed, limit: limit) }
        guard let latest, latest != committed else { return nil }
        let metadata = OffsetSeqMetadata(
            batchWatermarkMs: 0, batchTimestampMs: parts.clock.nowMilliseconds, conf: parts.checkpoint.conf)
        return OffsetSeq(metadata: metadata, offsets: [latest.json])
    }

    /// Step 2, begun: the disk is waited for in ``finishLog()``, while the batch is read already.
    private func log(_ offsets: OffsetSeq) {
        show("Writing offsets to log")
        let location = parts.checkpoint.location
        let retained = Int64(parts.settings.minBatchesToRetain)
        pendingLog = BackgroundCall { [batchId] in
            try location.offsetLog.add(batchId, offsets)
            try location.purge(current: batchId, minBatchesToRetain: retained)
        }
    }

    /// Steps 2, ended, and 3. Nothing of the batch may be visible or durable before this.
    private func finishLog() throws {
        guard let log = pendingLog else {
            // A batch that runs again was logged by the run before, which may not have come to release the one before it.
            if pending != nil, let committed { try parts.source.commit(committed) }
            return
        }
        pendingLog = nil
        try reporter.time("walCommit") {
            try log.wait()
            if let committed { try parts.source.commit(committed) }
        }
    }

    /// Steps 4 to 7.
    private func runBatch(_ offsets: OffsetSeq) throws {
        guard let end = (offsets.offsets.first ?? nil).map({ SourceOffset(json: $0) }) else {
            throw EngineError(
                .checkpointCorrupt, "batch \(batchId) has no offset for source 0 in the checkpoint's offset log",
                hint: "restore the checkpoint from a copy, or start with a new one")
        }
        parts.query.update { state in
            state.status.message = "Processing new data"
            state.status.isDataAvailable = true
        }
        let tasks = try reporter.time("getBatch") { try parts.source.tasks(from: committed, to: end) }
        reporter.add("queryPlanning", milliseconds: 0)
        parts.query.update { $0.physicalPlan = PlanText.describe(self.parts.plan, sink: self.parts.sink) }
        let (rows, outputRows) = try reporter.time("addBatch") { try addBatch(tasks) }
        try finishLog()
        try reporter.time("commitOffsets") {
            let watermark = offsets.metadata?.batchWatermarkMs ?? 0
            try parts.checkpoint.location.commitLog.add(batchId, CommitMetadata(nextBatchWatermarkMs: watermark))
        }
        hasOutputRows = outputRows != nil
        if let aggregate { lastStateOperators = [aggregate.progress] }
        publish(rows: rows, end: end, outputRows: outputRows)
        committed = end
        pending = nil
        batchId += 1
        parts.query.update { state in
            state.status.message = "Waiting for next trigger"
            state.status.isTriggerActive = false
        }
        try aggregate?.maintain()
    }

    /// Steps 4 and 5: rows read, and rows written if the sink counts them.
    private func addBatch(_ tasks: [any ScanTask]) throws -> (rows: Int64, outputRows: Int64?) {
        let mode = parts.write.outputMode
        guard let batch = try parts.sink.begin(batchId: batchId, schema: parts.plan.schema, mode: mode) else {
            // The sink has this batch from before a crash. A plan with state must still bring its state to this batch.
            guard aggregate != nil else { return (0, nil) }
            return (try compute(tasks, into: CollectedBatch { _ in nil }), nil)
        }
        do {
            let rows = try compute(tasks, into: batch)
            try finishLog()
            return (rows, try batch.commit())
        } catch {
            batch.abort()
            throw error
        }
    }

    private func compute(_ tasks: [any ScanTask], into batch: any SinkBatch) throws -> Int64 {
        if let aggregate {
            return try aggregate.run(
                tasks, executor: executor, batchId: batchId, mode: parts.write.outputMode,
                rest: ResultPipeline(steps: parts.plan.resultSteps.dropFirst()), into: batch,
                beforeCommit: { try finishLog() })
        }
        guard !parts.plan.resultSteps.isEmpty else {
            return try executor.run(tasks) { _ in SinkWriter(batch) }.rows
        }
        let (rows, collectors) = try executor.run(tasks) { _ in RowCollector() }
        let batches = collectors.flatMap(\.batches).sorted { $0.task < $1.task }.map(\.batch)
        let result = try ResultPipeline(steps: parts.plan.resultSteps[...]).apply(batches)
        for part in result { try batch.write(part, task: 0) }
        return rows
    }

    // MARK: Progress

    private func publish(rows: Int64, end: SourceOffset, outputRows: Int64?) {
        let progress = reporter.finishTrigger(
            facts(rows: rows, end: end, outputRows: outputRows, states: lastStateOperators))
        lastReport = parts.clock.nowMilliseconds
        parts.query.append(progress)
        parts.bus.post(.progress(QueryProgressEvent(progress: progress)))
    }

    /// An entry for a trigger that ran no batch, at most one an interval; from the second on it is an idle event as well.
    private func finishWithoutBatch() {
        show("Waiting for data to arrive")
        let now = parts.clock.nowMilliseconds
        let isDue = lastReport.map { now - parts.settings.noDataProgressEventIntervalMilliseconds >= $0 } ?? true
        if isDue {
            let states = lastStateOperators.map { operatorProgress in
                var idle = operatorProgress
                idle.numRowsUpdated = 0
                idle.numRowsDroppedByWatermark = 0
                return idle
            }
            let progress = reporter.finishTrigger(
                facts(rows: 0, end: committed, outputRows: hasOutputRows ? 0 : nil, states: states))
            parts.query.append(progress)
            if lastReport != nil {
                parts.bus.post(
                    .idle(
                        QueryIdleEvent(
                            id: parts.query.id, runId: parts.query.runId, timestamp: progress.timestamp)))
            }
            lastReport = now
        }
        parts.query.update { state in
            state.status.isTriggerActive = false
            state.idleTriggers += 1
        }
    }

    private func facts(
        rows: Int64, end: SourceOffset?, outputRows: Int64?, states: [StateOperatorProgress]
    ) -> ProgressReporter.Facts {
        let source = ProgressReporter.SourceFacts(
            description: parts.source.description, start: committed?.json, end: end?.json, rows: rows)
        return ProgressReporter.Facts(
            batchId: batchId, sources: [source], sinkDescription: parts.sink.description,
            outputRows: outputRows, stateOperators: states)
    }

    private func show(_ message: String) { parts.query.update { $0.status.message = message } }
}
