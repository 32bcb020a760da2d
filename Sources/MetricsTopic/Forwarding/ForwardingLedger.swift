import FoundationEssentials
import StreamingMetrics

/// Every event that is to be forwarded, from its offer to its acknowledgement, as a pure value.
///
///     offer ──► waiting ──take──► inFlight ──settle──► acknowledged or dropped
///                  ▲  └─ full: the oldest is dropped │
///                  └──────── returnInFlight ─────────┘   after the client was replaced, in the old order
///
/// An event is counted in exactly one place at any moment, which makes the sum in ``ForwardingStatistics`` hold.
struct ForwardingLedger: Sendable {
    struct Entry: Sendable {
        var event: StreamingQueryEvent
        var queryName: String?
        var sequence: UInt64
        /// Its place among all events offered.
        var place: Int
    }

    /// An event on its way, and the token that its report will bring back.
    struct Taken: Sendable {
        var token: UInt
        var entry: Entry
    }

    /// A run's name and how many of its events were offered.
    private struct Run: Sendable {
        var name: String?
        var next: UInt64 = 0
    }

    private let capacity: Int
    private let maximumInFlight: Int
    private var waiting: RingBuffer<Entry>
    /// Returned events, newest first; taken before those that wait.
    private var returned: [Entry] = []
    private var inFlight: [UInt: Entry] = [:]
    private var nextToken: UInt = 1
    private var runs: [UUID: Run] = [:]
    private var counts = ForwardingStatistics()
    private(set) var isClosed = false
    /// Whether the client has failed for good and reports of failure mean "to be sent again".
    private(set) var needsNewClient = false

    /// Runs that never said their end are forgotten beyond this number.
    private static let maximumRuns = 4096

    init(capacity: Int, maximumInFlight: Int) {
        self.capacity = max(1, capacity)
        self.maximumInFlight = max(1, maximumInFlight)
        waiting = RingBuffer(capacity: self.capacity)
    }

    var statistics: ForwardingStatistics {
        var statistics = counts
        statistics.pending = pending
        return statistics
    }

    var pending: Int { waiting.count + returned.count + inFlight.count }
    var inFlightCount: Int { inFlight.count }
    var hasRoom: Bool { isClosed || waiting.count < capacity }
    /// For those who wait for room: not woken for each place that becomes free.
    var hasAmpleRoom: Bool { isClosed || waiting.count <= capacity / 2 }

    // MARK: Offering

    /// Takes an event; when there is no room the oldest one goes. Constant time.
    mutating func offer(_ event: StreamingQueryEvent) {
        counts.offered += 1
        let entry = number(event)
        guard !isClosed else { return drop(.closed) }
        if waiting.count == capacity {
            _ = waiting.popFirst()
            drop(.bufferFull)
        }
        waiting.append(entry)
    }

    /// Gives the event its place in its run. The name comes with the start and with every progress.
    private mutating func number(_ event: StreamingQueryEvent) -> Entry {
        let runId = event.runId
        if runs.count >= Self.maximumRuns, runs[runId] == nil { runs.removeAll() }
        var run = runs[runId] ?? Run()
        switch event {
        case .started(let event): run.name = event.name
        case .progress(let event): run.name = event.progress.name
        case .idle, .terminated: break
        }
        let entry = Entry(event: event, queryName: run.name, sequence: run.next, place: counts.offered)
        run.next += 1
        if case .terminated = event { runs[runId] = nil } else { runs[runId] = run }
        return entry
    }

    // MARK: Sending

    /// The next events to be sent; none when there are none or enough are on their way.
    mutating func take(upTo limit: Int) -> [Taken] {
        guard !isClosed, !needsNewClient else { return [] }
        let count = min(limit, maximumInFlight - inFlight.count, returned.count + waiting.count)
        guard count > 0 else { return [] }
        var taken: [Taken] = []
        taken.reserveCapacity(count)
        while taken.count < count, let entry = returned.popLast() ?? waiting.popFirst() {
            inFlight[nextToken] = entry
            taken.append(Taken(token: nextToken, entry: entry))
            nextToken += 1
        }
        return taken
    }

    /// Events that were not delivered and may be go back to the head, in the order in which they were offered, whoever puts
    /// them back first.
    mutating func putBack(_ tokens: some Sequence<UInt>) {
        let before = returned.count
        for token in tokens {
            if let entry = inFlight.removeValue(forKey: token) { returned.append(entry) }
        }
        if returned.count > before { returned.sort { $0.place > $1.place } }
    }

    /// The broker has it. Tokens of events that were sent again meanwhile are unknown and change nothing.
    mutating func acknowledge(_ token: UInt) {
        if inFlight.removeValue(forKey: token) != nil { counts.acknowledged += 1 }
    }

    /// It was not delivered and will not be.
    mutating func giveUp(_ token: UInt, _ reason: DropReason) {
        if inFlight.removeValue(forKey: token) != nil { drop(reason) }
    }

    /// The client has failed for good: nothing is sent until ``returnInFlight()``.
    mutating func clientFailed() {
        needsNewClient = true
    }

    /// A new client is there: what the old one has not delivered is sent first, in the old order.
    mutating func returnInFlight() {
        needsNewClient = false
        putBack(Array(inFlight.keys))
    }

    /// Gives up everything that is pending and takes nothing more.
    mutating func close() {
        isClosed = true
        let lost = pending
        waiting.removeAll()
        returned = []
        inFlight = [:]
        runs = [:]
        if lost > 0 { counts.dropped[.closed, default: 0] += lost }
    }

    private mutating func drop(_ reason: DropReason) {
        counts.dropped[reason, default: 0] += 1
    }
}

/// A queue of bounded length that grows to its bound only when needed, with constant-time ends.
struct RingBuffer<Element: Sendable>: Sendable {
    private var slots: [Element?] = []
    private var head = 0
    private(set) var count = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Adds at the end; the caller has made room.
    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) % slots.count] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head]
        slots[head] = nil
        head = (head + 1) % slots.count
        count -= 1
        return element
    }

    mutating func removeAll() {
        slots = []
        head = 0
        count = 0
    }

    private mutating func grow() {
        let ordered = (0..<count).map { slots[(head + $0) % max(1, slots.count)] }
        let size = max(count + 1, min(capacity, max(64, count * 2)))
        slots = ordered + [Element?](repeating: nil, count: size - count)
        head = 0
    }
}
