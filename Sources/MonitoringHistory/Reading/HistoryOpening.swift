import Glibc
import GRDB

/// Opens a history for reading, also where nothing may be written.
///
/// SQLite reads a history through an index beside it, `FILE-shm`, which it makes where there is none: it cannot do that in a folder that
/// it may not write to. Where no writer has left anything in `FILE-wal`, the file itself has everything, and it is read as one that does
/// not change. A writer that begins in that moment could spoil an answer of this opening, and no file.
enum HistoryOpening {
    static func open(_ path: String) throws -> any DatabaseReader {
        try checkPath(path)
        do {
            return try checked(path, path)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN || error.isOfReadOnlyFolder {
            guard access(path, F_OK) == 0 else {
                throw refusal(path, String(cString: strerror(errno)), hint: "check the path")
            }
            guard access(path, R_OK) == 0 else {
                throw refusal(path, "the file may not be read by this user")
            }
            // SQLite looks beside the file that a link leads to.
            let target = target(of: path)
            if hasLog(target) {
                throw refusal(
                    path,
                    "\(target)-wal has what is not in the file itself yet, and to read both \(target)-shm has to be readable, "
                        + "or to be made in its folder")
            }
            return try checked("file:\(escaped(target))?immutable=1", path)
        }
    }

    /// Refuses what SQLite takes for a database in memory, or for more than a name, and a folder, of which it says nothing that helps.
    static func checkPath(_ path: String) throws(HistoryError) {
        guard !path.isEmpty, path != ":memory:", !path.hasPrefix("file:") else {
            throw refusal("\"\(path)\"", "that is no file's path", hint: "name a file, such as history.db")
        }
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
            throw refusal(path, "it is a folder", hint: "name a file in it, such as \(path)/history.db")
        }
    }

    /// Looks into the file as well: the opening alone reads nothing.
    private static func checked(_ name: String, _ path: String) throws -> any DatabaseReader {
        var configuration = Configuration()
        configuration.label = "streamgauge.history.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: name, configuration: configuration)
        try queue.read { try HistorySchema.check($0, path: path) }
        return queue
    }

    private static func target(of path: String) -> String {
        guard let target = realpath(path, nil) else { return path }
        defer { free(target) }
        return String(cString: target)
    }

    /// Whether a writer has, or has left, something beside the file.
    private static func hasLog(_ path: String) -> Bool {
        var status = stat()
        return stat(path + "-wal", &status) == 0 ? status.st_size > 0 : errno != ENOENT
    }

    /// The path as part of an address: what has a meaning there is written in digits.
    private static func escaped(_ path: String) -> String {
        let absolute = path.hasPrefix("/") ? path : "./" + path
        var text = ""
        for byte in absolute.utf8 {
            let isPlain = byte > 0x20 && byte < 0x7F && !"%?#".utf8.contains(byte)
            let digits = String(byte, radix: 16)
            text += isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.count == 1 ? "0" : "") + digits
        }
        return text
    }

    private static func refusal(
        _ path: String, _ reason: String, hint: String = "check its rights, or run this as the user that writes it"
    ) -> HistoryError {
        HistoryError(code: .cannotOpen, message: "cannot open the history \(path): \(reason); \(hint)")
    }
}

extension DatabaseError {
    /// A file may be read, and what reading needs beside it may not be made.
    fileprivate var isOfReadOnlyFolder: Bool { resultCode == .SQLITE_READONLY }
}
