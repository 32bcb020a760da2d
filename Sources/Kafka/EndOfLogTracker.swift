/// Tells when every partition has been read up to the end it had when reading began.
struct EndOfLogTracker: Sendable {
    private enum Goal: Equatable {
        case unknown
        case offset(Int64)
        case reached
    }

    private var goals: [TopicPartition: Goal] = [:]

    /// Partitions that are to be read; whose ends are known already keep them.
    mutating func expect(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions where goals[partition] == nil { goals[partition] = .unknown }
    }

    /// Partitions that somebody else reads from now on.
    mutating func forget(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions { goals[partition] = nil }
    }

    /// Partitions whose ends must be asked for.
    var unknown: [TopicPartition] {
        goals.filter { $0.value == .unknown }.map(\.key).sorted()
    }

    /// The end of a partition's log as asked for; an empty log is read already.
    mutating func setEnd(_ log: LogOffsets, of partition: TopicPartition) {
        guard goals[partition] == .unknown else { return }
        goals[partition] = log.start >= log.end ? .reached : .offset(log.end)
    }

    /// Notes a record; whether it lies before the end.
    mutating func includes(offset: Int64, of partition: TopicPartition) -> Bool {
        switch goals[partition] {
        case .offset(let end):
            if offset >= end - 1 { goals[partition] = .reached }
            return offset < end
        case .reached: return false
        case .unknown, nil: return true
        }
    }

    /// Notes that the broker had nothing more: what is missing up to the end are gaps, left by transactions or compaction.
    mutating func reachedEnd(of partition: TopicPartition) {
        goals[partition] = .reached
    }

    /// Whether there is nothing to be read at all.
    var isEmpty: Bool { goals.isEmpty }

    /// Whether nothing is left to read.
    var isComplete: Bool { goals.values.allSatisfy { $0 == .reached } }
}
