import StructuredStreaming

/// The options of a file source, checked.
struct FileStreamOptions: Sendable {
    var maxFilesPerTrigger: Int?
    var maxBytesPerTrigger: Int64?
    var latestFirst = false
    var maxFileAgeMilliseconds: Int64 = 7 * 86_400_000
    var fileNameOnly = false
    var cleanSource = CleanSource.off
    var maxCachedFiles = 10_000
    var discardCachedInputRatio = 0.2

    /// What happens to a file when its batch is durable.
    enum CleanSource: Sendable, Hashable {
        case off
        case delete
        /// Moved below this directory, under its whole path.
        case archive(String)
    }

    /// Reads the options of a relation.
    init(_ relation: DataSourceRelation) throws {
        maxFilesPerTrigger = try Self.positive(relation, "maxFilesPerTrigger").map(Int.init)
        maxBytesPerTrigger = try Self.positive(relation, "maxBytesPerTrigger")
        if maxFilesPerTrigger != nil, maxBytesPerTrigger != nil {
            throw EngineError(
                .illegalArgument, "the file source has both maxFilesPerTrigger and maxBytesPerTrigger",
                hint: "give one of them")
        }
        latestFirst = try Self.flag(relation, "latestFirst") ?? false
        fileNameOnly = try Self.flag(relation, "fileNameOnly") ?? false
        if let text = relation.option("maxFileAge") {
            guard let age = EngineSettings.milliseconds(text) else {
                throw Self.invalid("maxFileAge", text, "a duration such as 7d or 12h")
            }
            maxFileAgeMilliseconds = age
        }
        if let value = try Self.positive(relation, "maxCachedFiles", orZero: true) { maxCachedFiles = Int(value) }
        if let text = relation.option("discardCachedInputRatio") {
            guard let ratio = Double(text), (0...1).contains(ratio) else {
                throw Self.invalid("discardCachedInputRatio", text, "a number from 0 to 1")
            }
            discardCachedInputRatio = ratio
        }
        cleanSource = try Self.cleanSource(relation)
        for name in ["modifiedBefore", "modifiedAfter"] where relation.option(name) != nil {
            throw EngineError(
                .illegalArgument, "option '\(name)' is not allowed in file stream sources", hint: "remove it")
        }
    }

    private static func cleanSource(_ relation: DataSourceRelation) throws -> CleanSource {
        guard let text = relation.option("cleanSource") else { return .off }
        switch text.lowercased() {
        case "off": return .off
        case "delete": return .delete
        case "archive":
            guard let directory = relation.option("sourceArchiveDir"), !directory.isEmpty else {
                throw EngineError(
                    .illegalArgument, "cleanSource is 'archive', but sourceArchiveDir is not given",
                    hint: "set option sourceArchiveDir to a directory outside the source")
            }
            let archive = try CheckpointPath.absolute(directory)
            for path in relation.paths where (archive + "/").hasPrefix(try CheckpointPath.absolute(path) + "/") {
                throw EngineError(
                    .illegalArgument, "sourceArchiveDir \(archive) lies inside the source \(path)",
                    hint: "choose a directory that the source does not read")
            }
            return .archive(archive)
        default: throw invalid("cleanSource", text, "off, delete or archive")
        }
    }

    private static func positive(
        _ relation: DataSourceRelation, _ name: String, orZero: Bool = false
    ) throws(EngineError) -> Int64? {
        guard let text = relation.option(name) else { return nil }
        guard let value = Int64(text), value > 0 || (orZero && value == 0) else {
            throw invalid(name, text, "a positive integer")
        }
        return value
    }

    fileprivate static func flag(_ relation: DataSourceRelation, _ name: String) throws(EngineError) -> Bool? {
        guard let text = relation.option(name) else { return nil }
        guard let value = Bool(text.lowercased()) else { throw invalid(name, text, "true or false") }
        return value
    }

    private static func invalid(_ name: String, _ text: String, _ wanted: String) -> EngineError {
        EngineError(.illegalArgument, "Invalid value '\(text)' for option '\(name)', must be \(wanted)")
    }
}

extension FileListing {
    /// The listing that a relation asks for; a file source has one path.
    init(_ relation: DataSourceRelation) throws {
        guard let path = relation.paths.first ?? relation.option("path"), relation.paths.count <= 1 else {
            throw EngineError(
                .illegalArgument, "a file stream source reads one path, but \(relation.paths.count) were given",
                hint: "use one directory or a pattern such as data/{a,b}")
        }
        self.init(path: try CheckpointPath.absolute(path))
        isRecursive = try FileStreamOptions.flag(relation, "recursiveFileLookup") ?? false
        nameFilter = relation.option("pathGlobFilter")
    }
}
