import FoundationEssentials
import GRDB
import Kafka
import MetricsTopic
import StreamingMetrics

/// Writes one batch within a transaction.
struct StoreWriter {
    private let database: Database
    private let insertion: Statement
    /// Where the store's own reading has come to in the partitions of the batch.
    private var offsets: [TopicPartition: Int64] = [:]
    /// The same with what is written of the batch: it may have records twice, when a partition went away and came back.
    private var reached: [TopicPartition: Int64] = [:]
    private var latest: (place: TopicPartition, next: Int64)?
    private(set) var counts = MetricsStore.Counts()

    init(_ database: Database, _ batch: MetricsBatch) throws {
        self.database = database
        insertion = try database.cachedStatement(
            sql: """
                INSERT INTO events (query_id, run_id, kind, batch_id, sequence, query_name, timestamp_ms, topic, partition,
                    offset, digest, json)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        for partition in batch.nextOffsets.keys {
            let next = try Int64.fetchOne(
                database, sql: "SELECT next_offset FROM offsets WHERE topic = ? AND partition = ?",
                arguments: [partition.topic, partition.partition])
            if let next { offsets[partition] = next }
        }
        reached = offsets
    }

    mutating func write(_ batch: MetricsBatch) throws {
        for record in batch.records {
            switch record {
            case .event(let event, let metadata), .duplicate(let event, let metadata): try write(event, metadata)
            case .unreadable(let record): try write(record)
            case .lost(let gap): try write(gap)
            case .gap: break
            }
        }
        for (partition, next) in batch.nextOffsets where next > offsets[partition] ?? -1 {
            try database.execute(
                sql: """
                    INSERT INTO offsets VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset
                    """,
                arguments: [partition.topic, partition.partition, next])
        }
    }

    private mutating func write(_ event: StreamingQueryEvent, _ metadata: MetricsRecord.Metadata) throws {
        guard isNew(metadata.topic, metadata.partition, metadata.offset) else { return counts.duplicates += 1 }
        var (batch, name): (Int64?, String?) = (nil, metadata.queryName)
        var json: [UInt8] = []
        if case .progress(let progress) = event {
            batch = progress.progress.batchId
            name = progress.progress.name ?? name
            MetricsCodec.encode(progress.progress, into: &json)
        } else {
            if case .started(let started) = event { name = started.name ?? name }
            MetricsCodec.encode(event, into: &json)
        }
        // Only what has no number is known by its text.
        let digest = metadata.sequence == nil && batch != nil ? Int64(bitPattern: PayloadDigest.of(json)) : nil
        try insertion.execute(arguments: [
            event.id.uuidString.lowercased(), event.runId.uuidString.lowercased(), event.kind.rawValue, batch,
            metadata.sequence.map { Int64(bitPattern: $0) }, name, metadata.timestampMs, metadata.topic,
            metadata.partition, metadata.offset, digest, String(decoding: json, as: UTF8.self),
        ])
        if database.changesCount > 0 { counts.events += 1 } else { counts.duplicates += 1 }
    }

    private mutating func write(_ record: MetricsRecord.Unreadable) throws {
        guard isNew(record.topic, record.partition, record.offset) else { return counts.duplicates += 1 }
        try database.execute(
            sql: "INSERT INTO unreadable (topic, partition, offset, reason, key, value) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                record.topic, record.partition, record.offset, record.reason, record.key.map { Data($0) },
                record.bytes.map { Data($0) },
            ])
        counts.unreadable += 1
    }

    private mutating func write(_ gap: LogGap) throws {
        // Told before by another reader of the same store.
        if let next = offsets[gap.partition], next > gap.position { return }
        settle()
        try database.execute(
            sql: "INSERT INTO lost (topic, partition, cause, position, resumes_at) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                gap.partition.topic, gap.partition.partition, gap.cause.rawValue, gap.position, gap.resumesAt,
            ])
        counts.lostRanges += 1
        // The offsets of a log made anew begin again: what the store has of the old one does not count.
        offsets[gap.partition] = nil
        reached[gap.partition] = nil
        if gap.cause == .recreated {
            try database.execute(
                sql: "DELETE FROM offsets WHERE topic = ? AND partition = ?",
                arguments: [gap.partition.topic, gap.partition.partition])
        }
    }

    /// Whether a record lies behind what the store has of its partition: another process may have read it too, or this one
    /// before a rebalance. It counts as stored from now on.
    private mutating func isNew(_ topic: String, _ partition: Int32, _ offset: Int64) -> Bool {
        if latest.map({ $0.place.partition != partition || $0.place.topic != topic }) ?? true {
            settle()
            let place = TopicPartition(topic: topic, partition: partition)
            latest = (place, reached[place] ?? -1)
        }
        guard let next = latest?.next, offset >= next else { return false }
        latest?.next = offset + 1
        return true
    }

    /// Notes how far the stretch of one partition has come that ends here.
    private mutating func settle() {
        if let latest { reached[latest.place] = latest.next }
        latest = nil
    }
}
