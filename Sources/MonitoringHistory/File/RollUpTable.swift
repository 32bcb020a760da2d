import FoundationEssentials
import GRDB

/// The roll-ups of one length, as a writer adds to them.
///
/// The newest of each query is kept at hand, since nearly every trigger falls into it. What is kept is right only as long as every
/// transaction goes well.
struct RollUpTable {
    struct Key: Hashable {
        var time: Int64
        var query: Int64
    }

    /// Beyond so many queries all are asked for again.
    private static let maximum = 20_000
    let name: String
    /// Milliseconds of one roll-up.
    let length: Int64
    private var newest: [Int64: (time: Int64, rollUp: RollUp)] = [:]
    private var added: [Key: RollUp] = [:]

    init(_ name: String, length: Int64) {
        self.name = name
        self.length = length
    }

    mutating func add(_ figures: RollUp, of query: Int64, at time: Int64) {
        added[Key(time: time.floored(to: length), query: query), default: RollUp()].add(figures)
    }

    /// Writes what was added.
    mutating func flush(_ database: Database) throws {
        guard !added.isEmpty else { return }
        let insertion = try database.cachedStatement(sql: self.insertion)
        let selection = try database.cachedStatement(sql: RollUpRow.selection(name) + " WHERE time = ? AND query = ?")
        // In the order of the table, so that each page is written once.
        for (key, more) in added.sorted(by: { ($0.key.time, $0.key.query) < ($1.key.time, $1.key.query) }) {
            var rollUp = RollUp()
            if let known = newest[key.query], known.time == key.time {
                rollUp = known.rollUp
            } else if let row = try Row.fetchOne(selection, arguments: [key.time, key.query]) {
                rollUp = try RollUpRow(row).rollUp
            }
            rollUp.add(more)
            try insertion.execute(arguments: RollUpRow(time: key.time, query: key.query, rollUp: rollUp).arguments)
            if newest[key.query].map({ $0.time <= key.time }) ?? true { newest[key.query] = (key.time, rollUp) }
        }
        added.removeAll(keepingCapacity: true)
        if newest.count > Self.maximum { newest.removeAll() }
    }

    /// Deletes what ended before a time.
    mutating func delete(before cut: Int64, _ database: Database) throws -> Int {
        let first = cut.floored(to: length)
        try database.execute(sql: "DELETE FROM \(name) WHERE time < ?", arguments: [first])
        if database.changesCount > 0 { newest = newest.filter { $0.value.time >= first } }
        return database.changesCount
    }

    private var insertion: String {
        let marks = repeatElement("?", count: RollUpRow.columns.count).joined(separator: ", ")
        return "INSERT OR REPLACE INTO \(name) (\(RollUpRow.columns.joined(separator: ", "))) VALUES (\(marks))"
    }
}

/// A row of minutes or hours.
struct RollUpRow {
    static let columns = ["time", "query", "triggers", "batches"] + HistorySchema.rollUpColumns + ["phases"]
    var time: Int64
    var query: Int64
    var rollUp: RollUp

    init(time: Int64, query: Int64, rollUp: RollUp) {
        self.time = time
        self.query = query
        self.rollUp = rollUp
    }

    static func selection(_ table: String) -> String {
        "SELECT \(columns.map { "\(table).\($0)" }.joined(separator: ", ")) FROM \(table)"
    }

    init(_ row: Row) throws {
        (time, query) = (try row.whole(0), try row.whole(1))
        rollUp = RollUp()
        (rollUp.triggers, rollUp.batches) = (try row.whole(2), try row.whole(3))
        for place in rollUp.summaries.indices {
            let base = 4 + 4 * place
            guard let count = try row.wholeIfKnown(base) else { continue }
            rollUp.summaries[place] = RollUp.Summary(
                count: count, sum: try row.whole(base + 1), least: try row.whole(base + 2),
                greatest: try row.whole(base + 3))
        }
        rollUp.phases = try PhaseSums(ofColumn: Self.columns.count - 1, row)
    }

    var arguments: StatementArguments {
        var values: [(any DatabaseValueConvertible)?] = [time, query, rollUp.triggers, rollUp.batches]
        values.reserveCapacity(Self.columns.count)
        for summary in rollUp.summaries {
            if summary.count > 0 {
                values += [summary.count, summary.sum, summary.least, summary.greatest] as [Int64]
            } else {
                for _ in 0..<4 { values.append(nil) }
            }
        }
        values.append(Data(rollUp.phases.bytes))
        return StatementArguments(values)
    }
}

extension PhaseSums {
    init(ofColumn column: Int, _ row: Row) throws {
        guard let bytes = Data.fromDatabaseValue(row[column]), let sums = PhaseSums(bytes: bytes) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row has phases that are none")
        }
        self = sums
    }
}

extension Row {
    /// A whole number. What a broken file has in its place is an error and no trap.
    func whole(_ column: Int) throws -> Int64 {
        guard let value = try wholeIfKnown(column) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row has no number where one must be")
        }
        return value
    }

    /// A whole number, or none.
    func wholeIfKnown(_ column: Int) throws -> Int64? {
        let value: DatabaseValue = self[column]
        if value.isNull { return nil }
        guard let number = Int64.fromDatabaseValue(value) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row has no number where one must be")
        }
        return number
    }
}
