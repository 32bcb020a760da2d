import Synchronization

/// The way in: readers, tables, SQL, the streaming queries and the settings of one engine.
///
/// ```swift
/// let spark = try SparkSession.embedded()   // with EmbeddedEngine
/// try await spark.read.json("data/activity-data").groupBy("gt").count().show()
/// ```
public final class SparkSession: Sendable {
    /// What runs the session's queries.
    public let engine: any Engine
    private let views = Mutex<[String: LogicalPlan]>([:])

    /// A session over an engine.
    public init(engine: any Engine) { self.engine = engine }

    /// StreamGauge's version.
    public var version: String { "0.1.0" }

    /// Reads files that are there now.
    public var read: DataFrameReader { DataFrameReader(session: self) }

    /// Reads a source as a stream.
    public var readStream: DataStreamReader { DataStreamReader(session: self) }

    /// The streaming queries and listeners.
    public var streams: any StreamingQueryManager { engine.streams }

    /// The settings.
    public var conf: RuntimeConfiguration { engine.conf }

    /// Stops every query and releases what the engine holds.
    public func stop() async throws { try await engine.stop() }

    /// A temporary view or a table by its name, such as a memory sink's query name. Throws `TABLE_OR_VIEW_NOT_FOUND`.
    public func table(_ name: String) throws(AnalysisError) -> DataFrame {
        let frame = DataFrame(session: self, plan: plan(ofTable: name))
        _ = try frame.analyzed()
        return frame
    }

    /// The result of a `SELECT` statement over tables and temporary views. Throws when it cannot be parsed or analyzed.
    public func sql(_ statement: String) throws(AnalysisError) -> DataFrame {
        let plan = try LogicalPlan(sql: statement) { name throws(AnalysisError) in self.plan(ofTable: name) }
        let frame = DataFrame(session: self, plan: plan)
        _ = try frame.analyzed()
        return frame
    }

    /// Rows given in the program. Throws when a row has not one value a column.
    public func createDataFrame(_ rows: [[Value]], schema: StructType) throws(AnalysisError) -> DataFrame {
        if let index = rows.firstIndex(where: { $0.count != schema.fields.count }) {
            throw AnalysisError(
                "AXIS_LENGTH_MISMATCH",
                "Row \(index) has \(rows[index].count) values, the schema has \(schema.fields.count) columns.")
        }
        return DataFrame(session: self, plan: .local(schema, rows))
    }

    /// An analyzer that knows the engine's tables.
    var analyzer: Analyzer {
        Analyzer { [engine] name in try engine.schema(ofTable: name) }
    }

    /// Registers a plan under a name, in place of an older one.
    func setView(_ name: String, _ plan: LogicalPlan) { views.withLock { $0[name.lowercased()] = plan } }

    private func plan(ofTable name: String) -> LogicalPlan {
        views.withLock { $0[name.lowercased()] } ?? .table(name)
    }
}
