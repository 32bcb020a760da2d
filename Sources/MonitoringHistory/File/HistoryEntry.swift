import FoundationEssentials
import Monitoring
import StreamingMetrics

/// What a history is told, one after another.
enum HistoryEntry: Sendable {
    // Of events also when they came, and the name that their feed has for their query. What is rare and larger than a trigger is indirect.
    case trigger(HistoryTrigger, at: MonitorTime, queryName: String?)
    indirect case started(QueryStartedEvent, at: MonitorTime, queryName: String?)
    case idle(QueryIdleEvent, at: MonitorTime, queryName: String?)
    indirect case terminated(QueryTerminatedEvent, at: MonitorTime, queryName: String?)
    /// A change of a query's state.
    indirect case transition(QueryTransition)
}

/// One trigger as it waits: what it is, and where its figures and its JSON are in ``HistoryEntries``.
struct HistoryTrigger: Sendable {
    var id: UUID
    var runId: UUID
    var name: String?
    /// When it started, by its own words, in milliseconds.
    var start: Int64
    /// -1 where it tells none.
    var batchId: Int64
    var ranBatch: Bool
    fileprivate var firstValue: Int
    fileprivate var phases: Range<Int>
    fileprivate var json: Range<Int>
}

/// Entries in the order in which they came.
///
/// Thousands of progresses that wait for the disk, each of dozens of pieces of memory, would be taken and given back once a second, and
/// leave holes that the C library does not give back. Here their figures lie in one array, and their JSON in another:
///
///     entries   [ trigger 0 | trigger 1 | event | … ]
///     values    [ 11 of trigger 0 | 11 of trigger 1 | … ]                in the order of HistoryMeasure
///     phases    [ addBatch 480 | walCommit 33 | addBatch 470 | … ]
///     json      [ {"id":… of trigger 0}{"id":… of trigger 1} … ]
struct HistoryEntries: Sendable {
    struct Phase: Sendable {
        var name: String
        var milliseconds: Int64
    }

    /// Stands for a value that is not known; none is as small (``HistoryMeasure/stored(_:)``).
    private static let unknown = Int64.min
    private static let measures = HistoryMeasure.allCases

    private(set) var list: [HistoryEntry] = []
    private(set) var eventCount = 0
    private var values: [Int64] = []
    private var phases: [Phase] = []
    private var json: [UInt8] = []
    /// About what entries take that are no JSON.
    private var otherBytes = 0
    /// Of an exception no more is kept.
    private static let longestException = 8192

    var count: Int { list.count }
    var isEmpty: Bool { list.isEmpty }
    /// About what all of it takes.
    var byteCount: Int { json.count + otherBytes }

    // MARK: Adding

    mutating func add(_ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?) {
        eventCount += 1
        let entry: HistoryEntry =
            switch event {
            case .progress(let event): .trigger(add(event.progress, at: time), at: time, queryName: queryName)
            case .started(let event): .started(event, at: time, queryName: queryName)
            case .idle(let event): .idle(event, at: time, queryName: queryName)
            case .terminated(let event): .terminated(shortened(event), at: time, queryName: queryName)
            }
        list.append(entry)
        otherBytes += Self.entryBytes
    }

    mutating func add(_ transition: QueryTransition) {
        list.append(.transition(transition))
        otherBytes += Self.entryBytes + transition.reason.utf8.count
    }

    /// An entry without its texts.
    private static let entryBytes = 256

    private mutating func shortened(_ event: QueryTerminatedEvent) -> QueryTerminatedEvent {
        var event = event
        event.exception = event.exception?.prefix(utf8Bytes: Self.longestException)
        otherBytes += event.exception?.utf8.count ?? 0
        return event
    }

    private mutating func add(_ progress: StreamingQueryProgress, at time: MonitorTime) -> HistoryTrigger {
        let point = HistoryPoint(progress, takenAt: time)
        let (firstValue, firstPhase, firstByte) = (values.count, phases.count, json.count)
        for measure in Self.measures { values.append(measure.stored(point) ?? Self.unknown) }
        for pair in progress.durationMs.pairs where pair.key != "triggerExecution" {
            phases.append(Phase(name: pair.key, milliseconds: max(0, pair.value)))
        }
        otherBytes += (phases.count - firstPhase) * MemoryLayout<Phase>.stride
        if progress.ranBatch, point.batchId != nil { MetricsCodec.encode(progress, into: &json) }
        return HistoryTrigger(
            id: progress.id, runId: progress.runId, name: progress.name, start: point.time.millisecondsSinceEpoch,
            batchId: point.batchId ?? -1, ranBatch: progress.ranBatch, firstValue: firstValue,
            phases: firstPhase..<phases.count, json: firstByte..<json.count)
    }

    // MARK: Reading

    /// In the order of ``HistoryMeasure/allCases``; nil for what is not known.
    func values(of trigger: HistoryTrigger) -> [Int64?] {
        values[trigger.firstValue..<trigger.firstValue + Self.measures.count].map { $0 == Self.unknown ? nil : $0 }
    }

    /// How long it was in each phase.
    func phases(of trigger: HistoryTrigger) -> ArraySlice<Phase> { phases[trigger.phases] }

    /// The JSON of a trigger that ran a numbered batch; empty for others.
    func json(of trigger: HistoryTrigger) -> ArraySlice<UInt8> { json[trigger.json] }
}
