import Dispatch
import Glibc

/// A thread of the operating system for the waits of a disk.
enum HistoryThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread.
    static func start(for path: String, _ body: @escaping @Sendable () -> Void) throws(HistoryError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        // Retained here, released at the head of the thread's own function.
        let context = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, &attributes,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw HistoryError(
                .failed, "write", path: path, "the system refuses another thread: \(String(cString: strerror(status)))")
        }
    }
}
