import FoundationEssentials
import Monitoring
import Synchronization

/// What time it is, for channels: a clock that only goes forward, and the calendar.
protocol ChannelClock: Sendable {
    /// Time since some moment; it only goes forward.
    var now: Duration { get }
    /// The calendar's time.
    var time: MonitorTime { get }
    /// Returns at that moment, or when the task is cancelled.
    func sleep(until moment: Duration) async
}

/// The clocks of the system.
struct SystemChannelClock: ChannelClock {
    private let start = ContinuousClock.now

    var now: Duration { ContinuousClock.now - start }

    var time: MonitorTime { Self.time }

    static var time: MonitorTime {
        MonitorTime(millisecondsSinceEpoch: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
    }

    func sleep(until moment: Duration) async {
        // Its only error is that the task is cancelled, and whoever sleeps looks at that next.
        try? await Task.sleep(until: start + moment, clock: .continuous)
    }
}

/// Wakes one task that waits. Rung while nobody waits, it wakes the next one at once.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isRung = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when it is rung, or when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }?.resume()
        }
    }
}
