import Glibc

/// The time as the forwarder sees it, so that tests and the simulator can set it.
package protocol DeliveryClock: Sendable {
    /// Time that only goes forward, from any beginning.
    var now: Duration { get }
    /// Milliseconds since 1970.
    var epochMs: Int64 { get }
}

/// The system's time.
struct SystemDeliveryClock: DeliveryClock {
    var now: Duration { Self.read(CLOCK_MONOTONIC) }

    var epochMs: Int64 {
        let (seconds, attoseconds) = Self.read(CLOCK_REALTIME).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
