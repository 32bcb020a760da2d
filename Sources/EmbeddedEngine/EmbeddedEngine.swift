import FoundationEssentials
import Glibc
public import Logging
import StreamingMetrics
public import StructuredStreaming
import Synchronization

/// Structured Streaming in this process: every query runs on a thread of its own, over columns, with Spark's checkpoint on
/// the local file system.
public final class EmbeddedEngine: Engine {
    /// The session's settings; see ``EngineSettings`` for those that the engine follows.
    public let conf: RuntimeConfiguration
    let registry: QueryRegistry
    let clock: any StreamClock
    let fileManager: any CheckpointFileManager
    let logger: Logger
    let tables = Mutex<[String: MemorySink]>([:])

    /// Creates an engine.
    ///
    /// - Parameters:
    ///   - configuration: settings by Spark's names, such as `spark.sql.shuffle.partitions`.
    ///   - logger: where the engine says what its users should know; quiet in normal operation.
    public convenience init(
        configuration: [String: String] = [:], logger: Logger = Logger(label: "streamgauge.engine")
    ) {
        self.init(configuration: configuration, logger: logger, clock: SystemClock(), fileManager: LocalFileManager())
    }

    /// The same with another clock and another file system, for tests.
    package init(
        configuration: [String: String], logger: Logger, clock: any StreamClock, fileManager: any CheckpointFileManager
    ) {
        conf = RuntimeConfiguration(configuration)
        registry = QueryRegistry(logger: logger)
        self.clock = clock
        self.fileManager = fileManager
        self.logger = logger
    }

    /// The session's streaming queries.
    public var streams: any StreamingQueryManager { registry }

    /// Reads files to find their schema.
    public func inferSchema(format: String, options: [String: String], paths: [String]) async throws -> StructType {
        let relation = DataSourceRelation(
            format: format, options: options, paths: paths, schema: StructType([]), isStreaming: false)
        return try await BlockingWork.run { try DataSourceRegistry.inferSchema(relation) }
    }

    /// The columns of a memory sink's table.
    public func schema(ofTable name: String) throws -> StructType {
        guard let table = tables.withLock({ $0[name] }) else {
            throw AnalysisError(
                "TABLE_OR_VIEW_NOT_FOUND", "The table or view `\(name)` cannot be found",
                hint: "a query with format(\"memory\") makes a table of its name when it starts")
        }
        return table.schema
    }

    /// Runs a plan without streaming sources and returns its rows.
    public func collect(_ plan: LogicalPlan) async throws -> [Row] {
        let analyzed = try Analyzer(tableSchema: schema(ofTable:)).analyze(plan)
        try UnsupportedOperationChecker.checkBatch(analyzed)
        let physical = try IncrementalPlanner.plan(analyzed)
        let parallelism = try settings().parallelism
        let isCancelled = CancelFlag()
        return try await withTaskCancellationHandler {
            do {
                return try await BlockingWork.run { [self] in
                    try collect(physical, parallelism) { isCancelled.isSet }
                }
            } catch is QueryInterrupted {
                throw CancellationError()
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    private func collect(
        _ plan: PhysicalPlan, _ parallelism: Int, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws -> [Row] {
        let executor = BatchExecutor(plan: plan, parallelism: parallelism, isCancelled: isCancelled)
        let (_, collectors) = try executor.run(try batchTasks(plan)) { _ in RowCollector() }
        let batches = collectors.flatMap(\.batches).sorted { $0.task < $1.task }.map(\.batch)
        let result = try ResultPipeline(steps: plan.resultSteps[...]).apply(batches)
        return result.flatMap { batch in
            (0..<batch.rowCount).map { Row(schema: plan.schema, values: batch.row($0)) }
        }
    }

    private func batchTasks(_ plan: PhysicalPlan) throws -> [any ScanTask] {
        switch plan.scan {
        case .relation(let relation): return try DataSourceRegistry.batchTasks(relation)
        case .local(let schema, let rows): return [LocalScanTask(batches: [ColumnBatch(schema: schema, rows: rows)])]
        case .table(let name):
            let table = tables.withLock { $0[name] }
            return [LocalScanTask(batches: table?.batches ?? [])]
        }
    }

    /// Starts a streaming query. What can be known to be wrong before it runs is thrown here: an unknown column, an unsupported
    /// output mode, a missing path, a damaged checkpoint or one that is in use.
    public func start(_ write: StreamingWrite) async throws -> any StreamingQuery {
        return try await QueryStarter(engine: self, write: write).start()
    }

    /// The whole result of an aggregation that has ended without failing, whatever its output mode: one row a group, as complete
    /// mode would write it now. nil for a query without an aggregation, whose rows are not kept.
    ///
    /// - Throws: ``EngineError/Code/illegalState`` for a query that runs, has failed, or is not one of this engine.
    public func result(of query: any StreamingQuery) throws -> [Row]? {
        try finalResult(of: query)?.flatMap { batch in
            (0..<batch.rowCount).map { Row(schema: batch.schema, values: batch.row($0)) }
        }
    }

    /// Writes the result that ``result(of:)`` gives into a file of JSON lines, which is there wholly or not at all.
    ///
    /// - Throws: what ``result(of:)`` throws, ``EngineError/Code/unsupported`` for a query without an aggregation, and what
    ///   writing the file throws.
    public func writeResult(of query: any StreamingQuery, to path: String) throws {
        guard let batches = try finalResult(of: query) else {
            throw EngineError(
                .unsupported, "cannot write the result of a query without an aggregation to \(path)",
                hint: "write its rows with the json sink")
        }
        var bytes: [UInt8] = []
        for batch in batches { JSONLinesWriter().append(batch, to: &bytes) }
        let file = try CheckpointPath.absolute(path)
        try fileManager.createDirectories(CheckpointPath.directory(of: file))
        try fileManager.createAtomic(file, bytes, .overwrite)
    }

    private func finalResult(of query: any StreamingQuery) throws -> [ColumnBatch]? {
        guard let embedded = query as? EmbeddedStreamingQuery else {
            throw EngineError(.illegalState, "the query is not one of this engine")
        }
        return try embedded.finalResult.withLock { read in
            guard let read else {
                throw EngineError(
                    .illegalState,
                    "the result of query \(query.name ?? query.id.uuidString.lowercased()) cannot be read",
                    hint: "wait for the end of the query; one that failed has none")
            }
            return try read()
        }
    }

    /// Stops every query, delivers what listeners have not seen yet and ends.
    public func stop() async throws {
        var failure: (any Error)?
        for query in registry.close() {
            do {
                try await query.stop()
            } catch {
                failure = failure ?? error
            }
        }
        let bus = registry.bus
        try await BlockingWork.run { bus.close() }
        if let failure { throw failure }
    }

    /// The settings as they are now.
    func settings() throws(EngineError) -> EngineSettings {
        try EngineSettings(conf, cores: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
}

extension SparkSession {
    /// A session whose queries run in this process.
    ///
    /// - Parameters:
    ///   - configuration: settings by Spark's names, such as `spark.sql.shuffle.partitions`.
    ///   - logger: where the engine says what its users should know.
    /// - Throws: ``EngineError`` when a setting has a value it cannot have.
    public static func embedded(
        configuration: [String: String] = [:], logger: Logger = Logger(label: "streamgauge.engine")
    ) throws -> SparkSession {
        let engine = EmbeddedEngine(configuration: configuration, logger: logger)
        _ = try engine.settings()
        return SparkSession(engine: engine)
    }
}
