import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct QuerySilenceTests {
    private let query = EventMaker()

    private func monitor(_ change: (inout MonitorSettings) -> Void = { _ in }) -> QueryMonitor {
        var settings = MonitorSettings()
        settings.minimumSilence = .seconds(30)
        change(&settings)
        return QueryMonitor(id: query.id, settings: settings)
    }

    /// A query that processes a batch a second, up to 10.5 s.
    private func lively(_ change: (inout MonitorSettings) -> Void = { _ in }) -> QueryMonitor {
        var monitor = monitor(change)
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...9, from: 1, every: 1, takes: 0.5)
        return monitor
    }

    @Test func `a batch that never ends is stalled, at the moment at which silence became too long`() throws {
        var monitor = lively()
        #expect(monitor.advance(to: EventMaker.time(40)).isEmpty)
        let changes = monitor.advance(to: EventMaker.time(1000))
        let stall = try #require(changes.first)
        #expect(changes.count == 1)
        #expect(stall.to == .stalled)
        #expect(stall.at == EventMaker.time(10.5 + 30))
        #expect(
            stall.reason == "no event for more than 30 s, where 10 s is the longest normal time; "
                + "the trigger after the one of batch 9 has not ended")
    }

    @Test func `the answer does not depend on how often the time is told`() {
        var often = lively()
        var once = lively()
        var seen: [QueryTransition] = []
        for tenth in 0..<2000 { seen += often.advance(to: EventMaker.time(10.5 + Double(tenth) / 10)) }
        #expect(once.advance(to: EventMaker.time(211)) == seen)
        #expect(seen.count == 1)
    }

    @Test func `a silence that ends with an event is told before the event`() {
        var monitor = lively()
        let changes = monitor.replay(query.batch(10, 100))
        #expect(changes.map(\.to) == [.stalled, .processing])
        #expect(changes[0].at == EventMaker.time(40.5))
        #expect(changes[1].at == EventMaker.time(100.5))
    }

    @Test func `idle events all night are no stall`() {
        var monitor = lively()
        for tick in 0..<4000 {
            monitor.replay(query.idle(20 + Double(tick) * 10))
            #expect(monitor.advance(to: EventMaker.time(29 + Double(tick) * 10)).isEmpty)
        }
        #expect(monitor.state == .idle)
    }

    @Test func `empty progress all night is no stall, as Spark before 3.5 sends it`() {
        var monitor = monitor()
        monitor.run(query, batches: 0...5, from: 0, every: 1, takes: 0.5)
        for tick in 0..<4000 {
            monitor.replay(query.empty(6, 16 + Double(tick) * 10))
            #expect(monitor.advance(to: EventMaker.time(25.9 + Double(tick) * 10)).isEmpty)
        }
        #expect(monitor.state == .idle)
        monitor.advance(to: EventMaker.time(50_000))
        #expect(monitor.state == .stalled)
    }

    @Test func `silence is unknown where the feed never showed that an idle query is heard`() {
        var monitor = monitor()
        monitor.run(query, batches: 0...9, from: 1, every: 1, takes: 0.5)
        let changes = monitor.advance(to: EventMaker.time(600))
        #expect(changes.map(\.to) == [.unknown])
        #expect(changes.first?.reason.contains("this feed has shown no sign of an idle query") == true)
    }

    @Test func `the settings may call that silence stalled`() {
        var monitor = monitor { $0.stallsWithoutIdleEvents = true }
        monitor.run(query, batches: 0...9, from: 1, every: 1, takes: 0.5)
        #expect(monitor.advance(to: EventMaker.time(600)).map(\.to) == [.stalled])
    }

    @Test func `a query triggered every five minutes is given three times that`() {
        var monitor = monitor()
        monitor.replay(query.started(-7))
        monitor.run(query, batches: 0...0, from: -6, every: 300, takes: 2)
        monitor.run(query, batches: 1...6, from: 0, every: 300, takes: 2)
        #expect(monitor.triggerInterval == .seconds(300))
        #expect(monitor.silenceDeadline == EventMaker.time(1502 + 900))
        #expect(monitor.advance(to: EventMaker.time(1502 + 900)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(1502 + 901)).map(\.to) == [.stalled])
    }

    @Test func `an interval that nobody would guess is learnt from the times between triggers`() {
        var monitor = monitor()
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...8, from: 3.123, every: 1517.77, takes: 2)
        #expect(monitor.triggerInterval == nil)
        // Twice nothing was known to compare with; from then on its own times are what is normal.
        #expect(
            monitor.transitions.map(\.to) == [.starting, .processing, .unknown, .processing, .unknown, .processing])
        let last = 3.123 + 8 * 1517.77 + 2
        #expect(monitor.advance(to: EventMaker.time(last + 4553)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(last + 4554)).map(\.to) == [.stalled])
    }

    @Test func `a given trigger interval holds from the first trigger on`() {
        var monitor = monitor { $0.triggerIntervals = ["orders": .seconds(3600)] }
        monitor.replay(query.started(0))
        monitor.replay(query.batch(0, 1))
        #expect(monitor.advance(to: EventMaker.time(3 * 3600)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(3 * 3600 + 2)).map(\.to) == [.stalled])
    }

    @Test func `without settings a minute is the least silence that is too long`() {
        var monitor = QueryMonitor(id: query.id)
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...9, from: 1, every: 1, takes: 0.5)
        #expect(monitor.silenceDeadline == EventMaker.time(10.5 + 60))
    }

    @Test func `long batches of late allow long silences`() {
        var monitor = monitor()
        monitor.replay(query.started(0))
        monitor.run(query, batches: 0...9, from: 0, every: 41, takes: 40)
        // The longest time between two triggers, where no interval is found.
        #expect(monitor.triggerInterval == nil)
        #expect(monitor.silenceDeadline == EventMaker.time(9 * 41 + 40 + 3 * 41))
    }

    @Test func `a first trigger that never ends is stalled after the limit for starts`() {
        var monitor = monitor { $0.startLimit = .seconds(600) }
        monitor.replay(query.started(0))
        #expect(monitor.advance(to: EventMaker.time(600)).isEmpty)
        let changes = monitor.advance(to: EventMaker.time(601))
        #expect(changes.map(\.to) == [.stalled])
        #expect(changes.first?.reason == "no trigger has ended for more than 10 min after the start")
    }

    @Test func `an ended query is never stalled`() {
        var monitor = lively()
        monitor.replay(query.terminated(), orAt: 12)
        #expect(monitor.advance(to: EventMaker.time(1_000_000)).isEmpty)
        #expect(monitor.silenceDeadline == nil)
    }

    @Test func `silence before the watching began is not counted`() {
        var monitor = lively()
        monitor.beginWatching(at: EventMaker.time(5000))
        #expect(monitor.advance(to: EventMaker.time(5020)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(5031)).map(\.at) == [EventMaker.time(5030)])
    }

    @Test func `a watcher that slept does not take its own pause for silence`() {
        var monitor = lively { $0.longestWatcherPause = .seconds(20) }
        #expect(monitor.advance(to: EventMaker.time(86_400)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(86_420)).isEmpty)
        #expect(monitor.advance(to: EventMaker.time(86_431)).map(\.to) == [.stalled])
    }
}
