import MetricsTopic

/// A world's time: it moves only when the world lets it.
final class SimulatedClock: DeliveryClock, @unchecked Sendable {
    // Sendable by proof: a world and all in it are used by one thread.
    /// Microseconds since the world began.
    var time = 0
    /// Runs before somebody reads the time.
    var onRead: () -> Void = {}

    var now: Duration {
        onRead()
        return .microseconds(time)
    }

    var epochMs: Int64 { 1_790_000_000_000 + Int64(time / 1000) }
}
