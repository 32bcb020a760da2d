import Glibc

/// A thread of the operating system for work that blocks (a query's loop, a listener's callbacks), which must not hold
/// one of the few threads that Swift's tasks share.
enum OSThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread; throws ``EngineError/Code/inputOutput`` when the system has none left.
    static func start(_ body: @escaping @Sendable () -> Void) throws(EngineError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 8 << 20)
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
            throw EngineError(
                .inputOutput, "the system refuses another thread: \(String(cString: strerror(status)))",
                hint: "raise the limit of processes (ulimit -u), or run fewer queries and listeners")
        }
    }
}
