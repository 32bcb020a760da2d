public import FoundationEssentials
import GRDB
public import Kafka
public import MetricsTopic
public import StreamingMetrics

/// An event in a store.
public struct StoredEvent: Sendable, Hashable {
    /// Its place in the store: later ones have higher numbers.
    public var id: Int64
    /// The query's name, as far as the record said.
    public var queryName: String?
    /// How many events of the run were offered before; nil when the producer said nothing.
    public var sequence: UInt64?
    /// Milliseconds since 1970 as set by the producer or the broker.
    public var timestampMs: Int64?
    /// Where it came from.
    public var partition: TopicPartition
    /// The offset in the partition.
    public var offset: Int64
    /// The event as JSON, in the form of the topics.
    public var json: String

    /// The event; throws `MetricsCodecError` only when the file was changed by somebody else.
    public var event: StreamingQueryEvent {
        get throws { try StreamingQueryEvent(json: json) }
    }
}

extension MetricsStore {
    /// For each partition the offset at which reading goes on.
    public func offsets() throws(MetricsStoreError) -> [TopicPartition: Int64] {
        try read { database in
            var offsets: [TopicPartition: Int64] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT topic, partition, next_offset FROM offsets") {
                offsets[TopicPartition(topic: row[0], partition: row[1])] = row[2]
            }
            return offsets
        }
    }

    /// How much the store holds.
    public func counts() throws(MetricsStoreError) -> Counts {
        try read { database in
            var counts = Counts()
            counts.events = try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0
            counts.unreadable = try Int.fetchOne(database, sql: "SELECT count(*) FROM unreadable") ?? 0
            counts.lostRanges = try Int.fetchOne(database, sql: "SELECT count(*) FROM lost") ?? 0
            return counts
        }
    }

    /// Events in the order in which they were stored, page by page.
    ///
    /// - Parameters:
    ///   - query: Only this query's; nil gives all.
    ///   - id: Only what was stored after the event with this ``StoredEvent/id``.
    ///   - limit: So many at most.
    public func events(
        ofQuery query: UUID? = nil, after id: Int64 = 0, limit: Int = 1000
    ) throws(MetricsStoreError) -> [StoredEvent] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, query_name, sequence, timestamp_ms, topic, partition, offset, json FROM events
                    WHERE id > ? AND (? IS NULL OR query_id = ?) ORDER BY id LIMIT ?
                    """,
                arguments: [id, query?.uuidString.lowercased(), query?.uuidString.lowercased(), limit])
            return rows.map { row in
                StoredEvent(
                    id: row[0], queryName: row[1], sequence: (row[2] as Int64?).map { UInt64(bitPattern: $0) },
                    timestampMs: row[3], partition: TopicPartition(topic: row[4], partition: row[5]), offset: row[6],
                    json: row[7])
            }
        }
    }

    /// The sequence numbers that are missing between the first and the last stored event of each run. Numbers are counted
    /// over all kinds, so a store of only one of the two topics has holes that are no losses.
    public func gaps() throws(MetricsStoreError) -> [SequenceGap] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT query_id, run_id, previous + 1, sequence - 1 FROM (
                        SELECT query_id, run_id, sequence,
                            lag(sequence) OVER (PARTITION BY query_id, run_id ORDER BY sequence) AS previous
                        FROM events WHERE sequence IS NOT NULL)
                    WHERE sequence > previous + 1 ORDER BY query_id, run_id, sequence
                    """)
            return rows.compactMap { row in
                guard let query = UUID(uuidString: row[0]), let run = UUID(uuidString: row[1]) else { return nil }
                let (first, last): (Int64, Int64) = (row[2], row[3])
                return SequenceGap(
                    queryId: query, runId: run, missing: UInt64(bitPattern: first)...UInt64(bitPattern: last))
            }
        }
    }

    /// Ranges of records that the broker had no more when they were to be read.
    public func lostRecords() throws(MetricsStoreError) -> [LogGap] {
        try read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT topic, partition, cause, position, resumes_at FROM lost ORDER BY id")
            return rows.compactMap { row in
                guard let cause = LogGap.Cause(rawValue: row[2]) else { return nil }
                return LogGap(
                    partition: TopicPartition(topic: row[0], partition: row[1]), cause: cause, position: row[3],
                    resumesAt: row[4])
            }
        }
    }

    /// The records that hold no event.
    public func unreadableRecords(limit: Int = 1000) throws(MetricsStoreError) -> [MetricsRecord.Unreadable] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT reason, topic, partition, offset, value, key FROM unreadable ORDER BY id LIMIT ?",
                arguments: [limit])
            return rows.map { row in
                MetricsRecord.Unreadable(
                    reason: row[0], topic: row[1], partition: row[2], offset: row[3],
                    bytes: (row[4] as Data?).map { Array($0) }, key: (row[5] as Data?).map { Array($0) })
            }
        }
    }
}
