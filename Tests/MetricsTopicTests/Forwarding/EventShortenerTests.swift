import FoundationEssentials
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// Events too large for the broker: what goes, and what stays.
@Suite struct EventShortenerTests {
    private let long = String(repeating: "x", count: 200_000)

    private func shortened(_ event: StreamingQueryEvent, _ step: Int) throws -> StreamingQueryEvent? {
        var bytes: [UInt8] = []
        MetricsCodec.encode(event, into: &bytes)
        return try bytes.withUnsafeBytes { EventShortener.shorten($0, step: step) }.map { try MetricsCodec.decode($0) }
    }

    @Test func `the end of a query keeps the beginning of its exception, and its class`() throws {
        let event = QueryTerminatedEvent(
            id: UUID(), runId: UUID(), exception: "why: " + long, errorClassOnException: "SOME_CLASS")
        for (step, length) in [(1, 100_000), (2, 1001)] {
            guard case .terminated(let short)? = try shortened(.terminated(event), step) else {
                Issue.record("it is another event")
                return
            }
            #expect((short.id, short.runId, short.errorClassOnException) == (event.id, event.runId, "SOME_CLASS"))
            #expect(short.exception?.hasPrefix("why: x") == true && short.exception?.count == length)
        }
    }

    @Test func `the start of a query loses what is unknown first, then tags and most of a long name`() throws {
        let event = QueryStartedEvent(
            id: UUID(), runId: UUID(), name: long, timestamp: ProgressTimestamp(millisecondsSinceEpoch: 7),
            jobTags: ["tag"], unknownFields: ["more": .string(long)])
        guard case .started(let first)? = try shortened(.started(event), 1),
            case .started(let second)? = try shortened(.started(event), 2)
        else {
            Issue.record("it is another event")
            return
        }
        #expect(first.name == long && first.unknownFields.isEmpty)
        #expect(second.name?.count == 1001 && second.jobTags == nil)
        #expect([first, second].allSatisfy { $0.runId == event.runId && $0.timestamp == event.timestamp })
    }

    @Test func `a query without data loses what is unknown, and keeps its time`() throws {
        let event = QueryIdleEvent(
            id: UUID(), runId: UUID(), timestamp: ProgressTimestamp(millisecondsSinceEpoch: 7),
            unknownFields: ["more": .string(long)])
        guard case .idle(let short)? = try shortened(.idle(event), 1) else {
            Issue.record("it is another event")
            return
        }
        #expect(short.unknownFields.isEmpty && short.runId == event.runId && short.timestamp == event.timestamp)
    }

    @Test func `progress keeps its numbers whatever goes`() throws {
        var progress = QueryProgressEvent.sample(batchId: 7, description: long).progress
        progress.stateOperators = (0..<200).map { _ in
            StateOperatorProgress(operatorName: "dedupe", numRowsTotal: 3, customMetrics: ["a": 1])
        }
        guard case .progress(let short)? = try shortened(.progress(QueryProgressEvent(progress: progress)), 2) else {
            Issue.record("it is another event")
            return
        }
        #expect(short.progress.batchId == 7 && short.progress.numInputRows == 2)
        #expect(short.progress.sink.description?.count == 1001)
        #expect(short.progress.stateOperators.count == 100 && short.progress.stateOperators[0].numRowsTotal == 3)
        #expect(short.progress.stateOperators[0].customMetrics.isEmpty)
    }

    @Test func `there is no third step, and nothing is made of what is no event`() throws {
        #expect(try shortened(.progress(.sample(batchId: 1)), 3) == nil)
        #expect(Array("{}".utf8).withUnsafeBytes { EventShortener.shorten($0, step: 1) } == nil)
    }
}
