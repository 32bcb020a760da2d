import Glibc
import Synchronization

/// Says that one process writes to a history; others may read. The system lets go of it when the process ends, however it ends.
final class WriterLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(path: String) throws(HistoryError) {
        // A file beside it: to close one more descriptor of the database itself would undo SQLite's own locks.
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw HistoryError(.cannotOpen, "open", path: path, String(cString: strerror(errno)))
        }
        self.descriptor = Mutex(descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw HistoryError(.busy, "open", path: path, "another process writes to it")
        }
    }

    func release() {
        let descriptor = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let descriptor { close(descriptor) }
    }

    deinit { release() }
}
