import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// Alerts of the shipped rules over a restart of the monitor, after which it knows queries by their old events only.
@Suite struct AlertRestartTests {
    /// A monitor with its rules, judged each second.
    private struct Watcher {
        var fleet: QueryFleet
        var evaluator: AlertEvaluator
        var notices: [AlertNotification] = []
        var at = 0.0

        init(restoring state: AlertEvaluatorState? = nil) throws {
            var settings = MonitorSettings()
            settings.longestWatcherPause = .seconds(30)
            fleet = QueryFleet(settings: settings)
            evaluator = AlertEvaluator(rules: try ShippedRules.rules(), restoring: state)
        }

        /// Reads old events, and watches from a moment on.
        mutating func read(_ events: [(Double, StreamingQueryEvent)], watchingFrom now: Double) {
            for (time, event) in events { fleet.take(event, at: EventMaker.time(time)) }
            fleet.beginWatching(at: EventMaker.time(now))
            at = now
        }

        /// Goes on for so many seconds, with what comes meanwhile.
        mutating func run(until end: Double, _ events: [(Double, StreamingQueryEvent)] = []) {
            var rest = events[...]
            while at < end {
                at += 1
                while let next = rest.first, next.0 <= at {
                    fleet.take(next.1, at: EventMaker.time(next.0))
                    rest.removeFirst()
                }
                let now = EventMaker.time(at)
                fleet.advance(to: now)
                let input = AlertInput(at: now, queries: fleet.snapshots(at: now), feeds: [FeedStatus(name: "kafka")])
                notices += evaluator.evaluate(input).notifications
            }
        }

        func firing(_ name: String) -> Bool { evaluator.alerts.contains { $0.name == name && $0.state == .firing } }

        func told(_ name: String) -> [Alert.State] {
            notices.flatMap { notice in notice.alerts.filter { notice.news.contains($0.fingerprint) } }
                .filter { $0.name == name }.map(\.state)
        }
    }

    private func batches(_ numbers: Range<Int>, every seconds: Double, takes: Double) -> [(Double, StreamingQueryEvent)]
    {
        let maker = EventMaker()
        let started = numbers.lowerBound == 0 ? [(0.0, maker.started(0))] : []
        return started
            + numbers.map { number in
                let start = Double(number) * seconds + 1
                return (start + takes, maker.batch(Int64(number), start, takes: takes, rows: 100))
            }
    }

    private func saved(_ watcher: Watcher) throws -> AlertEvaluatorState {
        try JSONDecoder().decode(AlertEvaluatorState.self, from: try JSONEncoder().encode(watcher.evaluator.state))
    }

    @Test(arguments: [true, false])
    func `a query that hangs goes on firing, whether its old events are read again or not`(isRead: Bool) throws {
        let before = batches(0..<60, every: 1, takes: 0.5)
        var first = try Watcher()
        first.read([], watchingFrom: 0)
        first.run(until: 200, before)
        #expect(first.firing("QueryStalled") && first.told("QueryStalled") == [.firing])
        var next = try Watcher(restoring: try saved(first))
        next.read(isRead ? before : [], watchingFrom: 300)
        next.run(until: 3000)
        #expect(next.firing("QueryStalled"))
        #expect(next.told("QueryStalled") == [], "it had been told, and is no news")
        // It goes on: told once, when its state is known again.
        let later = batches(3000..<3100, every: 1, takes: 0.5)
        next.run(until: 3110, later)
        #expect(!next.firing("QueryStalled") && next.told("QueryStalled") == [.resolved])
    }

    @Test func `a query that is behind goes on firing until its batches have shown what it does`() throws {
        let slow = batches(0..<40, every: 60, takes: 59)
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(30)
        func watcher(_ state: AlertEvaluatorState? = nil) throws -> Watcher {
            var watcher = try Watcher(restoring: state)
            watcher.fleet = QueryFleet(settings: settings)
            return watcher
        }
        var first = try watcher()
        first.read([], watchingFrom: 0)
        first.run(until: 1200, Array(slow.prefix(21)))
        #expect(first.firing("QueryFallingBehind"))
        var next = try watcher(try saved(first))
        // Nothing of before is read again.
        next.read([], watchingFrom: 1205)
        next.run(until: 2400, Array(slow[21...]))
        #expect(next.firing("QueryFallingBehind") && next.told("QueryFallingBehind") == [])
    }

    @Test func `one that failed and was started again meanwhile is told as over`() throws {
        let maker = EventMaker()
        let before = batches(0..<60, every: 1, takes: 0.5)
        var first = try Watcher()
        first.read([], watchingFrom: 0)
        first.run(until: 100, before + [(61, maker.terminated("boom"))])
        #expect(first.firing("QueryFailed"))
        var next = try Watcher(restoring: try saved(first))
        next.read(before + [(61, maker.terminated("boom"))], watchingFrom: 120)
        next.run(until: 130)
        #expect(next.firing("QueryFailed") && next.told("QueryFailed") == [])
        var second = maker
        second.runId = UUID()
        let again = (0..<500).map { number in
            let start = 131 + Double(number)
            return (start + 0.5, second.batch(Int64(60 + number), start, takes: 0.5, rows: 100))
        }
        next.run(until: 600, [(130.5, second.started(130.5))] + again)
        #expect(!next.firing("QueryFailed") && next.told("QueryFailed") == [.resolved])
    }
}
