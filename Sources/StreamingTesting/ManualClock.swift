package import EmbeddedEngine
import Synchronization

/// A clock that stands still until it is told to go on.
public final class ManualClock: Sendable {
    private struct State {
        var now: Int64
        var waiting: [WakeSignal] = []
    }
    private let state: Mutex<State>

    /// A clock that shows this many milliseconds since 1970.
    public init(milliseconds: Int64 = 0) { state = Mutex(State(now: milliseconds)) }

    /// Moves the clock forward and wakes the queries that wait for it.
    public func advance(milliseconds: Int64) {
        let waiting = state.withLock { state in
            state.now += milliseconds
            return state.waiting
        }
        for signal in waiting { signal.nudge() }
    }
}

extension ManualClock: StreamClock {
    package var nowMilliseconds: Int64 { state.withLock { $0.now } }

    package func wait(until milliseconds: Int64, on signal: WakeSignal) {
        state.withLock { $0.waiting.append(signal) }
        defer { state.withLock { state in state.waiting.removeAll { $0 === signal } } }
        while nowMilliseconds < milliseconds, !signal.isRaised {
            // The clock may move between the look at it and this wait, so the wait is short.
            signal.wait(milliseconds: 20)
        }
    }
}
