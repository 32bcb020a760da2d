import Kafka
import Synchronization

/// Says each kind of trouble of a consumer once, until records come again.
final class ConsumerFaults: Sendable {
    private let told = Mutex<Set<KafkaError.Code>>([])

    /// Called by the consumer.
    func report(_ error: KafkaError) {
        guard told.withLock({ $0.insert(error.code).inserted }) else { return }
        StandardStream.error.tell("warning: \(TerminalText.line(error.description)); trying on\n")
    }

    /// All is well again.
    func clear() { told.withLock { $0.removeAll() } }
}
