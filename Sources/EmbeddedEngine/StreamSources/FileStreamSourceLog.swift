import StreamingMetrics
import Synchronization

/// One input file that a source has taken.
struct FileEntry: Sendable, Hashable {
    /// Its URI, percent-encoded: `file:///in/a%20b.json`.
    var path: String
    /// Its modification time, milliseconds since 1970.
    var timestamp: Int64
    /// The log offset it belongs to; the name is Spark's.
    var batchId: Int64
}

/// The files a file source has taken, by the source's own offset: `sources/k/N` and `N.compact`.
///
///     v1
///     {"path":"file:///srv/data/part-00000.json","timestamp":1700000000000,"batchId":0}
final class FileStreamSourceLog: Sendable {
    private let log: CompactibleFileStreamLog
    /// The entries of the newest offsets, which a batch asks for right after they were added.
    private let recent = Mutex<[Int64: [FileEntry]]>([:])

    /// Opens the log.
    init(
        directory: String, files: any CheckpointFileManager, settings: CompactionSettings = CompactionSettings()
    ) throws {
        log = try CompactibleFileStreamLog(directory: directory, files: files, settings: settings)
    }

    /// The log's folder.
    var directory: String { log.directory }

    /// The newest offset; nil if no file was taken yet.
    var latest: Int64? { log.latest }

    /// Notes the files of an offset; throws ``EngineError/Code/checkpointInUse`` if the offset is taken.
    func add(_ offset: Int64, _ entries: [FileEntry]) throws {
        try log.add(offset, entries.map(\.jsonText))
        recent.withLock { recent in
            recent[offset] = entries
            recent[offset - FileStreamSourceLog.recentOffsets] = nil
        }
    }

    /// The files of the offsets after `start` up to `end`, oldest first; `start` nil is before the first.
    func entries(after start: Int64?, through end: Int64) throws -> [FileEntry] {
        let first = start.map { $0 + 1 } ?? 0
        guard first <= end else { return [] }
        var entries: [FileEntry] = []
        for offset in first...end {
            if let known = recent.withLock({ $0[offset] }) {
                entries.append(contentsOf: known)
            } else {
                entries.append(contentsOf: try readEntries(offset))
            }
        }
        return entries
    }

    /// Every file ever taken, oldest first.
    func allEntries() throws -> [FileEntry] { try log.allFiles().flatMap(FileStreamSourceLog.entries) }

    private static let recentOffsets: Int64 = 8

    private func readEntries(_ offset: Int64) throws -> [FileEntry] {
        // The offset's own file may be deleted by now; a compact one after it still has its lines.
        let file = try log.file(offset)
        let entries = try file.map(FileStreamSourceLog.entries) ?? (offset <= (latest ?? -1) ? allEntries() : [])
        let own = entries.filter { $0.batchId == offset }
        // An offset exists only because there were files for it.
        guard own.isEmpty else { return own }
        let path = file?.path ?? "\(log.directory)/\(offset)"
        throw EngineError(
            .checkpointCorrupt,
            file == nil
                ? "batch \(offset) doesn't exist: \(path) is missing"
                : "cannot read \(path): Incomplete log file, "
                    + "it names no file of offset \(offset)",
            hint: "restore \(path) from a copy, or start over with a new checkpoint")
    }

    private static func entries(_ file: LogText) throws -> [FileEntry] {
        try file.lines.indices.map { try FileEntry(file, $0) }
    }
}

extension FileEntry {
    fileprivate var jsonText: String {
        var writer = JSONWriter(capacity: path.utf8.count + 64)
        writer.beginObject()
        writer.key("path")
        writer.string(path)
        writer.key("timestamp")
        writer.integer(timestamp)
        writer.key("batchId")
        writer.integer(batchId)
        writer.endObject()
        return writer.text
    }

    fileprivate init(_ file: LogText, _ line: Int) throws {
        let members = try file.object(line)
        func value(_ key: String) -> JSONValue? { members.last { $0.key == key }?.value }
        guard let path = value("path")?.string else { throw file.damage(line, "path must be a string") }
        guard let timestamp = value("timestamp")?.int64 else {
            throw file.damage(line, "timestamp must be a whole number")
        }
        guard let batchId = value("batchId")?.int64 else {
            throw file.damage(line, "batchId must be a whole number")
        }
        self.init(path: path, timestamp: timestamp, batchId: batchId)
    }
}
