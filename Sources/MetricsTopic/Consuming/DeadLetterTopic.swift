public import Kafka

/// A topic for records that hold no event: each with its key and value as they were, and in headers where it came from and
/// why it cannot be read.
///
/// | header | content |
/// |---|---|
/// | `dead-letter-topic` | the topic it was read from |
/// | `dead-letter-partition` | the partition |
/// | `dead-letter-offset` | the offset |
/// | `dead-letter-reason` | why it cannot be read |
///
/// A record counts as written when the brokers have acknowledged it; a reader that waits for that before it goes on loses none.
/// Broken off in between, it writes some again.
public final class DeadLetterTopic: Sendable {
    /// Names of the headers.
    public enum Header {
        /// The topic a record was read from.
        public static let topic = "dead-letter-topic"
        /// The partition.
        public static let partition = "dead-letter-partition"
        /// The offset.
        public static let offset = "dead-letter-offset"
        /// Why the record cannot be read.
        public static let reason = "dead-letter-reason"
    }

    /// The topic.
    public let topic: String
    private let producer: KafkaProducer

    /// Starts a producer. No broker needs to be there.
    ///
    /// - Throws: `KafkaError` when an option is wrong.
    public init(configuration: KafkaConfiguration, topic: String) throws(KafkaError) {
        self.topic = topic
        var configuration = configuration
        // Nothing comes after a dead letter until it is acknowledged, so waiting for company is waiting for nothing.
        if configuration.properties["linger.ms"] == nil { configuration.properties["linger.ms"] = "0" }
        // And a topic that nobody may write to would be waited for five minutes.
        if configuration.properties["message.timeout.ms"] == nil {
            configuration.properties["message.timeout.ms"] = "30000"
        }
        producer = try KafkaProducer(configuration)
    }

    /// Writes a record and waits until the brokers have it.
    ///
    /// - Throws: `KafkaError` when it was not delivered.
    public func write(_ record: MetricsRecord.Unreadable) async throws(KafkaError) {
        let headers = [
            RecordHeader(name: Header.topic, text: record.topic),
            RecordHeader(name: Header.partition, text: String(record.partition)),
            RecordHeader(name: Header.offset, text: String(record.offset)),
            RecordHeader(name: Header.reason, text: record.reason),
        ]
        _ = try await producer.deliver(
            ProducerRecord(topic: topic, key: record.key, value: record.bytes, headers: headers))
    }

    /// Ends the producer.
    public func close() async { await producer.close() }
}
