public import FoundationEssentials
import GRDB
public import LiveMonitoring
public import Monitoring

/// The JSON of batches.
extension HistoryReader {
    /// Batches of a query whose JSON is kept, the newest first; nil for a query of which nothing is kept.
    ///
    /// - Parameters:
    ///   - start: Triggers that started at this time or later; nil is as far back as there is something.
    ///   - end: Up to this time; nil is the newest there is.
    ///   - limit: So many at most.
    public func batches(
        of id: UUID, from start: MonitorTime?, through end: MonitorTime?, limit: Int
    ) throws(HistoryError) -> [BatchKey]? {
        try read { try Self.batches(of: id, from: start, through: end, limit: limit, $0) }
    }

    /// A batch's progress as Spark's JSON; nil where it is not kept any more or never was.
    public func progressJSON(of id: UUID, runId: UUID, batchId: Int64) throws(HistoryError) -> [UInt8]? {
        try read { try Self.progressJSON(of: id, runId, batchId, $0) }
    }

    static func batches(
        of id: UUID, from start: MonitorTime?, through end: MonitorTime?, limit: Int, _ database: Database
    ) throws -> [BatchKey]? {
        guard let query = try number(of: id, database) else { return nil }
        guard try HistorySchema.hasTexts(database) else { return [] }
        let first = start?.millisecondsSinceEpoch ?? .min
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH RECURSIVE slots(slot) AS (
                    SELECT max(slot) FROM texts WHERE slot <= :end
                    UNION ALL
                    SELECT (SELECT max(slot) FROM texts WHERE slot < slots.slot) FROM slots WHERE slots.slot > :first)
                SELECT runs.run_id, texts.batch, texts.time FROM slots
                    CROSS JOIN texts ON texts.slot = slots.slot AND texts.query = :query
                    JOIN runs ON runs.id = texts.run
                WHERE texts.time >= :start AND texts.time <= :end
                ORDER BY texts.time DESC, texts.batch DESC LIMIT :limit
                """,
            arguments: [
                "first": max(first, Int64.min + HistorySchema.slot).floored(to: HistorySchema.slot), "start": first,
                "end": end?.millisecondsSinceEpoch ?? .max, "query": query, "limit": limit,
            ])
        return rows.compactMap { row in
            UUID(uuidString: row[0]).map {
                BatchKey(runId: $0, batchId: row[1], time: MonitorTime(millisecondsSinceEpoch: row[2]))
            }
        }
    }

    /// A run's batches lie between its first and its last trigger; of two with one number the newest counts.
    static func progressJSON(of id: UUID, _ runId: UUID, _ batchId: Int64, _ database: Database) throws -> [UInt8]? {
        guard try HistorySchema.hasTexts(database), let query = try number(of: id, database) else { return nil }
        let row = try Row.fetchOne(
            database,
            sql: """
                WITH RECURSIVE run(number, first, last) AS (
                    SELECT id, first_ms, last_ms FROM runs WHERE query = :query AND run_id = :run),
                slots(slot) AS (
                    SELECT max(slot) FROM texts, run WHERE slot <= run.last
                    UNION ALL
                    SELECT (SELECT max(slot) FROM texts WHERE slot < slots.slot) FROM slots, run
                    WHERE slots.slot > run.first - \(HistorySchema.slot))
                SELECT models.text, texts.count, texts.packed FROM slots CROSS JOIN run
                    CROSS JOIN texts ON texts.slot = slots.slot AND texts.query = :query
                        AND texts.run = run.number AND texts.batch = :batch
                    LEFT JOIN models ON models.id = texts.model
                LIMIT 1
                """, arguments: ["query": query, "run": runId.uuidString.lowercased(), "batch": batchId])
        guard let row else { return nil }
        return TextTable.text(
            model: (row[0] as Data?).map { [UInt8]($0) }, count: row[1], packed: [UInt8](row[2] as Data))
    }

    private static func number(of id: UUID, _ database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database, sql: "SELECT id FROM queries WHERE query_id = ?", arguments: [id.uuidString.lowercased()])
    }
}
