import StreamingMetrics

/// How many records wait before a source, by one progress alone.
struct SourceBacklog: Sendable, Hashable {
    /// Records behind after the trigger; nil where unknown.
    private(set) var records: Int64?
    /// The records of the partition that is behind most.
    private(set) var maximumPartitionRecords: Int64?
    /// Partitions whose part in ``records`` is not known.
    private(set) var unknownPartitions = 0

    /// Knows nothing.
    init() {}

    /// What a source's progress says.
    init(_ source: SourceProgress) {
        let latest = source.latestOffset.flatMap { $0.isNull ? nil : $0 }
        self.init(source, latest, SourceOffsets(latest))
    }

    /// The same with its newest offset as it was read before.
    init(_ source: SourceProgress, _ latest: JSONValue?, _ offsets: SourceOffsets?) {
        if let latest, !source.endOffset.isNull {
            if latest.jsonText == source.endOffset.jsonText {
                (records, maximumPartitionRecords) = (0, 0)
                return
            }
            if let offsets, let end = SourceOffsets(source.endOffset) {
                for (partition, read) in zip(offsets.partitions, end.offsets(of: offsets.partitions)) {
                    guard let behind = SourceOffsets.records(from: read, to: partition.offset) else {
                        unknownPartitions += 1
                        continue
                    }
                    records = (records ?? 0).addingSaturated(behind)
                    maximumPartitionRecords = max(maximumPartitionRecords ?? 0, behind)
                }
            }
        }
        if records == nil { measureByMetrics(of: source) }
    }

    /// The Kafka source's own summary, where the newest offsets are not there.
    private mutating func measureByMetrics(of source: SourceProgress) {
        guard let average = Self.number(source.metrics["avgOffsetsBehindLatest"]),
            let partitions = SourceOffsets(source.endOffset)?.partitions.count
        else { return }
        records = Int64(exactly: (average * Double(partitions)).rounded())
        unknownPartitions = 0
        maximumPartitionRecords = Self.whole(source.metrics["maxOffsetsBehindLatest"])
    }

    private static func number(_ text: String?) -> Double? {
        text.flatMap { Double($0) }.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }

    static func whole(_ text: String?) -> Int64? { number(text).flatMap { Int64(exactly: $0.rounded()) } }
}
