import FoundationEssentials
import GRDB
import Monitoring

/// The queries and runs that a writer has to do with, as the file has them and as they will be with its next transaction.
///
/// What it keeps is right only as long as every transaction goes well; after one that did not, it must begin anew.
struct RunTable {
    struct Key: Hashable {
        var query: Int64
        var run: UUID
    }

    struct Run {
        var row: Int64
        var name: String?
        var startedMs: Int64?
        var firstMs: Int64?
        var lastMs: Int64?
        var heardMs: Int64
        var hasEnded = false
        var errorClass: String?
        var error: String?
        var batches = BatchRanges()
        /// Triggers without a number of their own, up to this time, are in the history though their points are gone.
        var unnumberedThroughMs: Int64?
        var isChanged = false

        /// Notes a time of the run by its own words.
        mutating func widen(from first: Int64, through last: Int64) {
            if firstMs.map({ first < $0 }) ?? true { (firstMs, isChanged) = (first, true) }
            if lastMs.map({ $0 < last }) ?? true { (lastMs, isChanged) = (last, true) }
        }

        mutating func name(_ name: String?) {
            guard let name, self.name == nil else { return }
            (self.name, isChanged) = (name, true)
        }
    }

    /// Beyond so many all are forgotten, and asked for again.
    private static let maximum = 50_000
    private var queries: [UUID: Int64] = [:]
    private var runs: [Key: Run] = [:]
    private var changed: [Key] = []

    /// The number of a query.
    mutating func query(_ id: UUID, _ database: Database) throws -> Int64 {
        if let row = queries[id] { return row }
        let text = id.uuidString.lowercased()
        var row = try Int64.fetchOne(database, sql: "SELECT id FROM queries WHERE query_id = ?", arguments: [text])
        if row == nil {
            try database.execute(sql: "INSERT INTO queries (query_id) VALUES (?)", arguments: [text])
            row = database.lastInsertedRowID
        }
        queries[id] = row
        return row ?? 0
    }

    /// Changes a run, which is made where there is none.
    mutating func change<Result>(
        _ key: Key, heardAt time: Int64, _ database: Database, _ change: (inout Run) throws -> Result
    ) throws -> Result {
        if runs[key] == nil { runs[key] = try load(key, heardAt: time, database) }
        let place = runs.index(forKey: key)
        guard let place else { throw DatabaseError(message: "run \(key.run) cannot be made") }
        let wasChanged = runs.values[place].isChanged
        if runs.values[place].heardMs < time { runs.values[place].heardMs = time }
        let result = try change(&runs.values[place])
        if !wasChanged, runs.values[place].isChanged { changed.append(key) }
        return result
    }

    private func load(_ key: Key, heardAt time: Int64, _ database: Database) throws -> Run {
        let id = key.run.uuidString.lowercased()
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT id, name, started_ms, first_ms, last_ms, heard_ms, has_ended, error_class, error, batches,
                    unnumbered_through_ms
                FROM runs WHERE query = ? AND run_id = ?
                """, arguments: [key.query, id])
        guard let row else {
            try database.execute(
                sql: "INSERT INTO runs (query, run_id, heard_ms) VALUES (?, ?, ?)", arguments: [key.query, id, time])
            return Run(row: database.lastInsertedRowID, heardMs: time)
        }
        guard let batches = BatchRanges(text: row[9]) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "run \(id) has batches that are no ranges")
        }
        return Run(
            row: row[0], name: row[1], startedMs: row[2], firstMs: row[3], lastMs: row[4], heardMs: row[5],
            hasEnded: row[6], errorClass: row[7], error: row[8], batches: batches, unnumberedThroughMs: row[10])
    }

    /// Writes what has changed.
    mutating func flush(_ database: Database) throws {
        let update = try database.cachedStatement(
            sql: """
                UPDATE runs SET name = ?, started_ms = ?, first_ms = ?, last_ms = ?, heard_ms = ?, has_ended = ?,
                    error_class = ?, error = ?, batches = ?, unnumbered_through_ms = ?
                WHERE id = ?
                """)
        for key in changed {
            guard let place = runs.index(forKey: key) else { continue }
            let run = runs.values[place]
            try update.execute(arguments: [
                run.name?.storable, run.startedMs, run.firstMs, run.lastMs, run.heardMs, run.hasEnded,
                run.errorClass?.storable, run.error?.storable, run.batches.text, run.unnumberedThroughMs, run.row,
            ])
            runs.values[place].isChanged = false
        }
        changed.removeAll(keepingCapacity: true)
        if runs.count > Self.maximum { forget() }
    }

    /// Asks the file again from now on; to be called when nothing waits to be written.
    mutating func forget() {
        queries.removeAll()
        runs.removeAll()
    }
}
