public import FoundationEssentials
public import StreamingMetrics

/// Many queries at once: each event goes to the monitor of its query, which begins with the first.
///
/// ```swift
/// var fleet = QueryFleet()
/// for transition in fleet.take(event, at: now) { print(transition.id, transition.to, transition.reason) }
/// for transition in fleet.advance(to: now) { print(transition.id, transition.to, transition.reason) }
/// print(PrometheusExposition.text(of: fleet, at: now))
/// ```
///
/// An event costs one look into a table and the work of one monitor, however many there are. ``advance(to:)`` looks at each
/// query; once a second is enough, since silence is dated to the moment at which it became too long.
///
/// Memory is bounded: an ended query goes after ``MonitorSettings/endedExpiry``, a silent one after
/// ``MonitorSettings/silentExpiry``, and of more than ``MonitorSettings/maximumQueries`` the one that was quiet longest, ended ones
/// before others. All that is known of it goes at once. Of each query a few custom metrics are kept in its history, and further ones
/// as long as all queries together have no more than ``MonitorSettings/customMetricBytes`` of them.
public struct QueryFleet: Sendable {
    /// One query's monitor and history.
    private struct Slot: Sendable {
        var monitor: QueryMonitor
        var history: QueryHistory
    }

    /// What its monitors take for normal.
    public let settings: MonitorSettings
    /// Queries that were forgotten because of their age, or to make room.
    public private(set) var expired: UInt64 = 0
    private var slots: ContiguousArray<Slot> = []
    private var places: [UUID: Int] = [:]
    private var watchedSince: MonitorTime?
    /// Bytes of ``MonitorSettings/customMetricBytes`` that the histories have.
    private(set) var customMetricBytes = 0

    /// A fleet that has heard of no query yet.
    public init(settings: MonitorSettings = MonitorSettings()) { self.settings = settings }

    /// How many queries are known.
    public var count: Int { slots.count }

    /// The queries that are known, in the order of their ids.
    public var ids: [UUID] { places.keys.sorted { $0.uuidString < $1.uuidString } }

    // MARK: Feeding

