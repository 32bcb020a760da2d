import FoundationEssentials
import GRDB
import LiveMonitoring
import Monitoring

/// Finds the rows of one query in a range of time, and how fine they are to be.
struct HistorySelection {
    /// Steps that a reader would choose, in seconds.
    private static let ladder: [Int64] = [60, 300, 900, 3600, 10_800, 21_600, 86_400, 7 * 86_400, 30 * 86_400]
    private let database: Database
    private let horizons: HistoryRetention.Horizons
    /// What the file's size has left of points and of minutes.
    private var (rawFrom, minutesFrom): (Int64, Int64) = (.min, .min)

    init(_ database: Database, _ limits: HistoryLimits, now: MonitorTime) throws {
        self.database = database
        var newest = now.millisecondsSinceEpoch
        for row in try Row.fetchAll(database, sql: "SELECT name, value FROM meta") {
            switch row[0] as String {
            case "newest_ms": newest = row[1]
            case "raw_from_ms": rawFrom = row[1]
            case "minutes_from_ms": minutesFrom = row[1]
            default: break
            }
        }
        horizons = HistoryRetention.Horizons(limits, newest: newest, wall: now)
        (rawFrom, minutesFrom) = (max(rawFrom, horizons.raw), max(minutesFrom, horizons.minutes))
    }

    func rows(of query: HistoryQuery, _ range: HistoryRange) throws -> HistoryRows {
        guard let first = query.firstAt?.millisecondsSinceEpoch, let last = query.lastAt?.millisecondsSinceEpoch else {
            return HistoryRows(stepSeconds: 0)
        }
        let start = max(range.from?.millisecondsSinceEpoch ?? first, first)
        let end = min(range.through?.millisecondsSinceEpoch ?? last, last)
        let limit = max(1, range.limit)
        switch range.step {
        case .raw: return try points(of: query, start, end, limit)
        case .seconds(let seconds): return try rollUps(of: query, start, end, max(60, seconds), limit)
        case .automatic:
            if start >= rawFrom {
                let points = try self.points(of: query, start, end, limit)
                if !points.isCut { return points }
            }
            let span = end.addingSaturated(-start) / 1000
            let fits = Self.ladder.first { span / $0 < Int64(limit) - 1 && ($0 >= 3600 || start >= minutesFrom) }
            return try rollUps(of: query, start, end, fits ?? Self.ladder[Self.ladder.count - 1], limit)
        }
    }

    // MARK: Points

    private func points(of query: HistoryQuery, _ start: Int64, _ end: Int64, _ limit: Int) throws -> HistoryRows {
        let columns = ["time", "batch", "ran_batch"] + HistorySchema.pointColumns + ["phases"]
        let fetched = try fetch(
            query, "points", "slot", try HistorySchema.selected(columns, of: "points", database) + ["runs.run_id"],
            "JOIN runs ON runs.id = points.run",
            max(start, horizons.raw), end, step: HistorySchema.slot, limit)
        var found = HistoryRows(stepSeconds: 0)
        found.isCut = fetched.count > limit
        if start < rawFrom { found.keptFrom = MonitorTime(millisecondsSinceEpoch: rawFrom) }
        let names = try phaseNames()
        var rows: [(run: String, row: HistoryRow)] = []
        for row in fetched.prefix(limit) {
            let values = try (3..<(columns.count - 1)).map { try row.wholeIfKnown($0) }
            let phases = try PhaseSums(ofColumn: columns.count - 1, row)
            let figures = RollUp(TriggerFigures(values: values, ranBatch: try row.whole(2) != 0, phases: phases))
            let (batch, run) = (try row.whole(1), String.fromDatabaseValue(row[columns.count]) ?? "")
            rows.append(
                (
                    run,
                    HistoryRow(
                        time: MonitorTime(millisecondsSinceEpoch: try row.whole(0)), runId: UUID(uuidString: run),
                        batchId: batch < 0 ? nil : batch, figures: figures,
                        phaseSeconds: seconds(of: figures, names))
                ))
        }
        rows.sort { ($0.row.time, $0.row.batchId ?? -1, $0.run) < ($1.row.time, $1.row.batchId ?? -1, $1.run) }
        found.rows = rows.map(\.row)
        return found
    }

