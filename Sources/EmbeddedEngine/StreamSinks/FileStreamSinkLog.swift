import StreamingMetrics

/// One file that a file sink has finished.
struct SinkFileStatus: Sendable, Hashable {
    /// Its URI, percent-encoded.
    var path: String
    /// Length in bytes; 0 is normal.
    var size: Int64
    /// Always false for the files of a sink.
    var isDirectory = false
    /// Milliseconds since 1970.
    var modificationTime: Int64
    /// What Hadoop reports on the local file system.
    var blockReplication: Int64 = 1
    /// What Hadoop reports on the local file system.
    var blockSize: Int64 = 33_554_432
    /// `add`; old logs also have `delete`.
    var action = "add"
}

/// The finished files of a file sink by batch: `_spark_metadata/N` and `N.compact` in the output folder. Readers of the
/// output list files only through it, so a batch's files appear at once and a repeated batch is recognised.
///
///     v1
///     {"path":"file:///srv/out/part-00000-….json","size":103,"isDir":false,"modificationTime":…,"action":"add",…}
final class FileStreamSinkLog: Sendable {
    /// The log's folder in the output folder.
    static let directoryName = "_spark_metadata"

    private let log: CompactibleFileStreamLog
    /// Gives the oldest modification time that stays listed, milliseconds since 1970; nil: every file stays.
    private let oldestRetainedMs: (@Sendable () -> Int64)?

    /// Opens the log of an output folder.
    init(
        outputDirectory: String, files: any CheckpointFileManager, settings: CompactionSettings = CompactionSettings(),
        oldestRetainedMs: (@Sendable () -> Int64)? = nil
    ) throws {
        log = try CompactibleFileStreamLog(
            directory: outputDirectory + "/" + FileStreamSinkLog.directoryName, files: files, settings: settings)
        self.oldestRetainedMs = oldestRetainedMs
    }

    /// The newest batch whose files are listed; a batch up to it must not be written again.
    var latest: Int64? { log.latest }

    /// Lists a batch's files; from now on readers see them.
    func add(_ batchId: Int64, _ statuses: [SinkFileStatus]) throws {
        guard let oldestRetainedMs else { return try log.add(batchId, statuses.map(\.jsonText)) }
        let oldest = oldestRetainedMs()
        try log.add(batchId, statuses.map(\.jsonText)) { lines in
            try lines.filter { line in
                let time = try JSONValue(parsing: String(line))["modificationTime"]?.int64
                return (time ?? .max) >= oldest
            }
        }
    }

    /// Every listed file, oldest first.
    func allFiles() throws -> [SinkFileStatus] {
        let statuses = try log.allFiles().flatMap { file in
            try file.lines.indices.map { try SinkFileStatus(file, $0) }
        }
        let deleted = Set(statuses.filter { $0.action == "delete" }.map(\.path))
        return deleted.isEmpty ? statuses : statuses.filter { !deleted.contains($0.path) }
    }
}

extension SinkFileStatus {
    fileprivate var jsonText: String {
        var writer = JSONWriter(capacity: path.utf8.count + 160)
        writer.beginObject()
        writer.member("path", .string(path))
        writer.member("size", .integer(size))
        writer.member("isDir", .bool(isDirectory))
        writer.member("modificationTime", .integer(modificationTime))
        writer.member("blockReplication", .integer(blockReplication))
        writer.member("blockSize", .integer(blockSize))
        writer.member("action", .string(action))
        writer.endObject()
        return writer.text
    }

    fileprivate init(_ file: LogText, _ line: Int) throws {
        let members = try file.object(line)
        func value(_ key: String) -> JSONValue? { members.last { $0.key == key }?.value }
        func number(_ key: String) throws -> Int64 {
            guard let number = value(key)?.int64 else { throw file.damage(line, "\(key) must be a whole number") }
            return number
        }
        guard let path = value("path")?.string, let action = value("action")?.string else {
            throw file.damage(line, "path and action must be strings")
        }
        self.init(
            path: path, size: try number("size"), isDirectory: value("isDir")?.bool ?? false,
            modificationTime: try number("modificationTime"), blockReplication: try number("blockReplication"),
            blockSize: try number("blockSize"), action: action)
    }
}
