import StreamingMetrics

/// Offsets of the form topic → partition → offset, which Kafka's source writes and others imitate.
///
/// Anything else is nil and no error: offsets are whatever a source likes, and what cannot be read is unknown.
struct SourceOffsets: Sendable, Hashable {
    /// One partition's offset.
    struct Partition: Sendable, Hashable {
        var topic: String
        var partition: String
        /// Nil where it is no offset: a placeholder below 0, or beyond 64 bits.
        var offset: Int64?
    }

    /// In the order of the text; of a partition that stands twice the last.
    let partitions: [Partition]

    /// Reads an offset; nil where it has another form. Text that holds JSON is looked into, as Spark Connect sends it.
    init?(_ value: JSONValue?) {
        guard let value, let topics = Self.object(value), !topics.isEmpty else { return nil }
        var partitions: [Partition] = []
        for topic in topics {
            guard let members = topic.value.members else { return nil }
            for member in members {
                guard !member.key.isEmpty, member.key.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
                let offset = member.value.int64
                guard offset != nil || member.value.double != nil else { return nil }
                partitions.append(
                    Partition(topic: topic.key, partition: member.key, offset: offset.flatMap { $0 >= 0 ? $0 : nil }))
            }
        }
        guard !partitions.isEmpty else { return nil }
        self.partitions = Self.withoutRepetition(partitions)
    }

    private static func object(_ value: JSONValue) -> [JSONValue.Member]? {
        if let members = value.members { return members }
        guard let text = value.string, text.first == "{", let inner = try? JSONValue(parsing: text) else { return nil }
        return inner.members
    }

    private static func withoutRepetition(_ partitions: [Partition]) -> [Partition] {
        var last: [Place: Int] = [:]
        for (index, partition) in partitions.enumerated() { last[partition.place] = index }
        guard last.count < partitions.count else { return partitions }
        return partitions.enumerated().filter { last[$0.element.place] == $0.offset }.map(\.element)
    }
}

extension SourceOffsets {
    /// Which partition of which topic.
    struct Place: Sendable, Hashable {
        var topic: String
        var partition: String
    }

    /// Each partition of the newest offset with the one read up to and how many records lie between; nil where one of the two is
    /// unknown. A newest offset that is older than what was read says that nothing is behind.
    static func behind(end: SourceOffsets, latest: SourceOffsets) -> [PartitionLag] {
        let ends = end.partitions
        lazy var places = Dictionary(ends.map { ($0.place, $0.offset) }, uniquingKeysWith: { $1 })
        return latest.partitions.enumerated().map { index, newest in
            let read =
                index < ends.count && ends[index].partition == newest.partition && ends[index].topic == newest.topic
                ? ends[index].offset : places[newest.place] ?? nil
            let records = read.flatMap { read in newest.offset.map { max(0, $0 - read) } }
            return PartitionLag(
                topic: newest.topic, partition: newest.partition, endOffset: read, latestOffset: newest.offset,
                records: records)
        }
    }
}

extension SourceOffsets.Partition {
    var place: SourceOffsets.Place { SourceOffsets.Place(topic: topic, partition: partition) }
}