    // MARK: Roll-ups

    private func rollUps(
        of query: HistoryQuery, _ start: Int64, _ end: Int64, _ seconds: Int64, _ limit: Int
    ) throws -> HistoryRows {
        let isOfHours = seconds.isMultiple(of: 3600)
        let table = isOfHours ? "hours" : "minutes"
        let length: Int64 = isOfHours ? 3_600_000 : 60_000
        let step = seconds.multipliedReportingOverflow(by: 1000).partialValue
        // Of a step that begins before the time asked for all is told, and nothing that is too old.
        let oldest = (isOfHours ? horizons.hours : horizons.minutes).floored(to: length)
        let first = max(start.floored(to: step), oldest)
        let fetched = try fetch(
            query, table, "time", try HistorySchema.selected(RollUpRow.columns, of: table, database), "", first, end,
            step: length, nil)
        var merged: [(time: Int64, figures: RollUp)] = []
        for row in fetched.reversed() {
            let row = try RollUpRow(row)
            let time = row.time.floored(to: step)
            if merged.last?.time == time {
                merged[merged.count - 1].figures.add(row.rollUp)
            } else {
                merged.append((time, row.rollUp))
            }
        }
        var found = HistoryRows(stepSeconds: seconds)
        found.isCut = merged.count > limit
        let kept = isOfHours ? oldest : minutesFrom.floored(to: length)
        if start.floored(to: step) < kept { found.keptFrom = MonitorTime(millisecondsSinceEpoch: kept) }
        let names = try phaseNames()
        found.rows = merged.suffix(limit).map { time, figures in
            HistoryRow(
                time: MonitorTime(millisecondsSinceEpoch: time), figures: figures,
                phaseSeconds: self.seconds(of: figures, names))
        }
        return found
    }

    /// Rows of one query, the newest first, one more than the limit where there are more. Goes from slot to slot, whatever other
    /// queries have between them.
    private func fetch(
        _ query: HistoryQuery, _ table: String, _ slot: String, _ columns: [String], _ join: String, _ start: Int64,
        _ end: Int64, step: Int64, _ limit: Int?
    ) throws -> [Row] {
        guard start <= end else { return [] }
        let sql = """
            WITH RECURSIVE slots(slot) AS (
                SELECT max(\(slot)) FROM \(table) WHERE \(slot) <= :end
                UNION ALL
                SELECT (SELECT max(\(slot)) FROM \(table) WHERE \(slot) < slots.slot) FROM slots WHERE slots.slot > :first)
            SELECT \(columns.joined(separator: ", ")) FROM slots
                CROSS JOIN \(table) ON \(table).\(slot) = slots.slot AND \(table).query = :query \(join)
            WHERE \(table).time >= :start AND \(table).time <= :end
            ORDER BY \(table).time DESC LIMIT :limit
            """
        return try Row.fetchAll(
            database, sql: sql,
            arguments: [
                "end": end, "first": start.floored(to: step), "start": start, "query": query.number,
                "limit": limit.map { $0 == .max ? -1 : Int64($0) + 1 } ?? -1,
            ])
    }

    // MARK: Phases

    private func phaseNames() throws -> [Int64: String] {
        let rows = try Row.fetchAll(database, sql: "SELECT id, name FROM phases")
        return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
    }

    private func seconds(of figures: RollUp, _ names: [Int64: String]) -> [String: Double] {
        var seconds: [String: Double] = [:]
        for sum in figures.phases.sums {
            guard let name = names[sum.phase] else { continue }
            // To the microsecond: digits below are none of the mean's.
            let mean = Double(sum.milliseconds) / Double(max(1, figures.triggers))
            seconds[name] = (mean * 1000).rounded() / 1_000_000
        }
        return seconds
    }
}
