import FoundationEssentials
import GRDB
import Monitoring
import StreamingMetrics

/// Writes entries, each list of them in one transaction: points, what they add to minutes and hours, runs, and what is too old now.
///
/// Each trigger counts once. A batch is known by its number in its run for as long as the run is (``BatchRanges``). A trigger that
/// found nothing has no number of its own; it is known by its time, and after its point is gone by the time up to which the run's
/// points are gone. Since all that is kept is a sum, a least, a greatest or a first of what events say by themselves, the same events
/// give the same history in whatever order they come.
struct HistoryWriter {
    private var runs = RunTable()
    private var minutes = RollUpTable("minutes", length: 60_000)
    private var hours = RollUpTable("hours", length: 3_600_000)
    private var phases: [String: Int64] = [:]
    private var transitions = TransitionTable()
    private var texts = TextTable()
    private var retention: HistoryRetention
    private let columns =
        ["slot", "query", "time", "run", "batch", "ran_batch"] + HistorySchema.pointColumns + ["phases"]
    private let insertion: String
    /// The newest trigger and the newest arrival, in milliseconds.
    private var (newest, takenThrough): (Int64?, Int64?) = (nil, nil)
    /// What the clock says, and by how much a trigger may be ahead of it for its text to be kept, in milliseconds.
    private var present: Int64 = 0
    private static let mostAhead: Int64 = 3_600_000
    /// Called within a transaction behind each of its steps; what it throws breaks the transaction off. For tests.
    var onStep: @Sendable (Database) throws -> Void = { _ in }

    init(_ limits: HistoryLimits) {
        retention = HistoryRetention(limits)
        let marks = repeatElement("?", count: columns.count).joined(separator: ", ")
        insertion =
            "INSERT INTO points (\(columns.joined(separator: ", "))) VALUES (\(marks)) ON CONFLICT DO NOTHING"
    }

    /// Writes entries, all or none.
    ///
    /// - Parameter wall: What the clock says; events that claim to be later make nothing old.
    mutating func write(_ pieces: [HistoryEntries], _ database: Database, wall: MonitorTime) throws {
        try database.inTransaction(.immediate) {
            present = wall.millisecondsSinceEpoch
            if newest == nil { try readMeta(database, wall: wall) }
            let insertion = try database.cachedStatement(sql: self.insertion)
            for entries in pieces {
                for entry in entries.list { try write(entry, entries, database, insertion, wall) }
            }
            try onStep(database)
            try minutes.flush(database)
            try onStep(database)
            try hours.flush(database)
            try onStep(database)
            try runs.flush(database)
            try writeMeta(database)
            try onStep(database)
            if let newest, retention.isDue(newest: newest, wall: wall, entries: pieces.reduce(0) { $0 + $1.count }) {
                let isChanged = try retention.apply(database, newest: newest, wall: wall, &minutes, &hours)
                // Numbers of runs and queries may be gone, or given anew.
                if isChanged { forget() }
            }
            try onStep(database)
            return .commit
        }
        try retention.settle(database)
    }

    /// Asks the file again for everything, after a transaction that went wrong or changes by others.
    mutating func forget() {
        runs = RunTable()
        minutes = RollUpTable("minutes", length: minutes.length)
        hours = RollUpTable("hours", length: hours.length)
        phases = [:]
        transitions = TransitionTable()
        texts = TextTable()
        (newest, takenThrough) = (nil, nil)
    }

    // MARK: Entries

    private mutating func write(
        _ entry: HistoryEntry, _ entries: HistoryEntries, _ database: Database, _ insertion: Statement,
        _ wall: MonitorTime
    ) throws {
        switch entry {
        case .trigger(let trigger, let time, let name):
            noteTaken(at: time, wall)
            try write(trigger, entries, at: time.millisecondsSinceEpoch, name, database, insertion)
        case .started(let event, let time, let name):
            noteTaken(at: time, wall)
            try change(event.id, event.runId, at: time, database) { run in
                run.name(event.name ?? name)
                guard let started = event.timestamp?.millisecondsSinceEpoch else { return }
                if run.startedMs == nil { (run.startedMs, run.isChanged) = (started, true) }
                run.widen(from: started, through: started)
            }
        case .idle(let event, let time, let name):
            noteTaken(at: time, wall)
            try change(event.id, event.runId, at: time, database) { run in
                run.name(name)
                if let idle = event.timestamp.millisecondsSinceEpoch { run.widen(from: idle, through: idle) }
            }
        case .terminated(let event, let time, let name):
            noteTaken(at: time, wall)
            try change(event.id, event.runId, at: time, database) { run in
                run.name(name)
                guard !run.hasEnded else { return }
                (run.hasEnded, run.isChanged) = (true, true)
                run.errorClass = event.errorClassOnException
                run.error = event.exception
            }
        case .transition(let transition):
            let query = try runs.query(transition.id, database)
            try transitions.write(transition, ofQuery: query, database)
        }
    }

