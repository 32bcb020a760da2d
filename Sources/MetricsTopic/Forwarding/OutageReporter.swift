import Kafka
import Logging

/// Says once that events cannot be delivered and why, and once that they can again; as a pure value.
struct OutageReporter: Sendable {
    private var reported: KafkaError.Code?
    private var hasSaidTooLarge = false

    /// The line for a fault; nil when it was said already. A more telling fault than "unreachable" is said in addition.
    mutating func fault(_ error: KafkaError, topic: String, bootstrapServers: String) -> Logger.Message? {
        if error.code == .messageTooLarge {
            defer { hasSaidTooLarge = true }
            return hasSaidTooLarge ? nil : "an event was given up, as will be others of its size: \(error)"
        }
        guard reported == nil || (reported == .brokerUnreachable && error.code != .brokerUnreachable) else {
            return nil
        }
        let code = error.code
        switch code {
        case .brokerUnreachable, .timedOut, .authenticationFailed, .notAuthorized, .tlsFailed, .unknownTopicOrPartition,
            .broker, .invalidArgument:
            reported = code == .timedOut ? .brokerUnreachable : code
        default: return nil
        }
        let text =
            "metrics cannot be delivered to topic \"\(topic)\" at \(bootstrapServers): \(error); "
            + "queries are not affected, the newest events are kept in memory and sent when it works again"
        return "\(text)"
    }

    /// The line for a delivery; nil while nothing was wrong.
    mutating func delivered(topic: String) -> Logger.Message? {
        guard reported != nil else { return nil }
        reported = nil
        return "metrics are delivered to topic \"\(topic)\" again"
    }
}
