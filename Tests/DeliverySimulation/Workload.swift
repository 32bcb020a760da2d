import FoundationEssentials
import StreamingMetrics

/// The streaming queries of a world: each runs, sends events, ends, and runs again under a new run id.
struct Workload {
    private struct Query {
        let id: UUID
        let name: String?
        var run: Int?
        var runId = UUID()
        var batch: Int64 = 0
    }

    private var queries: [Query] = []
    private(set) var remaining: Int
    /// Without them no topic's limit is below an event's size.
    let hasLargeEvents: Bool
    /// Bytes that no event's frame exceeds.
    static let largestEvent = 7000
    private static let timestamp = ProgressTimestamp(millisecondsSinceEpoch: 1_790_000_000_000)

    init(_ scenario: Scenario, random: inout SeededRandom) {
        remaining = scenario.events
        hasLargeEvents = scenario.faults.contains(.largeEvents) || scenario.faults.contains(.topicLimit)
        for number in 0..<scenario.queries {
            queries.append(Query(id: Self.uuid(&random), name: random.percent(80) ? "query \(number)" : nil))
        }
    }

    private static func uuid(_ random: inout SeededRandom) -> UUID {
        let (low, high) = (random.next(), random.next())
        return withUnsafeBytes(of: (low, high)) { $0.loadUnaligned(as: UUID.self) }
    }

    /// The process ended: no query runs any more, and none says so.
    mutating func endRuns() {
        for index in queries.indices { queries[index].run = nil }
    }

    /// The next event of one of the queries, and its run.
    mutating func next(_ random: inout SeededRandom, _ book: inout EventBook) -> (StreamingQueryEvent, run: Int) {
        remaining -= 1
        let index = random.below(queries.count)
        let query = queries[index]
        guard let run = query.run else {
            let runId = Self.uuid(&random)
            let run = book.addRun(runId)
            queries[index].run = run
            queries[index].runId = runId
            return (
                .started(QueryStartedEvent(id: query.id, runId: runId, name: query.name, timestamp: Self.timestamp)),
                run
            )
        }
        switch random.below(20) {
        case 0:
            queries[index].run = nil
            return (
                .terminated(
                    QueryTerminatedEvent(
                        id: query.id, runId: query.runId, exception: random.percent(50) ? "no luck" : nil)), run
            )
        case 1: return (.idle(QueryIdleEvent(id: query.id, runId: query.runId, timestamp: Self.timestamp)), run)
        default:
            queries[index].batch += 1
            return (.progress(QueryProgressEvent(progress: progress(query, &random))), run)
        }
    }

    private func progress(_ query: Query, _ random: inout SeededRandom) -> StreamingQueryProgress {
        var progress = StreamingQueryProgress(
            id: query.id, runId: query.runId, name: query.name, timestamp: Self.timestamp, batchId: query.batch,
            numInputRows: Int64(random.below(1000)),
            sink: SinkProgress(description: String(repeating: "s", count: random.below(300))))
        if hasLargeEvents, random.percent(15) {
            // Three copies of the offsets are what makes real events large.
            let offsets = JSONValue.string(String(repeating: "o", count: random.within(300...1500)))
            let text = random.percent(20) ? random.within(500...2000) : 10
            progress.sources = [
                SourceProgress(
                    description: String(repeating: "d", count: text), startOffset: offsets, endOffset: offsets)
            ]
        }
        return progress
    }
}