    /// An event may claim any time; a future one would hide for good how far the topics were read.
    private mutating func noteTaken(at time: MonitorTime, _ wall: MonitorTime) {
        let taken = min(time, wall).millisecondsSinceEpoch
        takenThrough = max(takenThrough ?? taken, taken)
    }

    private mutating func change(
        _ id: UUID, _ runId: UUID, at time: MonitorTime, _ database: Database, _ body: (inout RunTable.Run) -> Void
    ) throws {
        let key = RunTable.Key(query: try runs.query(id, database), run: runId)
        try runs.change(key, heardAt: time.millisecondsSinceEpoch, database, body)
    }

    private mutating func write(
        _ trigger: HistoryTrigger, _ entries: HistoryEntries, at time: Int64, _ name: String?, _ database: Database,
        _ insertion: Statement
    ) throws {
        let start = trigger.start
        let key = RunTable.Key(query: try runs.query(trigger.id, database), run: trigger.runId)
        let figures = try self.figures(of: trigger, entries, database)
        let number = trigger.ranBatch && trigger.batchId >= 0 ? trigger.batchId : nil
        var place = TextTable.Place(query: key.query, run: 0, batch: trigger.batchId, time: start, newest: start)
        let isNew = try runs.change(key, heardAt: time, database) { run in
            place.run = run.row
            if let number {
                guard !run.batches.contains(number) else { return false }
            } else if let through = run.unnumberedThroughMs, start <= through {
                return false
            }
            try Self.insert(trigger, figures, key.query, run: run.row, insertion)
            guard database.changesCount > 0 else { return false }
            if let number {
                run.batches.insert(number)
                run.isChanged = true
            }
            run.name(trigger.name ?? name)
            let length = figures.values[HistoryMeasure.durationSeconds.rawValue] ?? 0
            run.widen(from: start, through: start.addingSaturated(length))
            // What no text can have: a time that is far ahead would keep models for ever.
            place.newest = min(run.lastMs ?? start, present.addingSaturated(Self.mostAhead))
            return true
        }
        guard isNew else { return }
        // One of a clock that is far ahead would outlive all others.
        if number != nil, start <= present.addingSaturated(Self.mostAhead) {
            try texts.write([UInt8](entries.json(of: trigger)), place, database)
        }
        newest = max(newest ?? start, start)
        let rollUp = RollUp(figures)
        minutes.add(rollUp, of: key.query, at: start)
        hours.add(rollUp, of: key.query, at: start)
    }

    private static func insert(
        _ trigger: HistoryTrigger, _ figures: TriggerFigures, _ query: Int64, run: Int64, _ insertion: Statement
    ) throws {
        var values: [(any DatabaseValueConvertible)?] = [
            trigger.start.floored(to: HistorySchema.slot), query, trigger.start, run, trigger.batchId, figures.ranBatch,
        ]
        for value in figures.values { values.append(value) }
        values.append(Data(figures.phases.bytes))
        try insertion.execute(arguments: StatementArguments(values))
    }

    private mutating func figures(
        of trigger: HistoryTrigger, _ entries: HistoryEntries, _ database: Database
    ) throws -> TriggerFigures {
        var phases = PhaseSums()
        for phase in entries.phases(of: trigger) {
            phases.add(try self.phase(phase.name, database), phase.milliseconds)
        }
        return TriggerFigures(values: entries.values(of: trigger), ranBatch: trigger.ranBatch, phases: phases)
    }

    /// The number of a phase. Spark has a dozen; who invents more gets one for all of them.
    private mutating func phase(_ name: String, _ database: Database) throws -> Int64 {
        if let number = phases[name] { return number }
        let name = phases.count < 64 ? name : "other"
        if let number = phases[name] { return number }
        let known = try Int64.fetchOne(database, sql: "SELECT id FROM phases WHERE name = ?", arguments: [name])
        if known == nil { try database.execute(sql: "INSERT INTO phases (name) VALUES (?)", arguments: [name]) }
        let number = known ?? database.lastInsertedRowID
        phases[name] = number
        return number
    }

    // MARK: Meta

    private mutating func readMeta(_ database: Database, wall: MonitorTime) throws {
        for row in try Row.fetchAll(database, sql: "SELECT name, value FROM meta") {
            switch row[0] as String {
            case "newest_ms": newest = row[1]
            case "taken_through_ms": takenThrough = min(row[1], wall.millisecondsSinceEpoch)
            default: break
            }
        }
        phases = [:]
        for row in try Row.fetchAll(database, sql: "SELECT name, id FROM phases") { phases[row[0]] = row[1] }
    }

    private func writeMeta(_ database: Database) throws {
        let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO meta VALUES (?, ?)")
        if let newest { try statement.execute(arguments: ["newest_ms", newest]) }
        if let takenThrough { try statement.execute(arguments: ["taken_through_ms", takenThrough]) }
    }
}
