import FoundationEssentials
import Monitoring
import StreamingMetrics

/// What the hub's lock guards: the fleet, and what readers are to be told of its changes. A pure value.
///
/// Every change has a number, one after the other. Of a query only the number of its last change is kept, since who comes back wants
/// what is known now; transitions and removals are kept one by one, as far back as ``ChangeLog`` goes.
struct WatchedFleet: Sendable {
    /// What is kept beside the fleet of one query.
    struct Note: Sendable {
        /// Its last change's number.
        var changedAt: UInt64 = 0
        /// Points that its history has had, and the numbers of the last of them.
        var points: UInt64 = 0
        var pointChanges: [UInt64] = []
        var batches = BatchShelf()
        /// The row as it was asked for last; right for its moment and its last change.
        var row: QueryRow?
    }

    /// Points of a query that a reader may have missed; who missed more begins anew.
    private static let keptPointChanges = 64

    let settings: MonitoringHub.Settings
    var fleet: QueryFleet
    var notes: [UUID: Note] = [:]
    var log: ChangeLog
    var feeds: [FeedHealth] = []
    var board = AlertBoard()
    /// The newest moment that it was told.
    private(set) var time: MonitorTime?
    /// The last change's number.
    var lastChange: UInt64 = 0
    /// Ids in the order of titles; nil when it has to be made anew.
    private var order: [UUID]?
    private var heldBytes = 0
    /// The share that every query's texts were last cut down to.
    private var trimmedShare = Int.max
    private var knownExpired: UInt64 = 0

    init(_ settings: MonitoringHub.Settings) {
        self.settings = settings
        fleet = QueryFleet(settings: settings.monitor)
        log = ChangeLog(capacity: settings.keptChanges)
    }

    // MARK: Feeding

    mutating func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, _ batch: KeptBatch?
    ) -> [QueryTransition] {
        let name = fleet.name(of: event.id)
        let changes = fleet.take(event, at: time, queryName: queryName)
        // A live fleet's time moves with its ticks; that of old events is theirs.
        if settings.isReplay || feeds.contains(where: { $0.state == .catchingUp }) { moveTime(to: time) }
        lastChange += 1
        if notes[event.id] == nil || fleet.name(of: event.id) != name { order = nil }
        note(event.id)
        if let batch { keep(batch, of: event.id) }
        add(changes)
        noteRemovals()
        return changes
    }

    mutating func advance(to time: MonitorTime) -> [QueryTransition] {
        moveTime(to: time)
        let changes = fleet.advance(to: time)
        add(changes)
        noteRemovals()
        return changes
    }

    private mutating func moveTime(to new: MonitorTime) { time = max(time ?? new, new) }

    mutating func beginWatching(at time: MonitorTime) { fleet.beginWatching(at: time) }

    /// A second has gone by.
    ///
    /// While a feed reads old events the fleet's time is theirs. While a feed cannot hear its queries their silence says nothing.
    mutating func tick(at now: MonitorTime) -> [QueryTransition] {
        guard !feeds.contains(where: { $0.state == .catchingUp }) else { return [] }
        if feeds.contains(where: { $0.state == .away || $0.state == .failed }) { fleet.beginWatching(at: now) }
        return advance(to: now)
    }

    private mutating func add(_ changes: [QueryTransition]) {
        for change in changes {
            lastChange += 1
            log.append(.transition(change), number: lastChange)
            notes[change.id]?.changedAt = lastChange
        }
    }

    private mutating func note(_ id: UUID) {
        var note = notes.removeValue(forKey: id) ?? Note()
        note.changedAt = lastChange
        if let added = fleet.history(of: id)?.added, added > note.points {
            note.points = added
            note.pointChanges.append(lastChange)
            if note.pointChanges.count >= 2 * Self.keptPointChanges {
                note.pointChanges.removeFirst(note.pointChanges.count - Self.keptPointChanges)
            }
        }
        notes[id] = note
    }

    private mutating func noteRemovals() {
        guard fleet.expired != knownExpired else { return }
        knownExpired = fleet.expired
        let removed = notes.keys.filter { !fleet.contains($0) }
        guard !removed.isEmpty else { return }
        for id in removed { heldBytes -= notes.removeValue(forKey: id)?.batches.byteCount ?? 0 }
        order = nil
        lastChange += 1
        log.append(.removed(removed.sorted { $0.uuidString < $1.uuidString }), number: lastChange)
    }

    // MARK: Progress texts

    private mutating func keep(_ batch: KeptBatch, of id: UUID) {
        let limit = settings.batchesPerQuery
        let share = max(0, settings.batchBytes) / max(1, notes.count)
        heldBytes += notes[id]?.batches.add(batch, maximumCount: limit, maximumBytes: share) ?? 0
        // Each query's newest batch stays, so that all together may be more than is wanted.
        guard heldBytes > settings.batchBytes, share < trimmedShare else { return }
        // Shares have become smaller since the others were last looked at.
        trimmedShare = share
        for id in notes.keys { heldBytes += notes[id]?.batches.trim(maximumCount: limit, maximumBytes: share) ?? 0 }
    }

    // MARK: Reading

    /// The ids in the order of their titles.
    mutating func orderedIds() -> [UUID] {
        if let order { return order }
        let named = notes.keys.map { (name: fleet.name(of: $0) ?? "", text: $0.uuidString, id: $0) }
        let ids = named.sorted { ($0.name, $0.text) < ($1.name, $1.text) }.map(\.id)
        order = ids
        return ids
    }

    /// A query's row at a moment, or later where it was heard of or asked for since and nothing has changed.
    mutating func row(of id: UUID, at time: MonitorTime) -> QueryRow? {
        guard let note = notes[id] else { return nil }
        if let row = note.row, row.changedAt == note.changedAt {
            if row.at >= time { return row }
            guard let snapshot = fleet.snapshot(of: id, at: time) else { return nil }
            let new = QueryRow(
                at: snapshot.at, snapshot: snapshot, sparkline: row.sparkline, firing: row.firing,
                changedAt: note.changedAt)
            notes[id]?.row = new
            return new
        }
        guard let snapshot = fleet.snapshot(of: id, at: time), let history = fleet.history(of: id) else { return nil }
        let new = QueryRow(
            at: snapshot.at, snapshot: snapshot,
            sparkline: history.processedRowsPerSecond(last: QueryRow.sparklinePoints),
            firing: board.firingByQuery[id] ?? 0, changedAt: note.changedAt)
        notes[id]?.row = new
        return new
    }
}
