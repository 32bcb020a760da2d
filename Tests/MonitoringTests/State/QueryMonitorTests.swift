import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct QueryMonitorTests {
    private let query = EventMaker()

    private func monitor(_ settings: MonitorSettings = MonitorSettings()) -> QueryMonitor {
        QueryMonitor(id: query.id, settings: settings)
    }

    @Test func `an end that comes before the last batches names the last of them`() {
        let maker = EventMaker()
        for exception in [nil, "boom"] {
            var monitor = QueryMonitor(id: maker.id)
            monitor.replay(maker.started(0))
            monitor.replay(maker.batch(0, 1))
            monitor.replay(maker.terminated(exception), orAt: 10)
            for number in 1...3 as ClosedRange<Int64> { monitor.replay(maker.batch(number, 1 + Double(number))) }
            #expect(monitor.state == (exception == nil ? .terminated : .failed))
            #expect(monitor.stateReason.hasSuffix("; its last batch was 3"), "\(monitor.stateReason)")
            #expect(!monitor.stateReason.contains("was 0") && monitor.transitions.last?.reason == monitor.stateReason)
        }
    }

    @Test func `nothing is known before the first event`() {
        let monitor = monitor()
        #expect(monitor.state == .unknown)
        #expect(monitor.stateSince == nil)
        #expect(monitor.runId == nil)
        #expect(monitor.lags.isEmpty)
    }

    @Test func `a query starts, processes, idles and ends, each with the reason and its numbers`() {
        var monitor = monitor()
        var changes = monitor.replay(query.started(0))
        changes += monitor.replay(query.batch(0, 1, takes: 0.5, rows: 1200))
        changes += monitor.replay(query.idle(20))
        changes += monitor.replay(query.batch(1, 30))
        changes += monitor.replay(query.terminated(), orAt: 40)
        #expect(changes.map(\.to) == [.starting, .processing, .idle, .processing, .terminated])
        #expect(changes.map(\.from) == [.unknown, .starting, .processing, .idle, .processing])
        #expect(changes[0].at == EventMaker.time(0))
        #expect(changes[1].at == EventMaker.time(1.5))
        #expect(changes[1].reason == "batch 0 read 1,200 rows in 500 ms")
        #expect(changes[2].reason == "no rows for 18.5 s")
        #expect(changes[4].reason == "run 00000000 has ended; its last batch was 1")
        #expect(monitor.transitions == changes)
        #expect(monitor.counts.batches == 2)
        #expect(monitor.counts.inputRows == 1300)
    }

    @Test func `a failure keeps the error's class and first line, and at most 8 KiB of its text`() throws {
        var monitor = monitor()
        monitor.replay(query.batch(7, 0))
        let text = "java.lang.ArithmeticException: / by zero\n\tat Main" + String(repeating: "é", count: 10_000)
        let changes = monitor.replay(query.terminated(text, errorClass: "DIVIDE_BY_ZERO"), orAt: 5)
        #expect(changes.map(\.to) == [.failed])
        #expect(
            changes.first?.reason
                == "run 00000000 has failed: DIVIDE_BY_ZERO: java.lang.ArithmeticException: / by zero; its last batch was 7"
        )
        let failure = try #require(monitor.failure)
        #expect(failure.errorClass == "DIVIDE_BY_ZERO")
        #expect(failure.exception.utf8.count <= 8192)
        #expect(failure.exception.utf8.count > 8180)
        #expect(monitor.counts.failures == 1)
    }

    @Test func `an executed batch without rows is not idle while rows came lately`() {
        var monitor = monitor()
        monitor.replay(query.batch(0, 0))
        monitor.replay(query.batch(1, 1, rows: 0))
        #expect(monitor.state == .processing)
        monitor.replay(query.batch(2, 30, rows: 0))
        #expect(monitor.state == .idle)
    }

    @Test func `two triggers in a row without a batch are idle`() {
        var monitor = monitor()
        monitor.replay(query.batch(0, 0))
        monitor.replay(query.empty(1, 1))
        #expect(monitor.state == .processing)
        monitor.replay(query.empty(1, 2))
        #expect(monitor.state == .idle)
    }

    @Test func `batches longer than the trigger interval are behind once it lasts, not at the first`() {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(5)
        var monitor = monitor(settings)
        monitor.run(query, batches: 0...3, from: 0, every: 5, takes: 1)
        #expect(monitor.pressure == .none)
        monitor.replay(query.batch(4, 20, takes: 8))
        #expect(monitor.state == .processing)
        #expect(monitor.pressure == .momentary)
        monitor.replay(query.batch(5, 30, takes: 8))
        #expect(monitor.state == .processing)
        let changes = monitor.replay(query.batch(6, 40, takes: 8))
        #expect(changes.map(\.to) == [.behind])
        #expect(
            changes.first?.reason
                == "the batch took 8 s, the trigger interval is 5 s; 3 batches in 28 s did not keep up")
        #expect(monitor.pressure == .sustained)
    }

    @Test func `one quick batch does not end being behind, two do`() {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(5)
        var monitor = monitor(settings)
        monitor.run(query, batches: 0...5, from: 0, every: 10, takes: 8)
        #expect(monitor.state == .behind)
        monitor.replay(query.batch(6, 60, takes: 1))
        #expect(monitor.state == .behind)
        monitor.replay(query.batch(7, 65, takes: 1))
        #expect(monitor.state == .processing)
    }

    @Test func `a query that is behind and then has nothing to do is idle`() {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(5)
        var monitor = monitor(settings)
        monitor.run(query, batches: 0...5, from: 0, every: 10, takes: 8)
        #expect(monitor.state == .behind)
        monitor.replay(query.idle(70))
        #expect(monitor.state == .idle)
        #expect(monitor.pressure == .none)
    }

    @Test func `the first trigger is not judged, however long it takes`() {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(1)
        settings.behindBatches = 1
        settings.behindFor = .zero
        var monitor = monitor(settings)
        monitor.replay(query.started(0))
        monitor.replay(query.batch(0, 1, takes: 300, rows: 1_000_000))
        #expect(monitor.state == .processing)
        monitor.replay(query.batch(1, 302, takes: 2))
        #expect(monitor.state == .behind)
    }

    @Test func `batches that grow without a trigger interval are behind`() {
        var monitor = monitor()
        var start = 0.0
        var takes = 1.0
        for number in 0..<8 as Range<Int64> {
            monitor.replay(query.batch(number, start, takes: takes, rows: Int64(takes * 100)))
            start += takes + 0.01
            takes *= 1.5
        }
        #expect(monitor.state == .behind)
        #expect(monitor.stateReason.contains("rows/s arrived and"))
    }

    @Test func `one row after a pause is no burst, whatever rate the progress says`() {
        var settings = MonitorSettings()
        settings.behindBatches = 1
        settings.behindFor = .zero
        var monitor = monitor(settings)
        monitor.replay(query.batch(0, 0))
        monitor.replay(query.idle(10))
        monitor.replay(query.idle(20))
        monitor.replay(query.batch(1, 25, takes: 0.2, rows: 1))
        #expect(monitor.state == .processing)
        #expect(monitor.pressure == .none)
    }

    @Test func `events of other queries are ignored`() {
        var monitor = monitor()
        var other = query
        other.id = UUID()
        #expect(monitor.replay(other.batch(0, 0)).isEmpty)
        #expect(monitor.counts.events == 0)
    }

    @Test func `the feed's name helps where events carry none`() {
        var monitor = monitor()
        monitor.take(query.idle(0), at: EventMaker.time(0), queryName: "from the header")
        #expect(monitor.name == "from the header")
    }

    @Test func `no more transitions are kept than the settings say`() {
        var settings = MonitorSettings()
        settings.maximumTransitions = 4
        var monitor = monitor(settings)
        for step in 0..<10 {
            monitor.replay(query.batch(Int64(step), Double(step) * 20))
            monitor.replay(query.idle(Double(step) * 20 + 12))
        }
        #expect(monitor.transitions.count == 4)
        #expect(monitor.transitions.last?.to == .idle)
    }
}
