/// A record as it was read.
public struct ConsumerRecord: Sendable, Hashable {
    /// The topic's name.
    public var topic: String
    /// The partition.
    public var partition: Int32
    /// The offset in the partition.
    public var offset: Int64
    /// Milliseconds since 1970 as set by the producer or the broker; nil when the record has none.
    public var timestampMs: Int64?
    /// The key's bytes; nil when there is none.
    public var key: [UInt8]?
    /// The value's bytes; nil when there is none.
    public var value: [UInt8]?
    /// Headers in their order; a name may stand several times.
    public var headers: [RecordHeader]

    /// Creates a record.
    public init(
        topic: String, partition: Int32, offset: Int64, timestampMs: Int64? = nil, key: [UInt8]? = nil, value: [UInt8]?,
        headers: [RecordHeader] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestampMs = timestampMs
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// Topic and partition.
    public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }

    /// The last header of a name, as Kafka's own clients choose.
    public func header(_ name: String) -> RecordHeader? {
        headers.last { $0.name == name }
    }

    /// Bytes of key, value and headers: what the record occupies.
    var size: Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
    }
}
