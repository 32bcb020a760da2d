import FoundationEssentials
import Logging
import StreamingMetrics
import StructuredStreaming
import Synchronization

/// Starts one query: checks everything that can be checked, opens the checkpoint, and runs the query on a new thread.
struct QueryStarter: Sendable {
    let engine: EmbeddedEngine
    let write: StreamingWrite

    /// The running query; every listener has seen its started event.
    func start() async throws -> any StreamingQuery {
        let analyzed = try Analyzer(tableSchema: engine.schema(ofTable:)).analyze(write.plan)
        try UnsupportedOperationChecker.check(analyzed, outputMode: write.outputMode)
        try UnsupportedOperationChecker.checkSink(format: write.format, outputMode: write.outputMode)
        let plan = try IncrementalPlanner.plan(analyzed)
        guard case .relation(let relation) = plan.scan else {
            throw AnalysisError(
                "STREAMING_SOURCE_REQUIRED", "'writeStream' can be called only on streaming Dataset/DataFrame",
                hint: "read with readStream")
        }
        if write.outputMode == .append, plan.hasLimit {
            throw EngineError(
                .unsupported,
                "a limit on a streaming query in append mode is not supported yet: it would have to count over "
                    + "all batches", hint: "leave LIMIT out, or limit an aggregation in complete mode")
        }
        try DataSourceRegistry.check(relation)
        if write.format.lowercased() == "memory", write.queryName == nil {
            throw EngineError(
                .illegalArgument, "queryName must be specified for memory sink.",
                hint: "use queryName(\"…\"); it becomes the table's name")
        }
        let settings = try engine.settings()
        try engine.registry.reserve(name: write.queryName)
        defer { engine.registry.release(name: write.queryName) }
        let query = try await open(plan, relation, settings)
        try await query.started.wait()
        return query
    }

    private func open(
        _ plan: PhysicalPlan, _ relation: DataSourceRelation, _ settings: EngineSettings
    ) async throws -> EmbeddedStreamingQuery {
        let (path, isTemporary) = try checkpointPath(settings)
        if let running = engine.registry.query(onCheckpoint: path) {
            guard settings.stopActiveRunOnRestart else {
                throw EngineError(
                    .illegalState,
                    "Cannot start query on checkpoint \(path) as another run of it is active in this session",
                    hint: "stop that run, or set spark.sql.streaming.stopActiveRunOnRestart to true")
            }
            engine.logger.warning("stopping the active run of the query on \(path): it is started again")
            try await running.stop()
        }
        let session = settings.session(engine.conf)
        return try await BlockingWork.run {
            let checkpoint = try QueryCheckpoint(
                path, isTemporary: isTemporary, session: session, files: engine.fileManager, logger: engine.logger)
            do {
                return try launch(plan, relation, settings.pinned(by: checkpoint, session: session), checkpoint)
            } catch {
                checkpoint.close()
                if isTemporary { checkpoint.delete(logger: engine.logger) }
                throw error
            }
        }
    }

    private func launch(
        _ plan: PhysicalPlan, _ relation: DataSourceRelation, _ settings: EngineSettings, _ checkpoint: QueryCheckpoint
    ) throws -> EmbeddedStreamingQuery {
        try PlanFingerprint(plan, source: try relation.fingerprint()).check(checkpoint.location)
        let sink = try DataSourceRegistry.makeSink(
            write, schema: plan.schema, fileManager: engine.fileManager, console: StandardOutput())
        if sink is MemorySink { try refuseMemoryRecovery(checkpoint) }
        let recovered = checkpoint.recovery.rerun ?? checkpoint.recovery.previous
        try recovered?.requireSources(1, path: checkpoint.path + "/offsets")
        let source = try DataSourceRegistry.makeSource(
            relation, checkpoint: checkpoint.location, settings: settings, logger: engine.logger)
        let query = EmbeddedStreamingQuery(
            id: checkpoint.id, runId: UUID(), name: write.queryName, checkpointPath: checkpoint.path, settings: settings
        )
        let execution = try MicroBatchExecution(
            .init(
                query: query, write: write, plan: plan, source: source, sink: sink, checkpoint: checkpoint,
                settings: settings, clock: engine.clock, bus: engine.registry.bus, logger: engine.logger))
        let lifecycle = QueryLifecycle(
            query: query, execution: execution, source: source, checkpoint: checkpoint, engine: engine)
        try engine.registry.add(query)
        do {
            try OSThread.start { lifecycle.run() }
        } catch {
            engine.registry.discard(query)
            throw error
        }
        if let memory = sink as? MemorySink, let name = write.queryName { engine.tables.withLock { $0[name] = memory } }
        return query
    }

