import Kafka
import Synchronization

/// Says each kind of trouble with brokers once, until they answer again.
final class ConsumerFaults: Sendable {
    private let subject: String?
    private let told = Mutex<Set<KafkaError.Code>>([])

    /// - Parameter subject: What has the trouble, where that is not the command itself.
    init(of subject: String? = nil) { self.subject = subject }

    /// Called by the client.
    func report(_ error: KafkaError) {
        guard told.withLock({ $0.insert(error.code).inserted }) else { return }
        let subject = subject.map { "\($0): " } ?? ""
        StandardStream.error.tell("warning: \(subject)\(TerminalText.line(error.description)); trying on\n")
    }

    /// All is well again.
    func clear() { told.withLock { $0.removeAll() } }
}
