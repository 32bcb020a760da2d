/// The one seam between the API and what runs it: an engine in this process, or a Spark cluster.
public protocol Engine: AnyObject, Sendable {
    /// The schema of files that were given none, found by reading them.
    func inferSchema(format: String, options: [String: String], paths: [String]) async throws -> StructType
    /// The schema of a named table.
    func schema(ofTable name: String) throws -> StructType
    /// Starts a streaming query and returns it once its thread runs and every listener has seen the started event.
    func start(_ write: StreamingWrite) async throws -> any StreamingQuery
    /// Runs a plan without streaming sources to its end and returns its rows.
    func collect(_ plan: LogicalPlan) async throws -> [Row]
    /// The session's streaming queries.
    var streams: any StreamingQueryManager { get }
    /// The session's settings.
    var conf: RuntimeConfiguration { get }
    /// Stops every query and releases what the engine holds.
    func stop() async throws
}

/// What `writeStream … start()` asks an engine for.
public struct StreamingWrite: Sendable {
    /// What to compute, not yet analyzed.
    public var plan: LogicalPlan
    /// The sink's format, such as `memory`.
    public var format: String
    /// Options of the sink and the query, `checkpointLocation` and `path` among them.
    public var options: [String: String]
    /// When a result row is written.
    public var outputMode: OutputMode
    /// When the query looks for data.
    public var trigger: Trigger
    /// The query's name.
    public var queryName: String?

    /// Creates a request.
    public init(
        plan: LogicalPlan, format: String, options: [String: String] = [:], outputMode: OutputMode = .append,
        trigger: Trigger = .processingTime(.zero), queryName: String? = nil
    ) {
        self.plan = plan
        self.format = format
        self.options = options
        self.outputMode = outputMode
        self.trigger = trigger
        self.queryName = queryName
    }

    /// An option's value, whatever the case of its key.
    public func option(_ key: String) -> String? {
        let lowered = key.lowercased()
        return options[key] ?? options.first { $0.key.lowercased() == lowered }?.value
    }
}
