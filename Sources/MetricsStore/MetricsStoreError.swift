import GRDB

/// What went wrong with a store.
public struct MetricsStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The file cannot be opened or made.
        case cannotOpen
        /// The file is something else.
        case notAStore
        /// A later version of this library made the store.
        case newerVersion
        /// The file is broken.
        case damaged
        /// The disk is full.
        case full
        /// Another process holds the store.
        case busy
        /// Another fault of the file system or of SQLite.
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
}

extension MetricsStoreError {
    /// An error of SQLite.
    init(_ error: any Error, _ attempt: String, path: String) {
        if let error = error as? MetricsStoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(code: .failed, message: "cannot \(attempt) the store \(path): \(error)")
            return
        }
        let code: Code =
            switch error.resultCode {
            case .SQLITE_NOTADB: .notAStore
            case .SQLITE_CORRUPT: .damaged
            case .SQLITE_FULL: .full
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY: .cannotOpen
            default: .failed
            }
        let reason = error.message ?? "SQLite's code \(error.resultCode.rawValue)"
        self.init(code: code, message: "cannot \(attempt) the store \(path): \(reason); \(code.hint)")
    }
}

extension MetricsStoreError.Code {
    /// What to do about it.
    var hint: String {
        switch self {
        case .cannotOpen: "check that the folder is there and that the file may be written"
        case .notAStore: "name another file; this one is left as it is"
        case .newerVersion: "use the later version that made it, or name another file"
        case .damaged: "move the file away and read the topics again from the beginning"
        case .full: "make room and start again; reading goes on where the store ends"
        case .busy: "end the other process that writes to it"
        case .failed: "check the disk; reading goes on where the store ends"
        }
    }
}
