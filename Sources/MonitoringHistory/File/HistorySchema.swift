import GRDB

/// The tables of a history, and how a file is known to be one.
///
///     queries      number ⇄ id
///     runs         one row a run: when, how it ended, and which of its batches are in the history
///     phases       number ⇄ Spark's name of a phase
///     points       one row a trigger of the last day
///     minutes      one row a query and minute of the last month: for each measure count, sum, least, greatest
///     hours        the same of the last year
///     models       texts of batches that others are like
///     texts        the JSON of the batches of the last day, as what differs from a model; since version 2
///     transitions  changes of state, as they were seen
///     meta         newest_ms: the newest trigger; taken_through_ms: when the last event came; raw_from_ms, minutes_from_ms: where
///                  the file's size took away what its age would have left
///
/// The rows of points lie in slots of ten seconds, minutes and hours in the order of time, so that what all queries tell in one second
/// is written into few pages; a query's rows are found by going from slot to slot.
///
/// `application_id` tells a history from other SQLite files, `user_version` is the version of the tables.
enum HistorySchema {
    static let version = 2
    /// "SGhi" in ASCII.
    static let applicationId = 0x5347_6869
    /// Milliseconds of points that lie together.
    static let slot: Int64 = 10_000
    /// Bytes of a batch's JSON at most; no event is longer.
    static let longestText = 64 << 20
    /// A larger file is not read through when it is opened; what is broken in it shows when it is used.
    private static let checkedBytes = 64 << 20

    /// Makes the tables in an empty file; refuses a file that is none of ours or cannot be trusted.
    static func prepare(_ database: Database, path: String) throws {
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        let (id, version) = try marks(of: database)
        if id == 0, version == 0, tables == 0 { return try create(in: database) }
        try check(database, path: path)
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        guard pages * pageSize <= checkedBytes else { return }
        let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
        if finding != "ok" { throw HistoryError(.damaged, "open", path: path, "it is broken: \(finding)") }
    }

    /// Refuses a file that is no history, or one of a later version.
    static func check(_ database: Database, path: String) throws {
        let (id, version) = try marks(of: database)
        if id == 0, version == 0, try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0 {
            throw HistoryError(.notAHistory, "open", path: path, "it is empty: nothing has been recorded in it")
        }
        guard id == applicationId else {
            throw HistoryError(.notAHistory, "open", path: path, "it is another program's database")
        }
        guard version <= self.version else {
            throw HistoryError(
                .newerVersion, "open", path: path,
                "its tables have version \(version), and this library knows \(self.version)")
        }
    }

    private static func marks(of database: Database) throws -> (id: Int, version: Int) {
        (
            try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
            try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        )
    }

    private static func create(in database: Database) throws {
        // Only an empty file takes this: pages that become free can then be given back.
        try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.inTransaction(.exclusive) {
            // Another process may have been faster.
            if try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0 {
                try database.execute(sql: tables)
                try database.execute(sql: "PRAGMA application_id = \(applicationId)")
                try database.execute(sql: "PRAGMA user_version = \(version)")
            }
            return .commit
        }
    }

    /// Makes a file of version 1 one of this version: what it lacks are the texts of batches and some measures.
    ///
    /// To be called by who has the writer's lock: a program of before that writes to it would not know it any more.
    static func moveOn(_ database: Database) throws {
        guard try marks(of: database).version < version else { return }
        try database.inTransaction(.exclusive) {
            if try marks(of: database).version < version {
                try database.execute(sql: texts)
                for (table, columns) in [("points", laterColumns), ("minutes", laterRollUps), ("hours", laterRollUps)] {
                    for column in columns {
                        try database.execute(sql: "ALTER TABLE \(table) ADD COLUMN \(column) INTEGER")
                    }
                }
                try database.execute(sql: "PRAGMA user_version = \(version)")
            }
            return .commit
        }
    }

    /// Whether a file has the texts of batches.
    static func hasTexts(_ database: Database) throws -> Bool { try marks(of: database).version >= 2 }

    /// What to select of a table: of a file of version 1, which is only read, nothing where it has no such column.
    static func selected(_ columns: [String], of table: String, _ database: Database) throws -> [String] {
        let later = try marks(of: database).version < 2 ? Set(laterColumns + laterRollUps) : []
        return columns.map { later.contains($0) ? "NULL" : "\(table).\($0)" }
    }

    // MARK: Columns

    /// The columns of a point's measures.
    static let pointColumns = HistoryMeasure.allCases.map(\.column)
    /// The columns of a roll-up's measures, four of each.
    static let rollUpColumns = HistoryMeasure.allCases.flatMap(rollUp)

    private static func rollUp(_ measure: HistoryMeasure) -> [String] {
        ["count", "sum", "least", "greatest"].map { "\(measure.column)_\($0)" }
    }

    private static let laterColumns = HistoryMeasure.later.map(\.column)
    private static let laterRollUps = HistoryMeasure.later.flatMap(rollUp)

    private static func rollUps(_ name: String) -> String {
        """
        CREATE TABLE \(name) (
            time INTEGER NOT NULL,
            query INTEGER NOT NULL,
            triggers INTEGER NOT NULL,
            batches INTEGER NOT NULL,
            \(rollUpColumns.map { "\($0) INTEGER" }.joined(separator: ",\n    ")),
            phases BLOB NOT NULL,
            PRIMARY KEY (time, query)
        ) STRICT, WITHOUT ROWID;
        """
    }

    private static let texts = """
        CREATE TABLE models (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run INTEGER NOT NULL,
            slot INTEGER NOT NULL,
            text BLOB NOT NULL
        ) STRICT;
        CREATE INDEX models_by_run ON models (run, id);
        CREATE INDEX models_by_slot ON models (slot);
        CREATE TABLE texts (
            slot INTEGER NOT NULL,
            query INTEGER NOT NULL,
            time INTEGER NOT NULL,
            run INTEGER NOT NULL,
            batch INTEGER NOT NULL,
            model INTEGER,
            count INTEGER NOT NULL,
            packed BLOB NOT NULL,
            PRIMARY KEY (slot, query, time, run, batch)
        ) STRICT, WITHOUT ROWID;
        """

    private static let tables = """
        \(texts)
        CREATE TABLE queries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            query_id TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            query INTEGER NOT NULL,
            run_id TEXT NOT NULL,
            name TEXT,
            started_ms INTEGER,
            first_ms INTEGER,
            last_ms INTEGER,
            heard_ms INTEGER NOT NULL,
            has_ended INTEGER NOT NULL DEFAULT 0,
            error_class TEXT,
            error TEXT,
            batches TEXT NOT NULL DEFAULT '',
            unnumbered_through_ms INTEGER,
            UNIQUE (query, run_id)
        ) STRICT;
        CREATE TABLE phases (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TABLE points (
            slot INTEGER NOT NULL,
            query INTEGER NOT NULL,
            time INTEGER NOT NULL,
            run INTEGER NOT NULL,
            batch INTEGER NOT NULL,
            ran_batch INTEGER NOT NULL,
            \(pointColumns.map { "\($0) INTEGER" }.joined(separator: ",\n    ")),
            phases BLOB NOT NULL,
            PRIMARY KEY (slot, query, time, run, batch)
        ) STRICT, WITHOUT ROWID;
        \(rollUps("minutes"))
        \(rollUps("hours"))
        CREATE TABLE transitions (
            query INTEGER NOT NULL,
            time INTEGER NOT NULL,
            number INTEGER NOT NULL,
            run_id TEXT,
            from_state TEXT NOT NULL,
            to_state TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (query, time, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
