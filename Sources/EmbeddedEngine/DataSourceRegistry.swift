import Logging
import StructuredStreaming

/// Which formats the engine reads and writes: the one list to add a source or sink to.
enum DataSourceRegistry {
    /// Makes source 0 of a query, whose log lies in the checkpoint.
    static func makeSource(
        _ relation: DataSourceRelation, checkpoint: CheckpointLocation, settings: EngineSettings, logger: Logger
    ) throws -> any StreamSource {
        switch relation.format.lowercased() {
        case "json":
            let log = try FileStreamSourceLog(
                directory: checkpoint.sourceDirectory(0), files: checkpoint.files,
                settings: CompactionSettings(minBatchesToRetain: Int64(settings.minBatchesToRetain)))
            return try FileStreamSource(relation, log: log, logger: logger)
        default: throw unknown(relation.format, "read", known: "json")
        }
    }

    /// Checks a relation before anything is made for it: its format, its options and its path.
    static func check(_ relation: DataSourceRelation) throws {
        guard relation.format.lowercased() == "json" else { throw unknown(relation.format, "read", known: "json") }
        _ = try JSONOptions(relation.options)
        if relation.isStreaming { _ = try FileStreamOptions(relation) }
        for path in relation.paths { try FileListing(path: try CheckpointPath.absolute(path)).checkExists() }
    }

    /// The pieces of a relation that is read once.
    static func batchTasks(_ relation: DataSourceRelation) throws -> [any ScanTask] {
        try check(relation)
        let options = try JSONOptions(relation.options)
        return try files(relation).flatMap { FileScanTask.tasks(path: $0.path, size: $0.size, options: options) }
    }

    /// The schema that a relation's files have.
    static func inferSchema(_ relation: DataSourceRelation) throws -> StructType {
        try check(relation)
        let paths = try files(relation).map(\.path)
        return try JSONSchemaInference.infer(paths, options: JSONOptions(relation.options))
    }

    private static func files(_ relation: DataSourceRelation) throws -> [ListedFile] {
        try relation.paths.flatMap { path in
            var single = relation
            single.paths = [path]
            return try FileListing(single).files()
        }
    }

    private static func unknown(_ format: String, _ verb: String, known: String) -> AnalysisError {
        AnalysisError(
            "DATA_SOURCE_NOT_FOUND", "the embedded engine cannot \(verb) the format '\(format)'",
            hint: "it knows: \(known)")
    }

    /// Makes the sink of a query; `schema` is that of its rows.
    static func makeSink(
        _ write: StreamingWrite, schema: StructType, fileManager: any CheckpointFileManager, console: any ConsoleOutput
    ) throws -> any StreamSink {
        switch write.format.lowercased() {
        case "memory": return MemorySink(schema: schema)
        case "noop": return NoopSink()
        case "console": return try ConsoleSink(write, output: console)
        case "json":
            guard let path = write.option("path") else {
                throw EngineError(
                    .illegalArgument, "the json sink has no path",
                    hint: "use start(…) with a path or option(\"path\", …)")
            }
            return try FileStreamSink(path: try CheckpointPath.absolute(path), write: write, fileManager: fileManager)
        default: throw unknown(write.format, "write", known: "memory, console, noop, json")
        }
    }
}
