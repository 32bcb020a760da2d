import Logging
import StreamingMetrics
import StructuredStreaming

/// New files of a directory as a stream: each file is read once, known by its path, oldest first.
///
/// An offset is a number of the source's own log, `{"logOffset":N}`; entry `N` of the log lists the files of that offset. The log is
/// written when the batch is planned, before the offset log.
///
/// Used by the query's thread only.
final class FileStreamSource: StreamSource {
    let description: String
    private let listing: FileListing
    private let options: FileStreamOptions
    private let format: JSONOptions
    private let log: FileStreamSourceLog
    private let cleaner: SourceFileCleaner
    /// The newest offset whose files were cleaned in this run.
    private var cleanedThrough: Int64?
    private var seen: SeenFiles
    /// New files of the last listing that no batch has taken yet.
    private var leftover: [ListedFile] = []
    /// All that an available-now run will read and has not taken yet; nil for other triggers.
    private var fixed: [ListedFile]?

    init(_ relation: DataSourceRelation, log: FileStreamSourceLog, logger: Logger) throws {
        listing = try FileListing(relation)
        options = try FileStreamOptions(relation)
        format = try JSONOptions(relation.options)
        description = "FileStreamSource[file:\(listing.path)]"
        self.log = log
        cleaner = SourceFileCleaner(options.cleanSource, logger: logger)
        seen = SeenFiles(
            maxAgeMilliseconds: options.latestFirst && options.hasLimit ? .max / 4 : options.maxFileAgeMilliseconds,
            fileNameOnly: options.fileNameOnly)
        for entry in try log.allEntries() {
            seen.add(try FileURI.path(of: entry.path), modifiedMilliseconds: entry.timestamp)
        }
        seen.purge()
    }

    func prepareForAvailableNow() throws { fixed = try newFiles() }

    func latestOffset(after start: SourceOffset?, limit: ReadLimit) throws -> SourceOffset? {
        if let start {
            let committed = try Self.logOffset(start)
            guard committed <= log.latest ?? -1 else {
                throw EngineError(
                    .checkpointCorrupt,
                    "the checkpoint says that files up to log offset \(committed) are read, but the newest in "
                        + "\(log.directory) is \(log.latest.map(String.init) ?? "none")",
                    hint: "restore \(log.directory)/\(committed) from a copy, or start over with a new checkpoint")
            }
        }
        // A crash after the last planning left files logged that no batch has read: they are the next batch, so that it stays
        // within the limit. (Spark adds new files to them.)
        if limit == .sourceOptions, let logged = log.latest, try start.map(Self.logOffset) ?? -1 < logged {
            return Self.offset(logged)
        }
        let batch = limited(try candidates(), limit)
        if batch.isEmpty { return log.latest.map(Self.offset) }
        let id = log.latest.map { $0 + 1 } ?? 0
        try log.add(
            id,
            batch.map {
                FileEntry(path: FileURI.uri(of: $0.path), timestamp: $0.modifiedMilliseconds, batchId: id)
            })
        for file in batch { seen.add(file.path, modifiedMilliseconds: file.modifiedMilliseconds) }
        seen.purge()
        return Self.offset(id)
    }

    func tasks(from start: SourceOffset?, to end: SourceOffset) throws -> [any ScanTask] {
        try log.entries(after: try start.map(Self.logOffset), through: try Self.logOffset(end)).flatMap { entry in
            let path = try FileURI.path(of: entry.path)
            return FileScanTask.tasks(path: path, size: try size(of: path), options: format)
        }
    }

    func commit(_ end: SourceOffset) throws {
        guard options.cleanSource != .off else { return }
        let offset = try Self.logOffset(end)
        // A batch may span several offsets of the log, and one that ran again after a crash was not cleaned before.
        let first = max(cleanedThrough ?? max(offset - 1, -1), -1)
        cleaner.clean(
            try log.entries(after: first < 0 ? nil : first, through: offset).map { try FileURI.path(of: $0.path) })
        cleanedThrough = offset
    }

    func stop() { cleaner.finish() }

    // MARK: Choosing files

    /// New files: the fixed ones of an available-now run, what the last listing left over, or those of a new listing.
    private func candidates() throws -> [ListedFile] {
        if let fixed { return fixed }
        if !leftover.isEmpty { return leftover }
        return try newFiles()
    }

    private func newFiles() throws -> [ListedFile] {
        let new = try listing.files().filter { seen.isNew($0.path, modifiedMilliseconds: $0.modifiedMilliseconds) }
        return options.latestFirst ? new.reversed() : new
    }

    /// The files of the next batch; keeps the rest for the batch after it.
    private func limited(_ files: [ListedFile], _ limit: ReadLimit) -> [ListedFile] {
        let count = limit == .all ? files.count : countWithinLimits(files)
        let rest = Array(files[count...])
        if fixed != nil {
            fixed = rest
        } else {
            let limitFiles = Double(options.maxFilesPerTrigger ?? 0)
            let isEnough = Double(rest.count) >= options.discardCachedInputRatio * limitFiles
            leftover = options.hasLimit && isEnough ? Array(rest.prefix(options.maxCachedFiles)) : []
        }
        return Array(files[..<count])
    }

    private func countWithinLimits(_ files: [ListedFile]) -> Int {
        if let most = options.maxFilesPerTrigger { return min(most, files.count) }
        guard let most = options.maxBytesPerTrigger else { return files.count }
        var bytes: Int64 = 0
        var count = 0
        for file in files {
            // At least one file, however large.
            if count > 0, bytes + file.size > most { break }
            bytes += file.size
            count += 1
        }
        return count
    }

    private func size(of path: String) throws -> Int64 {
        guard let size = ListedFile.size(of: path) else {
            throw EngineError(
                .pathNotFound, "the input file \(path), which the batch must read, is gone",
                hint: "put the file back; without it the result would silently miss its rows")
        }
        return size
    }

    // MARK: Offsets

    private static func offset(_ id: Int64) -> SourceOffset { SourceOffset(json: "{\"logOffset\":\(id)}") }

    private static func logOffset(_ offset: SourceOffset) throws -> Int64 {
        guard let id = try JSONValue(parsing: offset.json)["logOffset"]?.int64, id >= 0 else {
            throw EngineError(
                .checkpointIncompatible, "the checkpoint's offset '\(offset.json)' is not one of a file source",
                hint: "the query read another kind of source before; use a new checkpoint for a new source")
        }
        return id
    }
}

extension FileStreamOptions {
    /// Whether a batch is limited.
    var hasLimit: Bool { maxFilesPerTrigger != nil || maxBytesPerTrigger != nil }
}
