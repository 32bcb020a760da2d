/// A table that is yet to be computed: a plan and the session it belongs to.
///
/// Methods that build on a frame do not throw. A frame that cannot be analyzed (an unknown column, types that do not fit)
/// keeps its first error: ``error`` shows it, ``schema`` is then empty, and every action throws it.
public struct DataFrame: Sendable {
    /// The session it belongs to.
    public let session: SparkSession
    /// What it computes, as written.
    public let plan: LogicalPlan
    private let analysis: Result<LogicalPlan, AnalysisError>

    /// A frame of a plan, analyzed at once.
    init(session: SparkSession, plan: LogicalPlan) {
        self.session = session
        self.plan = plan
        analysis = Result { () throws(AnalysisError) in try session.analyzer.analyze(plan) }
    }

    private init(session: SparkSession, plan: LogicalPlan, error: AnalysisError) {
        self.session = session
        self.plan = plan
        analysis = .failure(error)
    }

    /// A frame built on this one; the error of this one, or of the making, is kept.
    func derived(_ build: () throws(AnalysisError) -> LogicalPlan) -> DataFrame {
        if error != nil { return self }
        do {
            return DataFrame(session: session, plan: try build())
        } catch {
            return DataFrame(session: session, plan: plan, error: error)
        }
    }

    // MARK: What it is

    /// The analyzed plan. Throws the frame's error.
    public func analyzed() throws(AnalysisError) -> LogicalPlan { try analysis.get() }

    /// Why the frame cannot be computed; nil when it can be analyzed.
    public var error: AnalysisError? {
        if case .failure(let error) = analysis { return error }
        return nil
    }

    /// The columns; empty when the frame has an ``error``.
    public var schema: StructType {
        if case .success(let plan) = analysis { return plan.schema }
        return StructType([])
    }

    /// The columns' names in order.
    public var columns: [String] { schema.names }

    /// Whether a source is a stream, so that the frame is run by `writeStream` only.
    public var isStreaming: Bool { plan.isStreaming }

    /// Writes the result of the stream. Anything wrong is thrown by its `start()`.
    public var writeStream: DataStreamWriter { DataStreamWriter(frame: self) }

    /// Registers the frame under a name for ``SparkSession/sql(_:)`` and ``SparkSession/table(_:)``. Throws the frame's error.
    public func createOrReplaceTempView(_ name: String) throws(AnalysisError) {
        _ = try analyzed()
        session.setView(name, plan)
    }
}
