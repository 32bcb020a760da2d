import GRDB
import Monitoring

/// Takes out of a history what is too old, and of a file that is too large the oldest.
///
/// Ages count from the newest trigger and not from the clock: a clock that is set forward makes nothing old, and a recording of last
/// year is as good as one of today. Triggers that claim to be later than the clock count as now.
struct HistoryRetention {
    /// Between two looks, in the time of events, and entries between two where that stands still.
    private static let interval: Int64 = 60_000
    private static let entriesBetween = 50_000
    /// Free pages below this are left for what comes next.
    private static let spareBytes: Int64 = 4 << 20

    let limits: HistoryLimits
    private var lastPresent: Int64?
    private var entriesSince = 0
    private var hasFreed = false

    init(_ limits: HistoryLimits) { self.limits = limits }

    /// From when on points, minutes and hours are kept, in milliseconds.
    struct Horizons {
        var raw: Int64
        var minutes: Int64
        var hours: Int64

        init(_ limits: HistoryLimits, newest: Int64, wall: MonitorTime) {
            let present = min(newest, wall.millisecondsSinceEpoch)
            raw = present.addingSaturated(-limits.raw.milliseconds)
            minutes = present.addingSaturated(-limits.minutes.milliseconds)
            hours = present.addingSaturated(-limits.hours.milliseconds)
        }
    }

    mutating func isDue(newest: Int64, wall: MonitorTime, entries: Int) -> Bool {
        entriesSince += entries
        if entriesSince >= Self.entriesBetween { return true }
        let present = min(newest, wall.millisecondsSinceEpoch)
        // Also where the clock was set back.
        return lastPresent.map { abs(present.addingSaturated(-$0)) >= Self.interval } ?? true
    }

    /// Deletes within the transaction that is open.
    ///
    /// - Returns: Whether runs or queries have changed.
    mutating func apply(
        _ database: Database, newest: Int64, wall: MonitorTime, _ minutes: inout RollUpTable, _ hours: inout RollUpTable
    ) throws -> Bool {
        let horizons = Horizons(limits, newest: newest, wall: wall)
        let present = min(newest, wall.millisecondsSinceEpoch)
        (lastPresent, entriesSince) = (present, 0)
        var isChanged = try deletePoints(before: horizons.raw, database)
        isChanged = try deleteTexts(before: horizons.raw, database) || isChanged
        if try minutes.delete(before: horizons.minutes, database) > 0 { hasFreed = true }
        if try hours.delete(before: horizons.hours, database) > 0 {
            hasFreed = true
            isChanged = try deleteRuns(before: horizons.hours, database) || isChanged
        }
        return try shrink(database, present, &minutes, &hours) || isChanged
    }

    /// Gives pages back, outside a transaction.
    mutating func settle(_ database: Database) throws {
        guard hasFreed else { return }
        hasFreed = false
        let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
        let free = try Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        let spare = min(Self.spareBytes, limits.maximumBytes / 8) / pageSize
        if free > spare { try database.execute(sql: "PRAGMA incremental_vacuum(\(free - spare))") }
    }

    // MARK: Age

    /// Deletes the slots that end before a time. Triggers without a number of their own are told by their time from now on.
    ///
    /// - Returns: Whether runs have changed.
    private mutating func deletePoints(before cut: Int64, _ database: Database) throws -> Bool {
        let first = cut.floored(to: HistorySchema.slot)
        let gone = try Row.fetchAll(
            database,
            sql: "SELECT run, max(time) FROM points WHERE slot < ? AND (ran_batch = 0 OR batch < 0) GROUP BY run",
            arguments: [first])
        for row in gone {
            let (run, time): (Int64, Int64) = (row[0], row[1])
            try database.execute(
                sql: """
                    UPDATE runs SET unnumbered_through_ms = max(?, ifnull(unnumbered_through_ms, ?)) WHERE id = ?
                    """, arguments: [time, time, run])
        }
        try database.execute(sql: "DELETE FROM points WHERE slot < ?", arguments: [first])
        if database.changesCount > 0 { hasFreed = true }
        return !gone.isEmpty
    }

