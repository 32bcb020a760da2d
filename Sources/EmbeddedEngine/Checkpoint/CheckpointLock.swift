import Glibc
import Synchronization

/// Keeps a second run out of a checkpoint from the start: a lock on the file `.streamgauge.lock` in it.
///
/// The lock belongs to the open file and so ends with the process, however that ends. The file stays; it holds the number
/// of the process that locked it last. Spark takes no notice of hidden files.
final class CheckpointLock: Sendable {
    /// The lock file's name.
    static let fileName = ".streamgauge.lock"

    private let descriptor: Mutex<Int32?>

    /// Locks a checkpoint; throws ``EngineError/Code/checkpointInUse`` if another run has it.
    init(checkpoint: String) throws {
        let path = checkpoint + "/" + CheckpointLock.fileName
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw EngineError.fileOperation("create", path, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = CheckpointLock.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw EngineError.fileOperation("lock", path, errno: code) }
            throw CheckpointLock.inUse(checkpoint, by: holder)
        }
        let text = "\(getpid())\n"
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.utf8.count, 0) == text.utf8.count else {
            let code = errno
            close(descriptor)
            throw EngineError.fileOperation("write", path, errno: code)
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets the next run in; calling it again does nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor {
                // A program that is being started holds a copy of the descriptor until it runs: closing alone would keep
                // the lock for that moment.
                flock(open, LOCK_UN)
                close(open)
            }
            descriptor = nil
        }
    }

    private static func inUse(_ checkpoint: String, by holder: Int32?) -> EngineError {
        let who =
            switch holder {
            case getpid(): "another query of this process"
            case .some(let process): "process \(process)"
            case nil: "another process"
            }
        return EngineError(
            .checkpointInUse, "cannot use the checkpoint \(checkpoint): \(who) is using it",
            hint: "stop that query first, or give this one a checkpoint of its own")
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count], as: UTF8.self).prefix { $0.isNumber })
    }
}
