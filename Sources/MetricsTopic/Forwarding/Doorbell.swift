import Kafka

/// Wakes one thread that waits. A ring that comes while nobody waits is kept for the next wait.
final class Doorbell: Sendable {
    private let isRung = Monitor(false)

    func ring() {
        isRung.withLock { $0 = true }
        isRung.broadcast()
    }

    /// Waits until somebody rings or the time is over; nil waits for as long as it takes.
    func wait(timeout: Duration?) {
        _ = isRung.wait(timeout: timeout) { isRung -> Bool? in
            guard isRung else { return nil }
            isRung = false
            return true
        }
    }
}
