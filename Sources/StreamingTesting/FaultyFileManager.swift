package import EmbeddedEngine
import Synchronization

/// A file manager that fails or stops at a chosen operation, so that a test can go through every point at which a program
/// may die.
///
///     let count = FaultyFileManager(over: LocalFileManager())     first run: count the operations
///     …
///     for point in 0..<count.operations.count {                   then: die before each of them
///         let files = FaultyFileManager(over: LocalFileManager(), failingAt: point, errno: EIO)
package final class FaultyFileManager: CheckpointFileManager {
    /// One call.
    package struct Operation: Sendable, Hashable, CustomStringConvertible {
        /// `list`, `status`, `read`, `createDirectories`, `write`, `syncFiles`, `syncDirectories`, `rename` or `delete`.
        package var name: String
        /// The path it was called with; of a rename the target, of several the first.
        package var path: String

        /// Name and path.
        package var description: String { "\(name) \(path)" }

        /// Whether it changes anything on the disk.
        package var isChange: Bool { name != "list" && name != "status" && name != "read" }
    }

    /// When a closure runs.
    package enum Moment: Sendable, Hashable {
        /// Before an operation takes effect.
        case before
        /// After it has.
        case after
    }

    /// Runs before and after each operation, with its number from 0; what it throws is the operation's error.
    package typealias Hook = @Sendable (_ moment: Moment, _ index: Int, _ operation: Operation) throws -> Void

    private let base: any CheckpointFileManager
    private let hook: Hook
    private let recorded = Mutex<[Operation]>([])

    /// Wraps a file manager and calls a closure around each operation, which may throw or kill the process.
    package init(over base: any CheckpointFileManager, hook: @escaping Hook = { _, _, _ in }) {
        self.base = base
        self.hook = hook
    }

    /// Wraps a file manager and fails one operation, and all after it, as the system would with an error number: from then
    /// on the program might as well be dead.
    package convenience init(over base: any CheckpointFileManager, failingAt index: Int, errno: Int32) {
        self.init(over: base) { moment, current, operation in
            if moment == .before, current >= index {
                throw EngineError.fileOperation(operation.name, operation.path, errno: errno)
            }
        }
    }

    /// Every operation so far, in order.
    package var operations: [Operation] { recorded.withLock { $0 } }

    private func perform<Result>(_ name: String, _ path: String, _ body: () throws -> Result) throws -> Result {
        let operation = Operation(name: name, path: path)
        let index = recorded.withLock { recorded in
            recorded.append(operation)
            return recorded.count - 1
        }
        try hook(.before, index, operation)
        let result = try body()
        try hook(.after, index, operation)
        return result
    }

    package func list(_ directory: String) throws -> [String] {
        try perform("list", directory) { try base.list(directory) }
    }

    package func status(_ path: String) throws -> FileStatus? { try perform("status", path) { try base.status(path) } }

    package func read(_ path: String) throws -> [UInt8] { try perform("read", path) { try base.read(path) } }

    package func createDirectories(_ path: String) throws {
        try perform("createDirectories", path) { try base.createDirectories(path) }
    }

    package func write(_ path: String, _ bytes: [UInt8]) throws {
        try perform("write", path) { try base.write(path, bytes) }
    }

    package func syncFiles(_ paths: [String]) throws {
        try perform("syncFiles", paths.first ?? "") { try base.syncFiles(paths) }
    }

    package func syncDirectories(_ paths: [String]) throws {
        try perform("syncDirectories", paths.first ?? "") { try base.syncDirectories(paths) }
    }

    package func rename(_ source: String, to target: String, _ policy: ExistingFilePolicy) throws {
        try perform("rename", target) { try base.rename(source, to: target, policy) }
    }

    package func delete(_ path: String) throws { try perform("delete", path) { try base.delete(path) } }
}
