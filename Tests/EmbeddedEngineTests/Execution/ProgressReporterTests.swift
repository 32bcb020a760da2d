import FoundationEssentials
import StreamingMetrics
import StreamingTesting
import Testing

@testable import EmbeddedEngine

@Suite struct ProgressReporterTests {
    static func reporter(_ clock: ManualClock) -> ProgressReporter {
        ProgressReporter(identity: .init(id: UUID(), runId: UUID(), name: "q"), clock: clock)
    }

    static func facts(_ rows: [Int64]) -> ProgressReporter.Facts {
        ProgressReporter.Facts(
            batchId: 0, sources: rows.map { .init(description: "s", start: nil, end: "1", rows: $0) },
            sinkDescription: "k", outputRows: nil, stateOperators: [])
    }

    /// Spark's own worked example: a trigger from 1000 to 1500 that looks for offsets for 50 ms and runs for 450 ms.
    @Test func `the phases and rates of a trigger are those of Spark's worked example`() throws {
        let clock = ManualClock(milliseconds: 1000)
        let reporter = Self.reporter(clock)
        reporter.startTrigger()
        reporter.time("latestOffset") { clock.advance(milliseconds: 50) }
        reporter.time("addBatch") { clock.advance(milliseconds: 450) }
        let first = reporter.finishTrigger(Self.facts([2]))
        #expect(first.durationMs["latestOffset"] == 50)
        #expect(first.durationMs["addBatch"] == 450)
        #expect(first.durationMs["triggerExecution"] == 500)
        #expect(first.batchDuration == 500)
        #expect(first.processedRowsPerSecond == 4)
        #expect(first.inputRowsPerSecond == 0)
        #expect(first.timestamp.description == "1970-01-01T00:00:01.000Z")
        clock.advance(milliseconds: 500)
        reporter.startTrigger()
        #expect(reporter.finishTrigger(Self.facts([2])).inputRowsPerSecond == 2)
    }

    @Test func `a trigger of no time is taken for one millisecond, and an interval of none leaves the rate out`() {
        let clock = ManualClock(milliseconds: 1000)
        let reporter = Self.reporter(clock)
        reporter.startTrigger()
        #expect(reporter.finishTrigger(Self.facts([2])).processedRowsPerSecond == 2000)
        reporter.startTrigger()
        let second = reporter.finishTrigger(Self.facts([2]))
        #expect(second.inputRowsPerSecond == nil)
        #expect(!second.json.contains("inputRowsPerSecond"))
    }

    @Test func `a phase inside another one does not count there`() {
        let clock = ManualClock(milliseconds: 0)
        let reporter = Self.reporter(clock)
        reporter.startTrigger()
        reporter.time("addBatch") {
            clock.advance(milliseconds: 30)
            reporter.time("walCommit") { clock.advance(milliseconds: 5) }
            clock.advance(milliseconds: 10)
        }
        let progress = reporter.finishTrigger(Self.facts([1]))
        #expect(progress.durationMs["addBatch"] == 40)
        #expect(progress.durationMs["walCommit"] == 5)
        #expect(progress.durationMs["triggerExecution"] == 45)
    }

    @Test func `totals are the sums over the sources`() {
        let clock = ManualClock(milliseconds: 0)
        let reporter = Self.reporter(clock)
        reporter.startTrigger()
        clock.advance(milliseconds: 1000)
        let progress = reporter.finishTrigger(Self.facts([3, 4]))
        #expect(progress.numInputRows == 7)
        #expect(progress.processedRowsPerSecond == 7)
    }

    @Test func `an offset that is no JSON is written as a string`() {
        let clock = ManualClock(milliseconds: 0)
        let reporter = Self.reporter(clock)
        reporter.startTrigger()
        var facts = Self.facts([1])
        facts.sources[0].start = "{bad"
        facts.sources[0].end = "{\"logOffset\":3}"
        let source = reporter.finishTrigger(facts).sources[0]
        #expect(source.startOffset.string == "{bad")
        #expect(source.endOffset["logOffset"]?.int64 == 3)
    }
}
