import FoundationEssentials
import Kafka
import MetricsTopic
import StreamingMetrics

/// A reader of the topics that keeps each event once. It tells copies by the library's ``Deduplicator``, commits what this knows, what
/// it has stored and how far it came in one transaction, and crashes before that.
struct ConsumerModel {
    private struct Committed {
        var offsets: [Int]
        var deduplicator = Deduplicator()
        /// Rows in the store by the event's place in the world's book.
        var rows: [Int: Int] = [:]
    }

    private var committed: Committed

    init(topics: Int) { committed = Committed(offsets: Array(repeating: 0, count: topics)) }

    /// Handles what is new in a topic, up to a number of records.
    ///
    /// - Returns: What is wrong with a record.
    mutating func read(_ topic: Int, upTo limit: Int, crashes: Bool, _ world: World) -> String? {
        let log = world.cluster.topics[topic].log
        var handled = committed
        let end = min(log.count, committed.offsets[topic] + limit)
        for offset in committed.offsets[topic]..<end {
            let record = log[offset]
            let read = ConsumerRecord(
                topic: world.cluster.topics[topic].name, partition: 0, offset: Int64(offset),
                timestampMs: record.timestampMs, key: record.key, value: record.value, headers: record.headers)
            guard case .event(let event, let metadata) = MetricsRecord(read) else {
                return "record \(offset) of topic \(topic) cannot be read"
            }
            let offered = world.book[record.event]
            if let fault = Self.difference(event, offered.event, read) { return fault }
            if metadata.key != offered.event.id.uuidString.lowercased() || metadata.sequence != offered.sequence {
                return "key or sequence of record \(offset) of topic \(topic) are not those of \(offered.event)"
            }
            let isNew = handled.deduplicator.isNew(event, sequence: metadata.sequence, payload: record.value)
            if isNew || world.sabotage == .consumerForgets { handled.rows[record.event, default: 0] += 1 }
        }
        handled.offsets[topic] = end
        // A crash comes before the transaction's end: everything since the last one is handled again.
        if !crashes { committed = handled }
        return nil
    }

    /// What is wrong with the store once all was read: an event of the logs has no row or several.
    func fault(_ book: EventBook) -> String? {
        for index in book.entries.indices {
            let rows = committed.rows[index] ?? 0
            if rows != (book[index].isInLog ? 1 : 0) {
                return "event \(book[index].sequence) of run \(book[index].run) has \(rows) rows in the store"
            }
        }
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
