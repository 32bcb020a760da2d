import Glibc

/// A thread of the operating system for the waits of a disk.
enum HistoryThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread.
    static func start(for path: String, _ body: @escaping @Sendable () -> Void) throws(HistoryError) {
        var thread = pthread_t()
        // Retained here, released at the head of the thread's own function.
        let context = Unmanaged.passRetained(Body(body))
        let status = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw HistoryError(
                .failed, "write", path: path, "the system refuses another thread: \(String(cString: strerror(status)))")
        }
        pthread_detach(thread)
    }
}
