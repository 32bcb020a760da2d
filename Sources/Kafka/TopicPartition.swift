/// One partition of a topic.
public struct TopicPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The topic's name.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: Int32

    /// Names a partition.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// By topic, then by number.
    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }

    /// `topic[partition]`, as in librdkafka's own messages.
    public var description: String { "\(topic)[\(partition)]" }
}

/// The offsets a partition's log holds: `start..<end`.
public struct LogOffsets: Sendable, Hashable {
    /// Offset of the oldest record that is still there.
    public var start: Int64
    /// Offset that the next record will get.
    public var end: Int64

    /// Creates log offsets.
    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }
}
