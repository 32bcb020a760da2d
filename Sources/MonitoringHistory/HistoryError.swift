import GRDB

/// What went wrong with a history.
public struct HistoryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The file cannot be opened or made.
        case cannotOpen
        /// The file is something else.
        case notAHistory
        /// A later version of this library made the history.
        case newerVersion
        /// The file is broken.
        case damaged
        /// The disk is full.
        case full
        /// Another process writes to it.
        case busy
        /// The disk cannot be read or written.
        case inputOutput
        /// Another fault.
        case failed
    }

    /// What went wrong.
    public var code: Code
    /// What was attempted, on what, why it failed and what to do, in one line.
    public var message: String

    /// Creates an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }

    /// Whether the same may go well later, once somebody has made room or has let go of the file.
    var mayPass: Bool { code == .full || code == .busy || code == .inputOutput || code == .cannotOpen }
}

extension HistoryError {
    init(_ code: Code, _ attempt: String, path: String, _ reason: String) {
        self.init(code: code, message: "cannot \(attempt) the history \(path): \(reason); \(code.hint)")
    }

    /// An error of SQLite.
    init(_ error: any Error, _ attempt: String, path: String) {
        if let error = error as? HistoryError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.failed, attempt, path: path, "\(error)")
            return
        }
        let code: Code =
            switch error.resultCode {
            case .SQLITE_NOTADB: .notAHistory
            case .SQLITE_CORRUPT: .damaged
            case .SQLITE_FULL: .full
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY: .cannotOpen
            case .SQLITE_IOERR: .inputOutput
            default: .failed
            }
        self.init(code, attempt, path: path, error.message ?? "SQLite's code \(error.resultCode.rawValue)")
    }
}

extension HistoryError.Code {
    /// What to do about it.
    var hint: String {
        switch self {
        case .cannotOpen: "check that the folder is there and that the file may be read and written"
        case .notAHistory: "name another file; this one is left as it is"
        case .newerVersion: "use the later version that made it, or name another file"
        case .damaged: "move the file away and make it anew with streamgauge history rebuild"
        case .full: "make room on the disk"
        case .busy: "end the other process that writes to it, or name another file"
        case .inputOutput: "check the disk"
        case .failed: "if it stays so, make the history anew with streamgauge history rebuild"
        }
    }
}
