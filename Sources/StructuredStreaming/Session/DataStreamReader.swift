/// Describes a source to read as a stream.
///
/// ```swift
/// let stream = try await spark.readStream.schema(known).option("maxFilesPerTrigger", 10).json("data/activity-data")
/// ```
public struct DataStreamReader: Sendable {
    private let session: SparkSession
    private var format: String?
    private var options = CaseInsensitiveOptions()
    private var schema: StructType?

    init(session: SparkSession) { self.session = session }

    /// The source's format, such as `json` or `rate`.
    public func format(_ name: String) -> DataStreamReader { with { $0.format = name } }

    /// The rows' schema. File sources need one, unless `spark.sql.streaming.schemaInference` is `true`.
    public func schema(_ schema: StructType) -> DataStreamReader { with { $0.schema = schema } }

    /// The rows' schema as a DDL string, such as `gt STRING, x DOUBLE`. Throws when it cannot be parsed.
    public func schema(_ ddl: String) throws(AnalysisError) -> DataStreamReader { schema(try StructType(ddl: ddl)) }

    /// One option, such as `maxFilesPerTrigger`; keys are compared without regard to case.
    public func option(_ key: String, _ value: some OptionValue) -> DataStreamReader {
        with { $0.options[key] = value.optionText }
    }

    /// Several options.
    public func options(_ options: [String: String]) -> DataStreamReader { with { $0.options.merge(options) } }

    /// JSON lines of the files of a folder, as they come. Throws `SCHEMA_NOT_SPECIFIED` when no schema was given.
    public func json(_ path: String) async throws -> DataFrame { try await format("json").load(path) }

    /// A source that needs no path, or whose option `path` names it.
    public func load() async throws -> DataFrame { try await load(path: options["path"]) }

    /// The files of a folder in the format given.
    public func load(_ path: String) async throws -> DataFrame { try await load(path: path) }

    private func load(path: String?) async throws -> DataFrame {
        let format = format ?? FileFormat.defaultName(session.conf)
        let isFile = FileFormat.names.contains(format.lowercased())
        let paths = path.map { [$0] } ?? []
        let options = options.without("path")
        if isFile, paths.isEmpty {
            throw AnalysisError("PATH_NOT_SPECIFIED", "The \(format) source needs a folder: 'path' is not specified.")
        }
        let known: StructType
        if let schema {
            known = schema
        } else {
            if isFile, session.conf.get("spark.sql.streaming.schemaInference")?.lowercased() != "true" {
                throw Self.noSchema
            }
            known = try await session.engine.inferSchema(format: format, options: options, paths: paths)
        }
        let relation = DataSourceRelation(
            format: format, options: options, paths: paths, schema: known, isStreaming: true)
        let frame = DataFrame(session: session, plan: .relation(relation))
        _ = try frame.analyzed()
        return frame
    }

    private static let noSchema = AnalysisError(
        "SCHEMA_NOT_SPECIFIED",
        "Schema must be specified when creating a streaming source DataFrame. If some files already exist in the directory, "
            + "then depending on the file format you may be able to create a static DataFrame on that directory with "
            + "'spark.read.load(directory)' and infer schema from it.",
        hint: "give .schema(…), or set spark.sql.streaming.schemaInference to true")

    private func with(_ change: (inout DataStreamReader) -> Void) -> DataStreamReader {
        var copy = self
        change(&copy)
        return copy
    }
}