    /// Takes an event of any query.
    ///
    /// - Parameters:
    ///   - event: Any event, in whatever order.
    ///   - time: When it came, in the feed's time.
    ///   - queryName: The name that the feed has for its query; idle and terminated events carry none themselves.
    /// - Returns: The changes of its query's state.
    @discardableResult
    public mutating func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String? = nil
    ) -> [QueryTransition] {
        let place = places[event.id] ?? add(event.id)
        let changes = slots[place].monitor.take(event, at: time, queryName: queryName)
        if slots[place].monitor.beganRun, let since = slots[place].monitor.runSince {
            slots[place].history.addRestart(at: since)
        }
        if let sample = slots[place].monitor.newSample { add(sample, at: place) }
        return changes
    }

    /// Says what time it is: notices silences and forgets what is too old.
    ///
    /// - Returns: The changes of state in the order of their times.
    @discardableResult
    public mutating func advance(to time: MonitorTime) -> [QueryTransition] {
        var changes: [QueryTransition] = []
        var place = 0
        while place < slots.count {
            let new = slots[place].monitor.advance(to: time)
            if !new.isEmpty { changes += new }
            if isExpired(slots[place].monitor, at: time) { remove(at: place) } else { place += 1 }
        }
        guard changes.count > 1 else { return changes }
        return changes.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// Counts events of a query that the feed knows to be missing; of a query that is not known it is nothing to count.
    public mutating func noteMissing(_ count: UInt64, of id: UUID) {
        if let place = places[id] { slots[place].monitor.noteMissing(count) }
    }

    /// Says that the feed is listened to from now on, after a gap or after old events were read: silence before this moment is
    /// not counted.
    public mutating func beginWatching(at time: MonitorTime) {
        watchedSince = time
        for place in slots.indices { slots[place].monitor.beginWatching(at: time) }
    }

    // MARK: Asking

    /// Whether a query is known.
    public func contains(_ id: UUID) -> Bool { places[id] != nil }

    /// The name of a query, the newest that was heard; nil for one without, and one that is not known.
    public func name(of id: UUID) -> String? { places[id].flatMap { slots[$0].monitor.name } }

    /// The monitor of a query; nil for one that is not known.
    public func monitor(of id: UUID) -> QueryMonitor? { places[id].map { slots[$0].monitor } }

    /// The history of a query; nil for one that is not known.
    public func history(of id: UUID) -> QueryHistory? { places[id].map { slots[$0].history } }

    /// What is known of a query at a moment; nil for one that is not known.
    public func snapshot(of id: UUID, at time: MonitorTime) -> QuerySnapshot? {
        places[id].map { slots[$0].monitor.snapshot(at: time) }
    }

    /// What is known of all queries at a moment, in the order of their names and then ids.
    public func snapshots(at time: MonitorTime) -> [QuerySnapshot] {
        order.map { slots[$0].monitor.snapshot(at: time) }
    }

    /// Gives each query's monitor, in the order of their names and then ids.
    func forEachMonitor(_ body: (QueryMonitor) -> Void) { for place in order { body(slots[place].monitor) } }

    private var order: [Int] {
        let named = slots.indices.map { (name: slots[$0].monitor.name ?? "", place: $0) }
        let sorted = named.sorted { left, right in
            if left.name != right.name { return left.name < right.name }
            return slots[left.place].monitor.id.uuidString < slots[right.place].monitor.id.uuidString
        }
        return sorted.map(\.place)
    }

    /// What to say of a recording of which queries were forgotten; nil where none was.
    package var forgettingRemark: String? {
        guard expired > 0 else { return nil }
        return
            "note: \(expired) queries of the recording were forgotten, and what is told is of the others: \(settings.maximumQueries) are "
            + "kept at most, and those go first that have ended or were quiet longest"
    }

    /// How many queries are in each state; states without one are there with 0.
    public var states: [QueryState: Int] {
        var counts = Dictionary(uniqueKeysWithValues: QueryState.allCases.map { ($0, 0) })
        for slot in slots { counts[slot.monitor.state, default: 0] += 1 }
        return counts
    }

    // MARK: Memory

    private mutating func add(_ sample: HistorySample, at place: Int) {
        let before = slots[place].history.sharedBytes
        let others = customMetricBytes - before
        slots[place].history.add(sample, sharedBound: settings.customMetricBytes - others)
        customMetricBytes = others + slots[place].history.sharedBytes
    }

    private mutating func add(_ id: UUID) -> Int {
        if slots.count >= max(1, settings.maximumQueries) { makeRoom() }
        var monitor = QueryMonitor(id: id, settings: settings)
        if let watchedSince { monitor.beginWatching(at: watchedSince) }
        slots.append(Slot(monitor: monitor, history: QueryHistory(capacity: settings.historyPoints)))
        places[id] = slots.count - 1
        return slots.count - 1
    }

    /// Makes room for some more at once, so that a stream of new queries does not look at all of them each time.
    private mutating func makeRoom() {
        let wanted = max(1, settings.maximumQueries) - max(1, settings.maximumQueries / 100)
        let order = slots.map(\.monitor).sorted { Self.quietness($0) < Self.quietness($1) }
        for monitor in order.prefix(slots.count - wanted) {
            if let place = places[monitor.id] { remove(at: place) }
        }
    }

    /// Ended ones first, then by the last sign of life; ids make the order certain.
    private static func quietness(_ monitor: QueryMonitor) -> (Int, Int64, String) {
        (monitor.state.isEnded ? 0 : 1, monitor.heardAt?.millisecondsSinceEpoch ?? .min, monitor.id.uuidString)
    }

    private func isExpired(_ monitor: QueryMonitor, at time: MonitorTime) -> Bool {
        guard let heardAt = monitor.heardAt else { return true }
        return time > heardAt + (monitor.state.isEnded ? settings.endedExpiry : settings.silentExpiry)
    }

    private mutating func remove(at place: Int) {
        places[slots[place].monitor.id] = nil
        customMetricBytes -= slots[place].history.sharedBytes
        let last = slots.removeLast()
        if place < slots.count {
            slots[place] = last
            places[last.monitor.id] = place
        }
        expired &+= 1
    }
}
