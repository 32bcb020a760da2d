/// Describes where a stream's result goes, and starts the query.
///
/// ```swift
/// let query = try await counts.writeStream.outputMode(.complete).queryName("counts").format("memory").start()
/// ```
public struct DataStreamWriter: Sendable {
    private let frame: DataFrame
    private var format: String?
    private var options = CaseInsensitiveOptions()
    private var mode = OutputMode.append
    private var trigger = Trigger.processingTime(.zero)
    private var name: String?

    init(frame: DataFrame) { self.frame = frame }

    /// Which rows a trigger writes; `append` unless said otherwise.
    public func outputMode(_ mode: OutputMode) -> DataStreamWriter { with { $0.mode = mode } }

    /// The sink, such as `memory`, `console`, `noop` or `json`.
    public func format(_ name: String) -> DataStreamWriter { with { $0.format = name } }

    /// One option, such as `checkpointLocation`; keys are compared without regard to case.
    public func option(_ key: String, _ value: some OptionValue) -> DataStreamWriter {
        with { $0.options[key] = value.optionText }
    }

    /// Several options.
    public func options(_ options: [String: String]) -> DataStreamWriter { with { $0.options.merge(options) } }

    /// The query's name; a memory sink's table has it too.
    public func queryName(_ name: String) -> DataStreamWriter { with { $0.name = name } }

    /// When the query looks for data; as soon as the last batch is done unless said otherwise.
    public func trigger(_ trigger: Trigger) -> DataStreamWriter { with { $0.trigger = trigger } }

    /// Starts the query writing to a path.
    public func start(_ path: String) async throws -> any StreamingQuery { try await option("path", path).start() }

    /// Starts the query. Throws ``AnalysisError`` when the plan, the mode or the sink do not go together, and what the engine
    /// throws when it cannot start.
    public func start() async throws -> any StreamingQuery {
        let write = StreamingWrite(
            plan: frame.plan, format: format ?? FileFormat.defaultName(frame.session.conf), options: options.values,
            outputMode: mode, trigger: trigger, queryName: name)
        let analyzed = try frame.analyzed()
        try UnsupportedOperationChecker.check(analyzed, outputMode: mode)
        try UnsupportedOperationChecker.checkSink(write)
        return try await frame.session.engine.start(write)
    }

    private func with(_ change: (inout DataStreamWriter) -> Void) -> DataStreamWriter {
        var copy = self
        change(&copy)
        return copy
    }
}

extension UnsupportedOperationChecker {
    /// Checks that a sink has what it needs and can take what the mode gives it.
    public static func checkSink(_ write: StreamingWrite) throws(AnalysisError) {
        try checkSink(format: write.format, outputMode: write.outputMode)
        let format = write.format.lowercased()
        if format == "memory", write.queryName?.isEmpty ?? true {
            throw AnalysisError("QUERY_NAME_NOT_SPECIFIED", "queryName must be specified for memory sink.")
        }
        if FileFormat.names.contains(format), write.option("path")?.isEmpty ?? true {
            throw AnalysisError(
                "PATH_NOT_SPECIFIED", "The \(write.format) sink needs a folder: 'path' is not specified.",
                hint: "give it to start(_:)")
        }
    }
}
