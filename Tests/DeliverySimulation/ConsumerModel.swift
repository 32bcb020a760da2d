import FoundationEssentials
import Kafka
import MetricsTopic
import StreamingMetrics

/// A reader of the topics that keeps each event once, by query, run, batch, kind and sequence; it stores what it has handled
/// together with how far it came, and crashes in between.
struct ConsumerModel {
    private struct Key: Hashable {
        var query: String
        var run: UUID
        var batch: Int64?
        var kind: StreamingQueryEvent.Kind
        var sequence: UInt64
    }

    private var committed: [Int]
    private var store: Set<Key> = []
    private(set) var stored = 0

    init(topics: Int) { committed = Array(repeating: 0, count: topics) }

    /// Handles what is new in a topic, up to a number of records.
    ///
    /// - Returns: What is wrong with a record.
    mutating func read(_ topic: Int, upTo limit: Int, crashes: Bool, _ world: World) -> String? {
        let log = world.cluster.topics[topic].log
        var offset = committed[topic]
        var handled: Set<Key> = []
        while offset < min(log.count, committed[topic] + limit) {
            let record = log[offset]
            let read = ConsumerRecord(
                topic: world.cluster.topics[topic].name, partition: 0, offset: Int64(offset),
                timestampMs: record.timestampMs, key: record.key, value: record.value, headers: record.headers)
            guard case .event(let event, let metadata) = MetricsRecord(read), let query = metadata.key,
                let sequence = metadata.sequence
            else { return "record \(offset) of topic \(topic) cannot be read" }
            if let fault = Self.difference(event, world.book[record.event].event, read) { return fault }
            let key = Key(
                query: query, run: event.runId, batch: event.progressBatch, kind: event.kind, sequence: sequence)
            let isNew = !store.contains(key) && handled.insert(key).inserted
            if isNew || world.sabotage == .consumerForgets, !crashes { stored += 1 }
            offset += 1
        }
        // Before the commit: everything since the last one is handled again.
        if crashes { return nil }
        store.formUnion(handled)
        committed[topic] = offset
        return nil
    }

    /// What differs between a record and the event that was offered; one that was sent shortened says so.
    private static func difference(
        _ read: StreamingQueryEvent, _ offered: StreamingQueryEvent, _ record: ConsumerRecord
    ) -> String? {
        if read == offered { return nil }
        guard record.header("shortened") != nil else { return "a record differs from the event offered: \(offered)" }
        let isSame = read.id == offered.id && read.runId == offered.runId && read.progressBatch == offered.progressBatch
        return isSame ? nil : "a shortened record is another event than \(offered)"
    }
}

extension StreamingQueryEvent {
    fileprivate var progressBatch: Int64? {
        if case .progress(let event) = self { event.progress.batchId } else { nil }
    }
}
