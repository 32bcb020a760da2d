import Synchronization

/// What would be told on standard error, kept while a screen is drawn there and told when it is gone.
///
/// The last lines are kept, so that a feed full of faults takes no memory.
final class TopRemarks: Sendable {
    private static let capacity = 20

    /// So long a line is shown on the screen.
    private static let shownFor = Duration.seconds(15)

    private struct State {
        var lines: [String] = []
        var newest: ContinuousClock.Instant?
        var dropped = 0
    }

    private let state = Mutex(State())

    /// Keeps a line.
    func add(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            state.newest = .now
            guard state.lines.count > Self.capacity else { return }
            state.lines.removeFirst()
            state.dropped += 1
        }
    }

    /// The newest line, where it is new enough to be shown.
    var last: String? {
        state.withLock { state in
            guard let newest = state.newest, newest.duration(to: .now) < Self.shownFor else { return nil }
            return state.lines.last
        }
    }

    /// Everything that is to be told, and forgets it.
    func take() -> [String] {
        state.withLock { state in
            let lines = (state.dropped > 0 ? ["and \(state.dropped) remarks before"] : []) + state.lines
            state = State()
            return lines
        }
    }
}
