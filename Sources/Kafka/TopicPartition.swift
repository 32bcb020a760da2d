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

/// Records of a partition that were to be read and are not there any more.
public struct LogGap: Sendable, Hashable, CustomStringConvertible {
    /// Why they are gone.
    public enum Cause: String, Sendable, Hashable {
        /// The topic's retention has removed them before they were read.
        case retention
        /// The log ends before our position: the topic was deleted and created anew, or its end was cut off. How many
        /// records were lost cannot be known. A new log that has grown past our position before it was looked at cannot be
        /// told from the old one.
        case recreated
    }

    /// The partition.
    public var partition: TopicPartition
    /// Why the records are gone.
    public var cause: Cause
    /// The offset that was to be read next.
    public var position: Int64
    /// The offset at which reading goes on.
    public var resumesAt: Int64

    /// Describes a gap.
    public init(partition: TopicPartition, cause: Cause, position: Int64, resumesAt: Int64) {
        self.partition = partition
        self.cause = cause
        self.position = position
        self.resumesAt = resumesAt
    }

    /// The offsets that were lost; nil where the log is another one.
    public var lostOffsets: ClosedRange<Int64>? {
        cause == .retention && position < resumesAt ? position...(resumesAt - 1) : nil
    }

    /// What happened, in a few words.
    public var description: String {
        switch cause {
        case .retention:
            "\(partition) has lost offsets \(position) to \(resumesAt - 1) by retention before they were read; "
                + "reading goes on at \(resumesAt)"
        case .recreated:
            "\(partition) ends before offset \(position), which was to be read next: the topic was created anew or cut off; "
                + "reading goes on at \(resumesAt)"
        }
    }
}
