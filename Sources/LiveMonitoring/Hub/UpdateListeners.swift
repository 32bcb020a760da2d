import Synchronization

/// Who waits for the hub's ticks. Each has room for one: what came meanwhile is told once.
final class UpdateListeners: Sendable {
    private struct State {
        var waiting: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    func add() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.waiting[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            guard let self else { return }
            self.state.withLock { _ = $0.waiting.removeValue(forKey: number) }
        }
        return stream
    }

    func tell() {
        // Outside the lock: a continuation may end its stream, which comes back here.
        for continuation in state.withLock({ Array($0.waiting.values) }) { continuation.yield() }
    }
}
