import Glibc

/// A query's time: the wall clock in production, a manual one in tests.
package protocol StreamClock: Sendable {
    /// Milliseconds since 1970.
    var nowMilliseconds: Int64 { get }
    /// Blocks until that time, or until the signal is raised.
    func wait(until milliseconds: Int64, on signal: WakeSignal)
}

/// The machine's clock.
package struct SystemClock: StreamClock {
    /// Creates the clock.
    package init() {}

    package var nowMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    package func wait(until milliseconds: Int64, on signal: WakeSignal) {
        // The wall clock may be set while we wait, so a wait is cut into pieces after each of which it is read again.
        while !signal.isRaised {
            let left = milliseconds - nowMilliseconds
            if left <= 0 { return }
            signal.wait(milliseconds: min(left, 1000))
        }
    }
}

/// A flag that threads can block on.
///
/// `@unchecked Sendable`: the flag and the POSIX condition are touched only while the POSIX mutex is held.
package final class WakeSignal: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var raised = false

    /// A signal that is not raised.
    package init() {
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

    /// Whether it was raised and not lowered since.
    package var isRaised: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return raised
    }

    /// Raises the signal and wakes whoever waits.
    package func raise() {
        pthread_mutex_lock(mutex)
        raised = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Lowers the signal.
    package func lower() {
        pthread_mutex_lock(mutex)
        raised = false
        pthread_mutex_unlock(mutex)
    }

    /// Wakes whoever waits without raising the signal, so that they look at their clock again.
    package func nudge() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Blocks until raised or nudged, or for at most this long; returns whether it is raised.
    @discardableResult
    package func wait(milliseconds: Int64) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += Int(milliseconds / 1000)
        deadline.tv_nsec += Int(milliseconds % 1000) * 1_000_000
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_sec += 1
            deadline.tv_nsec -= 1_000_000_000
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if !raised { pthread_cond_timedwait(condition, mutex, &deadline) }
        return raised
    }
}
