import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// Restarts, copies, late events and clocks that are set.
@Suite struct QueryRunTests {
    private let query = EventMaker()

    private func monitor() -> QueryMonitor { QueryMonitor(id: query.id) }

    @Test func `a restart keeps the query and says which run follows which`() {
        var monitor = monitor()
        let second = query.nextRun()
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...4, from: 1, every: 1, takes: 0.5)
        monitor.replay(query.terminated("boom"), orAt: 8)
        let changes = monitor.replay(second.started(10)) + monitor.replay(second.batch(5, 11))
        #expect(changes.map(\.to) == [.restarting, .processing])
        #expect(changes[0].reason == "run 00000000 after run 00000000, whose last batch was 4")
        #expect(monitor.runId == second.runId)
        #expect(monitor.counts.restarts == 1)
        #expect(monitor.restarts == [EventMaker.time(10)])
        #expect(monitor.failure == nil)
    }

    @Test func `a restart is seen without started and terminated events`() {
        var monitor = monitor()
        monitor.run(query, batches: 0...4, from: 1, every: 1, takes: 0.5)
        let changes = monitor.replay(query.nextRun().batch(5, 60))
        // The silence between the runs was too short for a limit that is not known yet.
        #expect(changes.map(\.to).suffix(2) == [.restarting, .processing])
        #expect(changes.contains { $0.reason.hasSuffix("; no end of that one was heard") })
    }

    @Test func `late events of an earlier run do not bring it back`() {
        var monitor = monitor()
        let second = query.nextRun()
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...4, from: 1, every: 1, takes: 0.5)
        monitor.replay(second.started(10))
        monitor.replay(second.batch(5, 11))
        for late in [query.batch(3, 4), query.idle(9), query.started(0), query.terminated("old")] {
            #expect(monitor.take(late, at: EventMaker.time(12)).isEmpty)
        }
        #expect(monitor.runId == second.runId)
        #expect(monitor.state == .processing)
        #expect(monitor.counts.failures == 0)
        #expect(monitor.counts.lateEvents == 4)
    }

    @Test func `an earlier run that was never heard of does not replace the current one`() {
        var monitor = monitor()
        monitor.replay(query.started(100))
        monitor.replay(query.batch(20, 101))
        let earlier = query.nextRun(7)
        #expect(monitor.take(earlier.started(50), at: EventMaker.time(102)).isEmpty)
        #expect(monitor.take(earlier.batch(12, 60), at: EventMaker.time(102)).isEmpty)
        #expect(monitor.take(earlier.terminated("x"), at: EventMaker.time(102)).isEmpty)
        #expect(monitor.runId == query.runId)
    }

    @Test func `progress that comes after the end changes numbers and not the state`() {
        var monitor = monitor()
        monitor.replay(query.batch(0, 0))
        monitor.replay(query.terminated(), orAt: 3)
        #expect(monitor.take(query.batch(1, 1, rows: 7), at: EventMaker.time(4)).isEmpty)
        #expect(monitor.state == .terminated)
        #expect(monitor.lastProgress?.batchId == 1)
        #expect(monitor.counts.inputRows == 107)
    }

    @Test func `a copy counts as a copy and as no sign of life`() {
        var monitor = monitor()
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...9, from: 1, every: 1, takes: 0.5)
        let deadline = monitor.silenceDeadline
        monitor.take(query.batch(9, 10), at: EventMaker.time(30))
        monitor.take(query.batch(2, 3), at: EventMaker.time(30))
        #expect(monitor.silenceDeadline == deadline)
        #expect(monitor.counts.copies == 1)
        #expect(monitor.counts.lateEvents == 1)
        #expect(monitor.counts.batches == 10)
    }

    @Test func `a wall clock that is set back by an hour is no silence and no end`() {
        var monitor = monitor()
        monitor.replay(query.started(7200))
        for number in 0..<10 as Range<Int64> {
            monitor.take(query.batch(number, 7201 + Double(number)), at: EventMaker.time(7202 + Double(number)))
        }
        // The query's host is an hour back from here on; the feed's clock goes on.
        var changes: [QueryTransition] = []
        for number in 10..<40 as Range<Int64> {
            let seconds = 3611 + Double(number)
            changes += monitor.take(query.batch(number, seconds), at: EventMaker.time(7202 + Double(number)))
        }
        for tick in 0..<20 {
            changes += monitor.take(query.idle(3660 + Double(tick) * 10), at: EventMaker.time(7252 + Double(tick) * 10))
        }
        #expect(changes.map(\.to) == [.idle])
        #expect(monitor.counts.batches == 40)
    }

    @Test func `a restart on a host whose clock is behind is a restart`() {
        var monitor = monitor()
        monitor.replay(query.started(5000))
        monitor.run(query, batches: 0...4, from: 5001, every: 1, takes: 0.5)
        monitor.replay(query.terminated(), orAt: 5010)
        let second = query.nextRun()
        monitor.take(second.started(100), at: EventMaker.time(5020))
        #expect(monitor.state == .restarting)
        monitor.take(second.batch(5, 101), at: EventMaker.time(5022))
        #expect(monitor.state == .processing)
    }

    @Test func `the feed's clock may be set back: ages stay what they are`() {
        var monitor = monitor()
        monitor.replay(query.started(5000))
        monitor.run(query, batches: 0...9, from: 5001, every: 1, takes: 0.5)
        #expect(monitor.silenceDeadline == EventMaker.time(5070.5))
        monitor.advance(to: EventMaker.time(5020.5))
        monitor.advance(to: EventMaker.time(1420.5))
        #expect(monitor.silenceDeadline == EventMaker.time(1470.5))
        #expect(monitor.advance(to: EventMaker.time(1470)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(1471)).map(\.to) == [.stalled])
    }

    @Test func `a steady clock does not see that the wall clock was set`() {
        let steady = SteadyTime(wall: EventMaker.time(0), uptime: .seconds(1000))
        #expect(steady.time(atUptime: .seconds(1060)) == EventMaker.time(60))
    }

    @Test func `times at the ends of the range trap nothing`() {
        var monitor = monitor()
        for milliseconds in [Int64.min, .max, 0, .max, .min] {
            var event = query.batch(1, 0)
            if case .progress(var progress) = event {
                progress.progress.timestamp = ProgressTimestamp(millisecondsSinceEpoch: milliseconds)
                progress.progress.batchDuration = .max
                progress.progress.batchId = .max
                progress.progress.numInputRows = .max
                event = .progress(progress)
            }
            monitor.take(event, at: MonitorTime(millisecondsSinceEpoch: milliseconds))
            monitor.advance(to: MonitorTime(millisecondsSinceEpoch: milliseconds))
            monitor.take(query.idle(0), at: MonitorTime(millisecondsSinceEpoch: milliseconds))
        }
        #expect(monitor.counts.events == 10)
    }
}
