import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// Streams that no query would write: whatever comes, nothing traps and no number is none.
@Suite struct RandomStreamTests {
    /// Some events of a few runs with absurd numbers and times, seeded.
    static func events(seed: UInt64, count: Int) -> [(event: StreamingQueryEvent, time: MonitorTime)] {
        var numbers = SeededNumbers(seed: seed)
        let extremes: [Int64] = [.min, -1, 0, 1, 1000, .max]
        var clock = 0.0
        return (0..<count).map { _ in
            let maker = EventMaker().nextRun(UInt8.random(in: 0...3, using: &numbers))
            clock += Double.random(in: -20...60, using: &numbers)
            let time = EventMaker.time(clock)
            let event: StreamingQueryEvent
            switch Int.random(in: 0...9, using: &numbers) {
            case 0: event = maker.started(clock + Double.random(in: -100...100, using: &numbers))
            case 1: event = maker.idle(clock + Double.random(in: -100...100, using: &numbers))
            case 2: event = maker.terminated(Bool.random(using: &numbers) ? "x" : nil)
            default:
                event = .progress(QueryProgressEvent(progress: progress(maker, clock, extremes, &numbers)))
            }
            return (event, time)
        }
    }

    private static func progress(
        _ maker: EventMaker, _ clock: Double, _ extremes: [Int64], _ numbers: inout SeededNumbers
    ) -> StreamingQueryProgress {
        func extreme() -> Int64 { extremes.randomElement(using: &numbers) ?? 0 }
        let offsets = ["null", #"{"t":{"0":5}}"#, #"{"t":{"0":-2,"1":9223372036854775807}}"#, "7", #""x""#]
        func offset() -> JSONValue {
            (try? JSONValue(parsing: offsets.randomElement(using: &numbers) ?? "null")) ?? .null
        }
        let rates: [Double?] = [nil, 0, -1, .nan, .infinity, 1e300, 5]
        let source = SourceProgress(
            description: "s", startOffset: offset(), endOffset: offset(), latestOffset: offset(),
            numInputRows: extreme(), metrics: ["avgOffsetsBehindLatest": "1e400"])
        let state = StateOperatorProgress(
            operatorName: "save", numRowsTotal: extreme(), memoryUsedBytes: extreme(),
            numRowsDroppedByWatermark: extreme())
        return StreamingQueryProgress(
            id: maker.id, runId: maker.runId, name: maker.name,
            timestamp: ProgressTimestamp(
                millisecondsSinceEpoch: Bool.random(using: &numbers)
                    ? EventMaker.time(clock).millisecondsSinceEpoch : extreme()),
            batchId: Bool.random(using: &numbers) ? Int64.random(in: 0...200, using: &numbers) : extreme(),
            batchDuration: Bool.random(using: &numbers) ? extreme() : nil, numInputRows: extreme(),
            inputRowsPerSecond: rates.randomElement(using: &numbers) ?? nil,
            processedRowsPerSecond: rates.randomElement(using: &numbers) ?? nil,
            durationMs: ["addBatch": extreme(), "triggerExecution": extreme()],
            eventTime: ["watermark": Bool.random(using: &numbers) ? "9999-12-31T23:59:59.999Z" : "never"],
            stateOperators: [state], sources: [source])
    }

    @Test(arguments: 0..<60 as Range<UInt64>) func `any stream is taken, and its numbers are numbers`(_ seed: UInt64) {
        var monitor = QueryMonitor(id: EventMaker().id)
        for (event, time) in Self.events(seed: seed, count: 300) {
            for transition in monitor.take(event, at: time) {
                #expect(transition.from != transition.to)
                #expect(!transition.reason.isEmpty)
            }
            monitor.advance(to: time + .seconds(1))
            for lag in monitor.lags {
                let values = [
                    lag.secondsBehind, lag.trendPerSecond, lag.inputRowsPerSecond, lag.processedRowsPerSecond,
                    lag.catchUpSeconds,
                ]
                #expect(values.allSatisfy { $0?.isFinite ?? true })
                #expect(lag.records ?? 0 >= 0)
            }
        }
        #expect(monitor.counts.events == 300)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func `the same stream gives the same answer`(_ seed: UInt64) {
        var first = QueryMonitor(id: EventMaker().id)
        var second = first
        for (event, time) in Self.events(seed: seed, count: 500) { first.take(event, at: time) }
        for (event, time) in Self.events(seed: seed, count: 500) { second.take(event, at: time) }
        let end = first.heardAt ?? EventMaker.time(0)
        #expect(first.snapshot(at: end) == second.snapshot(at: end))
        #expect(first.transitions == second.transitions)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `each change of state begins where the one before ended, and times never go back`(_ seed: UInt64) {
        var monitor = QueryMonitor(id: EventMaker().id)
        var state = QueryState.unknown
        var last: MonitorTime?
        for (event, time) in Self.events(seed: seed, count: 500) {
            for transition in monitor.take(event, at: time) {
                #expect(transition.from == state)
                state = transition.to
                if let last { #expect(transition.at >= last) }
                last = transition.at
            }
        }
        #expect(monitor.state == state)
    }
}