    /// A memory table does not outlive the process, so only complete mode, which builds it anew, may go on from a checkpoint.
    private func refuseMemoryRecovery(_ checkpoint: QueryCheckpoint) throws {
        guard write.outputMode != .complete, checkpoint.recovery.nextBatchId > 0 || checkpoint.recovery.isRerun else {
            return
        }
        throw EngineError(
            .checkpointIncompatible,
            "This query does not support recovering from checkpoint location \(checkpoint.path): a memory table in "
                + "\(write.outputMode.rawValue) mode cannot be rebuilt from it",
            hint: "delete \(checkpoint.path)/offsets to start over, or use complete mode or another sink")
    }

    private func checkpointPath(_ settings: EngineSettings) throws -> (path: String, isTemporary: Bool) {
        if let path = write.option("checkpointLocation"), !path.isEmpty {
            return (try CheckpointPath.absolute(path), false)
        }
        if let base = settings.defaultCheckpointLocation {
            let name = write.queryName ?? RandomUUID.text()
            return (try CheckpointPath.absolute(base + "/" + name), false)
        }
        guard ["memory", "console", "noop", "result"].contains(write.format.lowercased()) else {
            throw AnalysisError(
                "CHECKPOINT_LOCATION_REQUIRED",
                "checkpointLocation must be specified either through option(\"checkpointLocation\", ...) or "
                    + "SparkSession.conf.set(\"spark.sql.streaming.checkpointLocation\", ...)",
                hint: "give a directory that is kept between runs")
        }
        let directory = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return (try CheckpointPath.absolute("\(directory)/temporary-\(RandomUUID.text())"), true)
    }
}

extension DataSourceRelation {
    /// Format and absolute paths, as they identify the source in a checkpoint.
    fileprivate func fingerprint() throws -> String {
        try ([format.lowercased()] + paths.map { "file:" + (try CheckpointPath.absolute($0)) }).joined(separator: " ")
    }
}

/// A query's life on its own thread: announce, run, and end in Spark's order.
struct QueryLifecycle: Sendable {
    let query: EmbeddedStreamingQuery
    let execution: MicroBatchExecution
    /// The source, stopped at the end. Used by the query's thread only.
    nonisolated(unsafe) let source: any StreamSource
    let checkpoint: QueryCheckpoint
    let engine: EmbeddedEngine

    /// Runs the query to its end.
    func run() {
        let bus = engine.registry.bus
        let start = ProgressTimestamp(millisecondsSinceEpoch: engine.clock.nowMilliseconds)
        bus.announce(QueryStartedEvent(id: query.id, runId: query.runId, name: query.name, timestamp: start))
        query.started.open()
        var failure: (any Error)?
        do {
            try execution.run()
        } catch is QueryInterrupted {
            // Stopped in the middle of a batch, as asked; the next start runs that batch again.
        } catch {
            failure = error
        }
        end(failure)
    }

    private func end(_ failure: (any Error)?) {
        source.stop()
        var failure = failure
        if failure == nil {
            do { try execution.settle() } catch { failure = error }
        }
        checkpoint.close()
        if failure == nil { query.finalResult.withLock { $0 = execution.resultReader() } }
        let exception = failure.map(wrapped)
        query.update { state in
            state.exception = exception
            state.phase = .terminated
            state.status.message = exception.map { "Terminated with exception: \($0.message)" } ?? "Stopped"
            state.status.isDataAvailable = false
            state.status.isTriggerActive = false
        }
        if let exception { engine.logger.error("\(exception)") }
        engine.registry.remove(query)
        engine.registry.bus.post(
            .terminated(
                QueryTerminatedEvent(
                    id: query.id, runId: query.runId, exception: exception?.message,
                    errorClassOnException: exception?.errorClass)))
        if checkpoint.isTemporary, failure == nil { checkpoint.delete(logger: engine.logger) }
        query.terminated.open()
    }

    private func wrapped(_ error: any Error) -> StreamingQueryException {
        let errorClass: String? =
            switch error {
            case let error as EngineError: error.code.rawValue
            case let error as AnalysisError: error.errorClass
            default: nil
            }
        return StreamingQueryException(
            id: query.id, runId: query.runId, errorClass: errorClass, message: "\(error)", cause: error)
    }
}
