import FoundationEssentials
import StreamingMetrics

/// What the listener's call works on: the events that the writer has not taken over yet, each with its number in its run.
///
/// An event gets its number when it is offered, also when it is given up at once, so that a reader of the topic sees every loss
/// as a gap.
struct EventRing: Sendable {
    struct Entry: Sendable {
        var event: StreamingQueryEvent
        var sequence: UInt64
    }

    private var entries: RingBuffer<Entry>
    private var runs: [UUID: Int] = [:]
    private var next: [UInt64] = []
    /// Slots of `next` whose run has ended.
    private var free: [Int] = []
    /// The run of the event before: a query's events come in a row.
    private var last: (run: UUID, slot: Int)?
    /// Runs that never said their end are forgotten beyond this number.
    private static let maximumRuns = 65_536

    init(capacity: Int) { entries = RingBuffer(capacity: capacity) }

    var count: Int { entries.count }
    var isFull: Bool { entries.isFull }
    var capacity: Int { entries.capacity }

    /// Takes an event; the caller has made room. Constant time.
    ///
    /// - Parameters:
    ///   - run: The event's run, given apart because reading it out of the event would retain all that is in the event.
    ///   - isLast: Whether the event ends its run.
    mutating func append(run: UUID, isLast: Bool, _ event: () -> StreamingQueryEvent) {
        let sequence = number(run: run, isLast: isLast)
        entries.append(Entry(event: event(), sequence: sequence))
    }

    mutating func popFirst() -> Entry? { entries.popFirst() }

    /// Takes events off the front, to hand them over at once.
    mutating func take(upTo limit: Int, into taken: inout [Entry]) {
        while taken.count < limit, let entry = entries.popFirst() { taken.append(entry) }
    }

    /// Gives an event its number, whether or not it is taken.
    @discardableResult
    mutating func number(run: UUID, isLast: Bool) -> UInt64 {
        let slot = slot(of: run)
        defer { next[slot] += 1 }
        if isLast { forget(run, slot) }
        return next[slot]
    }

    /// Lets go of the count of a run that has ended; nothing if there is none.
    mutating func forget(run: UUID) {
        if let slot = runs[run] { forget(run, slot) }
    }

    /// Runs whose numbers are kept.
    var runCount: Int { runs.count }

    private mutating func slot(of run: UUID) -> Int {
        if let last, last.run == run { return last.slot }
        if let known = runs[run] {
            last = (run, known)
            return known
        }
        if runs.count >= Self.maximumRuns {
            runs = [:]
            next = []
            free = []
        }
        let slot = free.popLast() ?? next.count
        if slot == next.count { next.append(0) } else { next[slot] = 0 }
        runs[run] = slot
        last = (run, slot)
        return slot
    }

    private mutating func forget(_ run: UUID, _ slot: Int) {
        runs[run] = nil
        free.append(slot)
        last = nil
    }
}
