import Kafka

/// What a client complains of by itself while a call of it waits: often the cause that the call's time-out does not tell.
final class ClientTrouble: Sendable {
    private let state = Monitor((errors: [KafkaError](), failures: [String]()))

    /// For the client's `onError`.
    func note(_ error: KafkaError) { state.withLock { $0.errors.append(error) } }

    /// For the client's `onLog`: failed connections are only told there when their cause is a guess.
    func note(_ entry: KafkaLogEntry) {
        guard entry.facility == "FAIL" || entry.facility == "ERROR" else { return }
        state.withLock { $0.failures.append(entry.message) }
    }

    /// The most telling of all.
    var cause: (text: String, hint: String?)? {
        let (errors, failures) = state.withLock { $0 }
        // Our own words on a certificate come before librdkafka's "could not be verified".
        if let error = errors.first(where: { $0.code == .tlsFailed }) { return (error.message, nil) }
        if let error = errors.first(where: { $0.code == .authenticationFailed }) {
            return (error.message, "check sasl.mechanisms, and the user's name and password or token")
        }
        if failures.contains(where: { $0.contains("incorrect security.protocol") }) {
            return (
                "the broker closes the connection at the first request",
                "it may want TLS or a login: set security.protocol to ssl, sasl_ssl or sasl_plaintext"
            )
        }
        return errors.first { $0.code != .brokerUnreachable }.map { ($0.message, nil) }
            ?? errors.first.map { ($0.message, nil) }
    }

    /// Whether the broker has refused the login or the encryption, after which waiting does not help.
    var isHopeless: Bool {
        state.withLock { $0.errors.contains { $0.code == .tlsFailed || $0.code == .authenticationFailed } }
    }
}
