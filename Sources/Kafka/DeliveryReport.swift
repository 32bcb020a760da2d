/// What became of one record that was sent. Every record that was taken gets exactly one.
public struct DeliveryReport: Sendable, Hashable {
    /// What is known about the record at the broker.
    public enum Status: Sendable, Hashable {
        /// The record never left, or was refused.
        case notPersisted
        /// The record was sent and no answer came: it may be there.
        case possiblyPersisted
        /// The record was written as the `acks` setting asks.
        case persisted
    }

    /// The number given with the record.
    public var token: UInt
    /// The topic.
    public var topic: String
    /// The partition; nil when none was chosen before it failed.
    public var partition: Int32?
    /// The offset; nil when the record was not written, or the broker does not say where.
    public var offset: Int64?
    /// What is known about the record at the broker.
    public var status: Status
    /// Why it was not delivered; nil when it was.
    public var error: KafkaError?
    /// From sending to this report.
    public var latency: Duration

    /// Creates a report.
    public init(
        token: UInt, topic: String, partition: Int32?, offset: Int64?, status: Status, error: KafkaError?,
        latency: Duration
    ) {
        self.token = token
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.status = status
        self.error = error
        self.latency = latency
    }
}
