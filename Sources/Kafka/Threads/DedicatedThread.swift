import Glibc

/// A thread of our own for work that blocks: polling librdkafka, or a call that waits for a broker.
package enum DedicatedThread {
    /// Starts a detached thread. Whoever must know its end lets the body say so through a ``Monitor``.
    ///
    /// All signals are blocked on it, so that the program's handlers run on the program's own threads.
    ///
    /// - Parameters:
    ///   - name: What it is for, to stand in the error.
    ///   - body: Runs once.
    /// - Throws: ``KafkaError`` when the system has no thread left.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(KafkaError) {
        // Retained here, released by the thread's first line; or below when no thread came to be.
        let box = Unmanaged.passRetained(
            Body {
                nameThread(name)
                body()
            })
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, threadMain, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw KafkaError(
                code: .resourceExhausted,
                message: "cannot start the thread \"\(name)\": \(String(cString: strerror(status))); "
                    + "raise the limit on threads (ulimit -u) or close clients that are not needed")
        }
        pthread_detach(thread)
    }

    fileprivate final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs a call that blocks on a thread of its own and waits for it without blocking a thread of the pool.
    package static func call<T: Sendable>(
        name: String, _ body: @escaping @Sendable () throws(KafkaError) -> T
    ) async throws(KafkaError) -> T {
        let result: Result<T, KafkaError> = await withCheckedContinuation { continuation in
            do throws(KafkaError) {
                try start(name: name) {
                    do throws(KafkaError) {
                        continuation.resume(returning: .success(try body()))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }
}

/// Names the calling thread for those who look at the process from outside; of no consequence where that fails.
private func nameThread(_ name: String) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(descriptor, bytes, bytes.count)
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let body = Unmanaged<DedicatedThread.Body>.fromOpaque(argument).takeRetainedValue()
    body.run()
    return nil
}