    /// - Returns: Whether models have changed.
    private mutating func deleteTexts(before cut: Int64, _ database: Database) throws -> Bool {
        let found = try TextTable.delete(before: cut.floored(to: HistorySchema.slot), database)
        if found.hasFreed { hasFreed = true }
        return found.areModelsGone
    }

    /// Whole hours, so that no hour of a query is left behind that nobody knows any more.
    private func deleteRuns(before cut: Int64, _ database: Database) throws -> Bool {
        let cut = cut.floored(to: 3_600_000)
        try database.execute(
            sql: "DELETE FROM transitions WHERE time < ?", arguments: [cut])
        try database.execute(
            sql: "DELETE FROM runs WHERE ifnull(last_ms, heard_ms) < ?", arguments: [cut])
        guard database.changesCount > 0 else { return false }
        try database.execute(sql: "DELETE FROM queries WHERE id NOT IN (SELECT query FROM runs)")
        return true
    }

    // MARK: Size

    /// What goes, in this order, until what is left fits: of each table an eighth of the time that it spans, again and again, but for
    /// its end. Texts go first, being the largest; hours go last: they are few and tell most.
    private static let stages: [(table: String, keeping: Duration)] = [
        ("texts", .seconds(600)), ("points", .seconds(3600)), ("minutes", .seconds(86_400)), ("points", .seconds(600)),
        ("minutes", .seconds(3600)), ("hours", .seconds(3600)),
    ]

    private mutating func shrink(
        _ database: Database, _ present: Int64, _ minutes: inout RollUpTable, _ hours: inout RollUpTable
    ) throws -> Bool {
        var isChanged = false
        for (table, least) in Self.stages {
            while try usedBytes(database) > limits.maximumBytes,
                let cut = try cut(of: table, keeping: least, present, database)
            {
                hasFreed = true
                switch table {
                case "points":
                    isChanged = try deletePoints(before: cut, database) || isChanged
                    try note("raw_from_ms", cut, database)
                case "texts": isChanged = try deleteTexts(before: cut, database) || isChanged
                case "minutes":
                    _ = try minutes.delete(before: cut, database)
                    try note("minutes_from_ms", cut, database)
                default:
                    _ = try hours.delete(before: cut, database)
                    let gone = min(cut, present.addingSaturated(-limits.raw.milliseconds))
                    isChanged = try deleteRuns(before: gone, database) || isChanged
                }
            }
        }
        return isChanged
    }

    /// From when on there is something, where that is later than its age would have it.
    private func note(_ name: String, _ cut: Int64, _ database: Database) throws {
        try database.execute(sql: "INSERT OR REPLACE INTO meta VALUES (?, ?)", arguments: [name, cut])
    }

    /// Up to when a table loses its rows; nil where it has none that are older than what is to be kept.
    private func cut(
        of table: String, keeping least: Duration, _ present: Int64, _ database: Database
    ) throws -> Int64? {
        let (column, length): (String, Int64) =
            switch table {
            case "points", "texts": ("slot", HistorySchema.slot)
            case "minutes": ("time", 60_000)
            default: ("time", 3_600_000)
            }
        guard let oldest = try Int64.fetchOne(database, sql: "SELECT min(\(column)) FROM \(table)") else { return nil }
        let last = present.addingSaturated(-least.milliseconds)
        // At least its oldest slot, so that each call takes something away.
        let next = oldest.addingSaturated(length)
        guard next <= last else { return nil }
        return min(max(next, oldest.addingSaturated(present.addingSaturated(-oldest) / 8)), last)
    }

    private func usedBytes(_ database: Database) throws -> Int64 {
        let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        let free = try Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
        return (pages - free) * (try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4096)
    }
}
