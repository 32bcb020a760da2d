import MetricsTopic

/// Gives the delivery up when nothing was acknowledged for too long, so that a dead broker does not hold the command for ever.
struct DeliveryWatch: Sendable {
    let metrics: KafkaMetrics
    let timeout: Duration

    /// Runs the work; when nothing moves, the listener is closed, which lets everything that waits for it go on.
    func whileRunning(_ work: () async throws -> Void) async throws {
        // Cancelled, and waited for, when the work is over.
        async let _ = closeWhenStalled()
        try await work()
    }

    /// Waits until nothing is pending, or delivery was given up, or a signal came.
    func waitUntilDelivered(isStopped: () -> Bool) async {
        while metrics.statistics.pending > 0, !metrics.isStopped, !isStopped() {
            // Short turns, so that a signal is seen; a thread that cannot be had counts as not delivered yet.
            if (try? await metrics.flush(timeout: .milliseconds(100))) ?? false { return }
        }
    }

    private func closeWhenStalled() async {
        let clock = ContinuousClock()
        var acknowledged = -1
        var since = clock.now
        while !Task.isCancelled {
            let statistics = metrics.statistics
            if statistics.acknowledged != acknowledged || statistics.pending == 0 {
                (acknowledged, since) = (statistics.acknowledged, clock.now)
            } else if since.duration(to: clock.now) >= timeout {
                await metrics.stop(deadline: .now)
                return
            }
            // Cancelling ends the sleep, and the loop with it.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}
