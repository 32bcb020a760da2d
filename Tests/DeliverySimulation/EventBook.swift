import FoundationEssentials
import StreamingMetrics

/// Every event of a world, and what the world knows of its fate.
struct EventBook {
    struct Entry {
        var run: Int
        var sequence: UInt64
        /// The process that was offered it.
        var life: Int
        var event: StreamingQueryEvent
        var isInLog = false
        var isAcknowledged = false
        /// The broker or the client has refused it by name at least once: then it may come after its successors.
        var wasRefused = false
        /// Its process ended while it was nowhere but perhaps on its way: it may be missing, or come late.
        var mayBeLost = false
    }

    struct Run {
        var id: UUID
        var events: [Int] = []
        /// The highest number that the log of a topic has, of events that were never refused.
        var highest: [Int] = [-1, -1]
    }

    private(set) var entries: [Entry] = []
    private(set) var runs: [Run] = []
    private var runIndex: [String: Int] = [:]
    private var runIndexById: [UUID: Int] = [:]

    mutating func addRun(_ id: UUID) -> Int {
        runs.append(Run(id: id))
        runIndex[id.uuidString.lowercased()] = runs.count - 1
        runIndexById[id] = runs.count - 1
        return runs.count - 1
    }

    /// Notes that an event is offered; its number in its run follows from this.
    mutating func offer(_ event: StreamingQueryEvent, run: Int, life: Int) -> UInt64 {
        let sequence = UInt64(runs[run].events.count)
        runs[run].events.append(entries.count)
        entries.append(Entry(run: run, sequence: sequence, life: life, event: event))
        return sequence
    }

    /// The event that a record's headers name.
    func index(run: String, sequence: UInt64) -> Int? {
        runIndex[run].flatMap { index($0, sequence) }
    }

    /// The event of a frame.
    func index(_ frame: FrameScanner.Frame) -> Int? {
        runIndexById[frame.run].flatMap { index($0, frame.sequence) }
    }

    private func index(_ run: Int, _ sequence: UInt64) -> Int? {
        sequence < UInt64(runs[run].events.count) ? runs[run].events[Int(sequence)] : nil
    }

    subscript(index: Int) -> Entry {
        get { entries[index] }
        set { entries[index] = newValue }
    }

    /// Notes that the broker has an event, for the first time or again.
    ///
    /// - Returns: What is wrong with that: an event that was never refused comes after one of its successors.
    mutating func append(_ index: Int, topic: Int) -> String? {
        guard !entries[index].isInLog else { return nil }
        entries[index].isInLog = true
        let (run, sequence) = (entries[index].run, Int(entries[index].sequence))
        guard !entries[index].wasRefused, !entries[index].mayBeLost else { return nil }
        let highest = runs[run].highest[topic]
        guard sequence > highest else { return "event \(sequence) of run \(run) comes after \(highest)" }
        runs[run].highest[topic] = sequence
        return nil
    }
}
