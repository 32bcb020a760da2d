public import FoundationEssentials
import GRDB
public import LiveMonitoring
public import Monitoring

/// A query of which a history holds something.
public struct HistoryQuery: Sendable, Hashable {
    /// Its identity.
    public var id: UUID
    /// Its name, that of its last run with one.
    public var name: String?
    /// Runs that are known.
    public var runs: Int
    /// The earliest time that its events tell.
    public var firstAt: MonitorTime?
    /// The latest time that its events tell.
    public var lastAt: MonitorTime?
    /// Whether its last run has ended.
    public var hasEnded: Bool
    /// The error class or the first line of the error with which it ended.
    public var failure: String?
    let number: Int64
}

/// One trigger, or several rolled up.
public struct HistoryRow: Sendable, Hashable {
    /// When the trigger started, or where the time of the several begins.
    public var time: MonitorTime
    /// The run; nil for a roll-up.
    public var runId: UUID?
    /// The batch's number; nil for a roll-up, and before Spark 2.3.
    public var batchId: Int64?
    /// The figures.
    public var figures: RollUp
    /// Mean seconds of a trigger by phase.
    public var phaseSeconds: [String: Double]
}

/// What was found between two times, the oldest first.
public struct HistoryRows: Sendable, Hashable {
    /// Seconds that a row is about; 0 where each is a trigger.
    public var stepSeconds: Int64
    /// The rows.
    public var rows: [HistoryRow] = []
    /// Whether older rows are left out.
    public var isCut = false
    /// The time since which rows of this length are kept, where older ones were asked for; nil where all there ever were are told.
    public var keptFrom: MonitorTime?
}

/// Reads a history, also while another process writes it.
///
/// ```swift
/// let history = try HistoryReader(path: "history.db")
/// for query in try history.queries() {
///     print(query.name ?? "-", try history.rows(of: query, HistoryRange(step: .seconds(3600)), now: now).rows.count)
/// }
/// ```
public final class HistoryReader: Sendable {
    /// The file.
    public let path: String
    let limits: HistoryLimits
    let database: any DatabaseReader

    /// Opens a file for reading; nothing beside it has to be written, unless a writer has left its log there.
    ///
    /// - Throws: ``HistoryError`` when there is none, or it is no history, or was made by a later version.
    public init(path: String) throws(HistoryError) {
        self.path = path
        limits = HistoryLimits()
        do {
            database = try HistoryOpening.open(path)
        } catch {
            throw HistoryError(error, "open", path: path)
        }
    }

    init(_ database: any DatabaseReader, path: String, limits: HistoryLimits) {
        self.database = database
        self.path = path
        self.limits = limits
    }

    /// Every query that is kept, in the order of names and then ids.
    public func queries() throws(HistoryError) -> [HistoryQuery] {
        try read { try Self.queries($0) }
    }

    /// A query's rows in a range of time.
    ///
    /// - Parameter now: What the clock says; events that claim to be later make nothing old.
    public func rows(
        of query: HistoryQuery, _ range: HistoryRange, now: MonitorTime
    ) throws(HistoryError) -> HistoryRows {
        try read { try HistorySelection($0, self.limits, now: now).rows(of: query, range) }
    }

    /// A query's changes of state from one time to another, with the last one before; the newest, so many at most.
    public func transitions(
        of query: HistoryQuery, from start: MonitorTime?, through end: MonitorTime?, limit: Int = 1000
    ) throws(HistoryError) -> [QueryTransition] {
        try read { try Self.transitions(of: query, from: start, through: end, limit: limit, $0) }
    }

    func read<T>(_ work: (Database) throws -> T) throws(HistoryError) -> T {
        do {
            return try database.read(work)
        } catch {
            throw HistoryError(error, "read", path: path)
        }
    }

    // MARK: Queries

    /// Of several runs at one time the one with the greater id is the last, so that the answer does not depend on which came first.
    static func queries(_ database: Database, id: UUID? = nil) throws -> [HistoryQuery] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT queries.id, query_id, runs.name, first_ms, last_ms, has_ended, error_class, error
                FROM queries JOIN runs ON runs.query = queries.id
                WHERE ? IS NULL OR query_id = ?
                ORDER BY query_id, ifnull(last_ms, heard_ms), run_id
                """, arguments: [id?.uuidString.lowercased(), id?.uuidString.lowercased()])
        var queries: [HistoryQuery] = []
        for row in rows {
            guard let id = UUID(uuidString: row[1]) else { continue }
            if queries.last?.id != id {
                queries.append(HistoryQuery(id: id, runs: 0, hasEnded: false, number: row[0]))
            }
            let place = queries.count - 1
            queries[place].runs += 1
            if let name = row[2] as String? { queries[place].name = name }
            func time(_ column: Int) -> MonitorTime? {
                (row[column] as Int64?).map { MonitorTime(millisecondsSinceEpoch: $0) }
            }
            if let first = time(3) { queries[place].firstAt = min(queries[place].firstAt ?? first, first) }
            if let last = time(4) { queries[place].lastAt = max(queries[place].lastAt ?? last, last) }
            queries[place].hasEnded = row[5]
            let error = (row[7] as String?)?.split(whereSeparator: \.isNewline).first.map(String.init)
            queries[place].failure = row[6] as String? ?? error
        }
        return queries.sorted { ($0.name ?? "", $0.id.uuidString) < ($1.name ?? "", $1.id.uuidString) }
    }

    // MARK: Runs and states

    /// When runs after the first began.
    static func restarts(
        of query: HistoryQuery, from start: Int64, through end: Int64, _ database: Database
    ) throws -> [MonitorTime] {
        let times = try Int64.fetchAll(
            database,
            sql: """
                SELECT ifnull(started_ms, first_ms) AS began FROM runs WHERE query = ? AND began IS NOT NULL ORDER BY began
                """, arguments: [query.number])
        return times.dropFirst().filter { start <= $0 && $0 <= end }.suffix(500)
            .map { MonitorTime(millisecondsSinceEpoch: $0) }
    }

    static func transitions(
        of query: HistoryQuery, from start: MonitorTime?, through end: MonitorTime?, limit: Int, _ database: Database
    ) throws -> [QueryTransition] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT run_id, from_state, to_state, time, reason FROM transitions
                WHERE query = ? AND time <= ?
                    AND time >= ifnull((SELECT max(time) FROM transitions WHERE query = ? AND time <= ?), ?)
                ORDER BY time DESC, number DESC LIMIT ?
                """,
            arguments: [
                query.number, end?.millisecondsSinceEpoch ?? .max, query.number,
                start?.millisecondsSinceEpoch ?? .min, Int64.min, limit,
            ])
        return rows.reversed().map { row in
            QueryTransition(
                id: query.id, runId: (row[0] as String?).flatMap { UUID(uuidString: $0) },
                from: QueryState(rawValue: row[1]) ?? .unknown, to: QueryState(rawValue: row[2]) ?? .unknown,
                at: MonitorTime(millisecondsSinceEpoch: row[3]), reason: row[4])
        }
    }
}
