import Glibc

/// A value behind a lock, with a condition to wait on: what threads of ours share.
///
/// The lock is held only while a closure runs over the value; nothing blocking, no callback and no continuation belongs
/// inside. Waiting uses the monotonic clock, so a changed wall clock neither cuts a wait short nor prolongs it.
package final class Monitor<Value: Sendable>: @unchecked Sendable {
    // Sendable by proof: `value` is only touched with `mutex` held, and both C objects are made for sharing.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    /// Puts a value behind a lock.
    package init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs a closure over the value, alone.
    package func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Wakes every thread that waits, to look again.
    package func broadcast() {
        pthread_cond_broadcast(condition)
    }

    /// Runs the closure over the value until it gives something or the time is over.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most; nil waits for ever.
    ///   - body: Runs once at the start and again after every ``broadcast()``; nil means wait on.
    /// - Returns: What the closure gave, or nil after the timeout.
    package func wait<R>(timeout: Duration? = nil, for body: (inout Value) -> R?) -> R? {
        var deadline = timespec()
        if let timeout { deadline = Self.deadline(after: timeout) }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            if timeout == nil {
                pthread_cond_wait(condition, mutex)
            } else if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
                return body(&value)
            }
        }
    }

    private static func deadline(after timeout: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        // A year is for ever here, and keeps the sum far from overflow.
        let (seconds, attoseconds) = min(max(timeout, .zero), .seconds(31_536_000)).components
        let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
        return timespec(
            tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000)
    }
}
