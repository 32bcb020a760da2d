import GRDB

/// The tables of a store, and how a file is known to be one.
///
///     events      one row an event: who, what, where it came from, its JSON
///     offsets     for each partition the offset at which reading goes on
///     unreadable  records that hold no event, with the reason
///     lost        records that the broker had no more when they were to be read
///
/// `application_id` tells a store from other SQLite files, `user_version` is the version of the tables.
enum StoreSchema {
    static let version = 1
    /// "SGms" in ASCII.
    static let applicationId = 0x5347_6D73
    /// A larger file is not read through when it is opened; what is broken in it shows when it is used.
    private static let checkedBytes = 64 << 20

    /// Makes the tables in an empty file; refuses a file that is none of ours or cannot be trusted.
    static func prepare(_ database: Database, path: String) throws {
        let id = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if id == 0, version == 0, tables == 0 { return try create(in: database) }
        guard id == applicationId else {
            throw refusal(.notAStore, path, "it is another program's database")
        }
        guard version <= self.version else {
            throw refusal(
                .newerVersion, path, "its tables have version \(version), and this library knows \(self.version)")
        }
        let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let pageSize = try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0
        guard pages * pageSize <= checkedBytes else { return }
        let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
        if finding != "ok" { throw refusal(.damaged, path, "it is broken: \(finding)") }
    }

    private static func refusal(_ code: MetricsStoreError.Code, _ path: String, _ reason: String) -> MetricsStoreError {
        MetricsStoreError(code: code, message: "cannot open the store \(path): \(reason); \(code.hint)")
    }

    private static func create(in database: Database) throws {
        // Safe against a reader that dies at any moment: the log is synced with every transaction.
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

    /// An event with a sequence number is there once under it, a progress without one once under its text.
    private static let tables = """
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            query_id TEXT NOT NULL,
            run_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            batch_id INTEGER,
            sequence INTEGER,
            query_name TEXT,
            timestamp_ms INTEGER,
            topic TEXT NOT NULL,
            partition INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            digest INTEGER,
            json TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX events_by_sequence ON events (query_id, run_id, sequence, kind, ifnull(batch_id, -1))
            WHERE sequence IS NOT NULL;
        CREATE UNIQUE INDEX events_by_text ON events (query_id, run_id, batch_id, digest)
            WHERE digest IS NOT NULL;
        CREATE TABLE offsets (
            topic TEXT NOT NULL,
            partition INTEGER NOT NULL,
            next_offset INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE unreadable (
            id INTEGER PRIMARY KEY,
            topic TEXT NOT NULL,
            partition INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            reason TEXT NOT NULL,
            key BLOB,
            value BLOB
        ) STRICT;
        CREATE TABLE lost (
            id INTEGER PRIMARY KEY,
            topic TEXT NOT NULL,
            partition INTEGER NOT NULL,
            cause TEXT NOT NULL,
            position INTEGER NOT NULL,
            resumes_at INTEGER NOT NULL
        ) STRICT;
        """
}
