import Kafka
import MetricsTopic
import StreamingMetrics
import Synchronization

/// Gives the delivery up when somebody waits for it and nothing is acknowledged for too long, so that a dead broker does not
/// hold the command for ever.
///
/// While there is room in memory or in the spool nobody waits: a slow input goes on for as long as it likes, and everything
/// read is kept. Waiting begins when an event finds no room, or when the input is at its end.
final class DeliveryWatch: Sendable {
    private let metrics: KafkaMetrics
    private let timeout: Duration
    private let isWaiting = Atomic(false)
    /// Events for which there was room: one more is a sign of life.
    private let taken = Atomic(0)

    init(metrics: KafkaMetrics, timeout: Duration) {
        self.metrics = metrics
        self.timeout = timeout
    }

    /// Whether delivery was given up, or the listener stopped: nothing more is to be read.
    var isOver: Bool { metrics.isStopped }

    /// Runs the work; when nothing moves that somebody waits for, the listener is closed, which lets the waiting go on.
    func whileRunning(_ work: () async throws -> Void) async throws {
        // Cancelled, and waited for, when the work is over.
        async let _ = closeWhenStalled()
        try await work()
    }

    /// Hands an event over; waits for room if there is none.
    func send(_ event: StreamingQueryEvent) async throws(KafkaError) {
        isWaiting.store(true, ordering: .relaxed)
        defer { isWaiting.store(false, ordering: .relaxed) }
        try await metrics.send(event)
        taken.wrappingAdd(1, ordering: .relaxed)
    }

    /// Waits until nothing is pending, or delivery was given up, or a signal came.
    func waitUntilDelivered(isStopped: () -> Bool) async {
        isWaiting.store(true, ordering: .relaxed)
        while metrics.statistics.pending > 0, !metrics.isStopped, !isStopped() {
            // Short turns, so that a signal is seen; a thread that cannot be had counts as not delivered yet.
            if (try? await metrics.flush(timeout: .milliseconds(100))) ?? false { return }
        }
    }

    private func closeWhenStalled() async {
        let clock = ContinuousClock()
        var last = (acknowledged: -1, taken: -1)
        var since = clock.now
        while !Task.isCancelled {
            let statistics = metrics.statistics
            let present = (acknowledged: statistics.acknowledged, taken: taken.load(ordering: .relaxed))
            if present != last || statistics.pending == 0 || !isWaiting.load(ordering: .relaxed) {
                (last, since) = (present, clock.now)
            } else if since.duration(to: clock.now) >= timeout {
                await metrics.stop(deadline: .now)
                return
            }
            // Cancelling ends the sleep, and the loop with it.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}
