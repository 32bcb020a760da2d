/// Describes files to read once.
///
/// ```swift
/// let frame = try await spark.read.json("data/activity-data")   // schema inferred from the files
/// ```
public struct DataFrameReader: Sendable {
    private let session: SparkSession
    private var format: String?
    private var options = CaseInsensitiveOptions()
    private var schema: StructType?

    init(session: SparkSession) { self.session = session }

    /// The files' format, such as `json`.
    public func format(_ name: String) -> DataFrameReader { with { $0.format = name } }

    /// The rows' schema; without it the files are read once to infer it.
    public func schema(_ schema: StructType) -> DataFrameReader { with { $0.schema = schema } }

    /// The rows' schema as a DDL string, such as `gt STRING, x DOUBLE`. Throws when it cannot be parsed.
    public func schema(_ ddl: String) throws(AnalysisError) -> DataFrameReader { schema(try StructType(ddl: ddl)) }

    /// One option; keys are compared without regard to case.
    public func option(_ key: String, _ value: some OptionValue) -> DataFrameReader {
        with { $0.options[key] = value.optionText }
    }

    /// Several options.
    public func options(_ options: [String: String]) -> DataFrameReader { with { $0.options.merge(options) } }

    /// JSON lines of files or folders.
    public func json(_ paths: String...) async throws -> DataFrame { try await format("json").load(paths) }

    /// Files or folders in the format given. Throws what is wrong with the files.
    public func load(_ paths: String...) async throws -> DataFrame { try await load(paths) }

    private func load(_ paths: [String]) async throws -> DataFrame {
        let format = format ?? FileFormat.defaultName(session.conf)
        let paths = paths.isEmpty ? options["path"].map { [$0] } ?? [] : paths
        let options = options.without("path")
        let known: StructType
        if let schema {
            known = schema
        } else {
            known = try await session.engine.inferSchema(format: format, options: options, paths: paths)
        }
        let relation = DataSourceRelation(
            format: format, options: options, paths: paths, schema: known, isStreaming: false)
        let frame = DataFrame(session: session, plan: .relation(relation))
        _ = try frame.analyzed()
        return frame
    }

    private func with(_ change: (inout DataFrameReader) -> Void) -> DataFrameReader {
        var copy = self
        change(&copy)
        return copy
    }
}
