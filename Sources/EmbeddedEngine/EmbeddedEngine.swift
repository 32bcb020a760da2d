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
    private let isStopped = Atomic<Bool>(false)

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
        return try DataSourceRegistry.inferSchema(relation, parallelism: settings().parallelism)
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
        let tasks = try batchTasks(physical)
        let executor = BatchExecutor(plan: physical, parallelism: try settings().parallelism) { Task.isCancelled }
        let (_, collectors) = try executor.run(tasks) { _ in RowCollector() }
        let batches = collectors.flatMap(\.batches).sorted { $0.task < $1.task }.map(\.batch)
        let result = try ResultPipeline(steps: physical.resultSteps[...]).apply(batches)
        return result.flatMap { batch in
            (0..<batch.rowCount).map { Row(schema: physical.schema, values: batch.row($0)) }
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
        guard !isStopped.load(ordering: .acquiring) else {
            throw EngineError(.illegalState, "the session is stopped", hint: "make a new one to start queries")
        }
        return try await QueryStarter(engine: self, write: write).start()
    }

    /// The whole result of an aggregation that has ended without failing, whatever its output mode: one row a group, as complete
    /// mode would write it now. nil for a query without an aggregation, whose rows are not kept.
    ///
    /// - Throws: ``EngineError/Code/illegalState`` for a query that runs, has failed, or is not one of this engine.
    public func result(of query: any StreamingQuery) throws -> [Row]? {
        guard let query = query as? EmbeddedStreamingQuery, let read = query.finalResult.withLock({ $0 }) else {
            throw EngineError(
                .illegalState, "the result of query \(query.name ?? query.id.uuidString.lowercased()) cannot be read",
                hint: "wait for the end of the query; one that failed has none")
        }
        return try read()?.flatMap { batch in
            (0..<batch.rowCount).map { Row(schema: batch.schema, values: batch.row($0)) }
        }
    }

    /// Stops every query, delivers what listeners have not seen yet and ends.
    public func stop() async throws {
        isStopped.store(true, ordering: .releasing)
        for query in registry.active { try await query.stop() }
        registry.bus.close()
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
