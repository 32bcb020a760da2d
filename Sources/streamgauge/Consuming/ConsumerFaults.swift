import Kafka
import Synchronization

/// Says each kind of trouble with brokers once, until they answer again.
final class ConsumerFaults: Sendable {
    private let told = Mutex<Set<KafkaError.Code>>([])
    private let tell: @Sendable (String) -> Void

    /// - Parameter tell: Gets the lines; by default standard error does.
    init(tell: @escaping @Sendable (String) -> Void = { StandardStream.error.tell($0 + "\n") }) { self.tell = tell }

    /// Called by the client.
    func report(_ error: KafkaError) {
        guard told.withLock({ $0.insert(error.code).inserted }) else { return }
        tell("warning: \(TerminalText.line(error.description)); trying on")
    }

    /// All is well again.
    func clear() { told.withLock { $0.removeAll() } }
}
