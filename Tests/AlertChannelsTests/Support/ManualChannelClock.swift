import Kafka
import Monitoring

@testable import AlertChannels

/// A clock that is set by hand.
final class ManualChannelClock: ChannelClock {
    private struct State: Sendable {
        var now: Duration = .zero
        var sleepers: [(id: Int, until: Duration, continuation: CheckedContinuation<Void, Never>)] = []
        var nextId = 0
        var cancelled: Set<Int> = []
    }

    private let state = Monitor(State())

    var now: Duration { state.withLock { $0.now } }
    var time: MonitorTime { Sample.now + now }

    func sleep(until moment: Duration) async {
        let id = state.withLock { state in
            state.nextId += 1
            return state.nextId
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.now >= moment || state.cancelled.contains(id) { return true }
                    state.sleepers.append((id, moment, continuation))
                    return false
                }
                state.broadcast()
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                state.cancelled.insert(id)
                let index = state.sleepers.firstIndex { $0.id == id }
                return index.map { state.sleepers.remove(at: $0).continuation }
            }?.resume()
        }
    }

    /// Moves on, and wakes who has slept enough.
    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now += duration
            let now = state.now
            defer { state.sleepers.removeAll { $0.until <= now } }
            return state.sleepers.filter { $0.until <= now }.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until somebody sleeps, and says until when; nil after ten seconds.
    func nextWakeUp() -> Duration? {
        state.wait(timeout: .seconds(10)) { $0.sleepers.map(\.until).min() }
    }
}
