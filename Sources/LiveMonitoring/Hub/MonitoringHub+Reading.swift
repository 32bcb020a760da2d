public import FoundationEssentials
public import Monitoring
import Synchronization

extension MonitoringHub {
    /// The moment that everything is told for: of a live hub its last tick, of a replay where its feed has put it.
    public var now: MonitorTime { state.withLock { now($0) } }

    func now(_ state: borrowing WatchedFleet) -> MonitorTime { state.time ?? clock() }

    /// The last change's number.
    public var lastChange: UInt64 { state.withLock { $0.lastChange } }

    /// How many queries are known.
    public var count: Int { state.withLock { $0.fleet.count } }

    /// What to say where queries were forgotten; nil where none was.
    var forgettingRemark: String? { state.withLock { $0.fleet.forgettingRemark } }

    /// Every feed, in the order in which they were first heard of.
    public var feeds: [FeedHealth] { state.withLock { $0.feeds } }

    /// Whether a feed has ended with an error.
    public var hasFailed: Bool { feeds.contains { $0.state == .failed } }

    /// Every query, in the order of their titles.
    public func rows() -> [QueryRow] { collect { $0 }.found }

    /// What is taken of each query's row, in the order of their titles.
    func collect<Found>(_ take: (QueryRow) -> Found) -> (found: [Found], expired: UInt64) {
        let (ids, time, expired) = state.withLock { ($0.orderedIds(), now($0), $0.fleet.expired) }
        var found: [Found] = []
        found.reserveCapacity(ids.count)
        visit(ids[...], at: time) { found.append(take($0)) }
        return (found, expired)
    }

    /// Goes through queries as they are at one moment or, where they are heard of meanwhile, later. The lock is let go of now and then,
    /// and what is done with a row is done without it, so that feeds do not wait for readers.
    func visit(_ ids: ArraySlice<UUID>, at time: MonitorTime, _ take: (QueryRow) -> Void) {
        var rows: [QueryRow] = []
        rows.reserveCapacity(Self.queriesPerLock)
        for start in stride(from: ids.startIndex, to: ids.endIndex, by: Self.queriesPerLock) {
            state.withLock { state in
                for id in ids[start..<min(start + Self.queriesPerLock, ids.endIndex)] {
                    if let row = state.row(of: id, at: time) { rows.append(row) }
                }
            }
            rows.forEach(take)
            rows.removeAll(keepingCapacity: true)
        }
    }

    /// How many queries a reader looks at before it lets others.
    static let queriesPerLock = 64

    /// One query, with its points between two moments; nil when it is not known.
    public func detail(
        of id: UUID, from start: MonitorTime? = nil, through end: MonitorTime? = nil
    ) -> QueryDetail? {
        let (detail, history) = state.withLock { state in
            (Self.detail(of: id, state, at: now(state)), state.fleet.history(of: id))
        }
        guard var detail, let history else { return nil }
        // Outside the lock: the history is a value.
        detail.points = history.points(
            from: start ?? MonitorTime(millisecondsSinceEpoch: .min),
            through: end ?? MonitorTime(millisecondsSinceEpoch: .max))
        return detail
    }

    private static func detail(of id: UUID, _ state: borrowing WatchedFleet, at time: MonitorTime) -> QueryDetail? {
        guard let monitor = state.fleet.monitor(of: id), let history = state.fleet.history(of: id) else { return nil }
        let snapshot = monitor.snapshot(at: time)
        return QueryDetail(
            snapshot: snapshot, partitions: snapshot.lags.map { monitor.partitionLags(ofSource: $0.index) },
            transitions: monitor.transitions, restarts: history.restarts, alerts: state.board.alerts(of: id), points: []
        )
    }

    /// The newest progress texts of a query, the newest first; nil when it is not known.
    public func batches(of id: UUID, limit: Int = .max) -> [BatchKey]? {
        state.withLock { $0.notes[id]?.batches.keys(limit: limit) }
    }

    /// A batch's progress as Spark's JSON; nil where it is not kept any more or never was.
    public func progressJSON(of id: UUID, runId: UUID, batchId: Int64) -> [UInt8]? {
        state.withLock { $0.notes[id]?.batches.text(of: runId, batchId) }
    }

    // MARK: Following

    /// Tells each tick that something may have changed since the last time; several that nobody waited for are told once.
    public func updates() -> AsyncStream<Void> { listeners.add() }

    /// Everything that has changed since a change.
    ///
    /// - Parameters:
    ///   - number: The last change that the reader has seen.
    ///   - watched: A query of which each new point is wanted as well.
    /// - Returns: Nil where too much has changed meanwhile, or the number is not of this hub: read everything anew.
    public func changes(after number: UInt64, watching watched: UUID? = nil) -> HubChanges? {
        state.withLock { state in
            guard number <= state.lastChange, let entries = state.log.entries(after: number),
                let alerts = state.board.alerts(after: number)
            else { return nil }
            let time = now(state)
            var changes = HubChanges(
                at: time, after: number, through: state.lastChange, rows: [], alerts: alerts, events: [])
            if number < state.lastChange {
                let changed = state.orderedIds().filter { (state.notes[$0]?.changedAt ?? 0) > number }
                changes.rows = changed.compactMap { state.row(of: $0, at: time) }
            }
            changes.events = entries.map { entry in
                switch entry.change {
                case .transition(let transition): .init(number: entry.number, event: .transition(transition))
                case .removed(let ids): .init(number: entry.number, event: .removed(ids))
                }
            }
            guard let watched, let note = state.notes[watched], note.changedAt > number else { return changes }
            let numbers = note.pointChanges.drop { $0 <= number }
            // Where all that are kept are new, some that are not kept may be too.
            let isWhole = numbers.count < note.pointChanges.count || note.points == UInt64(numbers.count)
            guard let history = state.fleet.history(of: watched), isWhole, numbers.count <= history.count else {
                return nil
            }
            let points = history.suffix(numbers.count)
            changes.events += zip(numbers, points).map { .init(number: $0, event: .point($1)) }
            changes.events.sort { $0.number < $1.number }
            changes.watched = Self.detail(of: watched, state, at: time)
            return changes
        }
    }
}
