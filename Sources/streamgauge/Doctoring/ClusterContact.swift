import Kafka

/// The first question to a cluster, whose answer needs a network, encryption and a login that all work.
enum ClusterContact {
    /// What came of it.
    enum Answer: Sendable {
        case metadata(ClusterMetadata)
        /// Nothing came, most probably for this reason.
        case nothing(cause: String, hint: String?)
    }

    /// Asks for the brokers and all topics: asking for one may create it.
    ///
    /// A time-out alone says nothing of a refused login or certificate; the client's own complaints do, and then waiting on
    /// does not help.
    static func ask(_ configuration: KafkaConfiguration, timeout: Duration) async throws(KafkaError) -> Answer {
        let trouble = ClientTrouble()
        let shown = CommandLogHandler.librdkafka(configuration)
        let admin = try KafkaAdmin(
            configuration, onError: { trouble.note($0) },
            onLog: { entry in
                trouble.note(entry)
                shown(entry)
            })
        let start = ContinuousClock.now
        var last: KafkaError?
        repeat {
            do throws(KafkaError) {
                // Short turns, so that a refusal is seen before the whole time is over.
                return .metadata(try await admin.metadata(timeout: min(timeout, .seconds(1))))
            } catch {
                last = error
            }
        } while !trouble.isHopeless && !Task.isCancelled && start.duration(to: .now) < timeout
        let (cause, hint) = trouble.cause ?? (last?.message ?? "no answer", nil)
        return .nothing(cause: cause, hint: hint)
    }
}
