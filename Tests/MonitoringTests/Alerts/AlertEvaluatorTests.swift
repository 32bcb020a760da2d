import Foundation
import Monitoring
import Testing

@Suite struct AlertEvaluatorTests {
    private func rule(
        hold: Int = 0, keep: Int = 0, keepExpression: String? = nil
    ) throws -> AlertRule {
        var rule = try AlertRule.test("streamgauge_query_lag_seconds > 60", keep: keepExpression)
        rule.holdFor = .seconds(hold)
        rule.keepFiringFor = .seconds(keep)
        return rule
    }

    @Test func `an alert is pending for its time, fires, and resolves`() throws {
        var bench = AlertBench([try rule(hold: 30)])
        bench.step(at: 0, [Series.lag(10)])
        #expect(bench.state == nil)
        bench.step(at: 1, [Series.lag(70)])
        #expect(bench.state == .pending)
        bench.run(2...30, [Series.lag(80)])
        #expect(bench.state == .pending)
        bench.step(at: 31, [Series.lag(90)])
        let alert = try #require(bench.alerts(.firing).first)
        #expect(alert.value == 90 && alert.activeAt == EventMaker.time(1) && alert.firedAt == EventMaker.time(31))
        #expect(alert.reason == "the expression has held for 30 s, its value is 90")
        #expect(alert.labels == ["alertname": "Test", "query": "a", "id": "id-a"])
        bench.step(at: 32, [Series.lag(60)])
        let resolved = try #require(bench.alerts(.resolved).first)
        #expect(resolved.resolvedAt == EventMaker.time(32) && resolved.reason == "the expression no longer holds")
        #expect(bench.changes.map(\.state) == [.pending, .firing, .resolved])
        bench.run(33...1000, [Series.lag(60)])
        #expect(bench.state == nil, "a resolved alert is shown for a while only")
    }

    @Test func `what does not hold long enough never fires`() throws {
        var bench = AlertBench([try rule(hold: 30)])
        for round in 0..<10 {
            bench.run(round * 40...round * 40 + 20, [Series.lag(70)])
            bench.run(round * 40 + 21...round * 40 + 39, [Series.lag(1)])
        }
        #expect(!bench.changes.contains { $0.state == .firing })
        #expect(bench.changes.count == 20 && bench.notifications.isEmpty)
    }

    @Test func `an alert keeps firing over a gap, and the gap begins anew each time`() throws {
        var bench = AlertBench([try rule(keep: 10)])
        bench.step(at: 0, [Series.lag(70)])
        bench.run(1...10, [Series.lag(1)])
        #expect(bench.state == .firing)
        bench.step(at: 11, [Series.lag(70)])
        bench.run(12...21, [Series.lag(1)])
        #expect(bench.state == .firing)
        bench.step(at: 22, [Series.lag(1)])
        #expect(bench.state == .resolved)
        #expect(bench.alerts(.resolved).first?.reason == "the expression no longer holds and has not for 10 s")
    }

    @Test func `hysteresis: it fires above one threshold and goes on above another`() throws {
        var bench = AlertBench([try rule(keepExpression: "streamgauge_query_lag_seconds > 30")])
        bench.step(at: 0, [Series.lag(40)])
        #expect(bench.state == nil)
        bench.step(at: 1, [Series.lag(61)])
        for second in 2...100 { bench.step(at: Double(second), [Series.lag(second % 2 == 0 ? 40 : 61)]) }
        #expect(bench.state == .firing)
        bench.step(at: 101, [Series.lag(30)])
        #expect(bench.state == .resolved)
        #expect(bench.changes.map(\.state) == [.firing, .resolved])
    }

    @Test func `each series has its own alert`() throws {
        var bench = AlertBench([try rule()])
        bench.step(at: 0, [Series.lag(70), Series.lag(80, query: "b"), Series.lag(1, query: "c")])
        #expect(Set(bench.alerts(.firing).compactMap { $0.labels["query"] }) == ["a", "b"])
        bench.step(at: 1, [Series.lag(1), Series.lag(80, query: "b"), Series.lag(1, query: "c")])
        #expect(bench.alerts(.firing).compactMap { $0.labels["query"] } == ["b"])
    }

    @Test func `the fingerprint is Prometheus'`() throws {
        var bench = AlertBench([try rule()])
        bench.step(at: 0, [Series.lag(70)])
        // FNV-1a of alertname, Test, id, id-a, query, a, each ended by FF.
        #expect(bench.alerts(.firing).first?.fingerprint == "022b20f8f13a64f7")
    }

    // MARK: No data

    @Test func `without data an alert resolves, is kept for a while, or another one fires`() throws {
        var rules = try [rule(), rule(), rule()]
        (rules[0].name, rules[1].name, rules[2].name) = ("Resolve", "Keep", "Alert")
        (rules[1].noData, rules[2].noData) = (.keep, .alert)
        rules[1].noDataFor = .seconds(100)
        rules[2].noDataFor = .seconds(50)
        var bench = AlertBench(rules)
        bench.step(at: 0, [Series.lag(70)])
        #expect(bench.alerts(.firing).count == 3)
        bench.step(at: 1, [])
        #expect(Set(bench.alerts(.firing).map(\.name)) == ["Keep", "Alert"])
        #expect(bench.alerts(.resolved).first?.reason == "its series is gone")
        bench.run(2...49, [])
        #expect(!bench.alerts(.firing).contains { $0.labels["no_data"] == "true" })
        bench.run(50...52, [])
        #expect(bench.alerts(.firing).filter { $0.labels["no_data"] == "true" }.map(\.name) == ["Alert"])
        bench.run(53...101, [])
        #expect(bench.alerts(.firing).map { $0.labels["no_data"] } == ["true"])
        #expect(bench.alerts(.resolved).contains { $0.reason == "no data for 1 min 40 s" })
        bench.step(at: 102, [Series.lag(1)])
        #expect(bench.alerts(.firing).isEmpty)
    }

    @Test func `while another query has data, the one without is the one that is gone`() throws {
        var keeping = try rule()
        keeping.noData = .keep
        var bench = AlertBench([keeping])
        bench.step(at: 0, [Series.lag(70), Series.lag(70, query: "b")])
        // Here, and only without this measure.
        bench.step(at: 1, [Series.duration(1), Series.lag(70, query: "b")])
        #expect(bench.alerts(.firing).compactMap { $0.labels["query"] } == ["b"])
        bench.step(at: 2, [Series.duration(1)])
        #expect(bench.alerts(.firing).compactMap { $0.labels["query"] } == ["b"])
    }

    @Test func `nothing fires in the grace after a start, and pending counts meanwhile`() throws {
        var graceful = try rule(hold: 10)
        graceful.startupGrace = .seconds(60)
        var bench = AlertBench([graceful])
        bench.run(0...59, [Series.lag(70)])
        #expect(bench.state == .pending)
        bench.step(at: 60, [Series.lag(70)])
        #expect(bench.state == .firing)
    }

    // MARK: Clocks

    @Test func `a clock that is set back makes nothing fire or resolve`() throws {
        var bench = AlertBench([try rule(hold: 100, keep: 100)])
        bench.run(0...50, [Series.lag(70)])
        bench.run(-3600...(-3551), [Series.lag(70)])
        #expect(bench.state == .pending)
        bench.step(at: -3550, [Series.lag(70)])
        #expect(bench.state == .firing)
        let alert = try #require(bench.alerts(.firing).first)
        #expect(alert.activeAt < (alert.firedAt ?? alert.activeAt))
    }

    @Test func `a watcher that slept has not seen the time go by`() throws {
        var bench = AlertBench([try rule(hold: 100)])
        bench.run(0...10, [Series.lag(70)])
        bench.step(at: 40_000, [Series.lag(70)])
        #expect(bench.state == .pending)
        bench.run(40_001...40_090, [Series.lag(70)])
        #expect(bench.state == .firing)
    }

    @Test func `a group's interval is kept`() throws {
        var bench = AlertBench([try rule()])
        bench.evaluator.replaceRules(
            AlertRules(groups: [AlertRuleGroup(name: "test", interval: .seconds(60), rules: [try rule()])]))
        bench.step(at: 0, [Series.lag(1)])
        bench.run(1...59, [Series.lag(70)])
        #expect(bench.state == nil)
        bench.step(at: 60, [Series.lag(70)])
        #expect(bench.state == .firing)
    }

    @Test func `more alerts than a group allows are an error of the rule`() throws {
        var bench = AlertBench([])
        bench.evaluator.replaceRules(
            AlertRules(groups: [AlertRuleGroup(name: "test", limit: 1, rules: [try rule()])]))
        bench.step(at: 0, [Series.lag(70), Series.lag(70, query: "b")])
        #expect(bench.evaluator.ruleStatuses.first?.error == "2 alerts, and the group's limit is 1")
        #expect(bench.alerts(.firing).isEmpty)
    }

    // MARK: Restarts and reloads

    private func restored(_ bench: AlertBench, _ rules: [AlertRule], at seconds: Double) throws -> AlertBench {
        let data = try JSONEncoder().encode(bench.evaluator.state)
        let state = try JSONDecoder().decode(AlertEvaluatorState.self, from: data)
        return AlertBench(rules, at: seconds, restoring: state)
    }

    @Test func `a firing alert survives a restart and is not told again`() throws {
        let rules = [try rule(hold: 10)]
        var bench = AlertBench(rules)
        bench.run(0...20, [Series.lag(70)])
        #expect(bench.notifications.count == 1)
        var next = try restored(bench, rules, at: 500)
        next.run(500...510, [])
        #expect(next.alerts(.firing).count == 1, "its series has not come back yet")
        next.run(511...600, [Series.lag(70)])
        #expect(next.alerts(.firing).first?.activeAt == EventMaker.time(0))
        #expect(next.notifications.isEmpty && next.changes.isEmpty)
    }

    @Test func `what has resolved while nobody watched is told once`() throws {
        let rules = [try rule()]
        var bench = AlertBench(rules)
        bench.run(0...20, [Series.lag(70)])
        var next = try restored(bench, rules, at: 500)
        next.run(500...900, [Series.lag(1)])
        #expect(next.notifications.map(\.status) == [.resolved])
        var last = try restored(next, rules, at: 1000)
        last.run(1000...1100, [Series.lag(1)])
        #expect(last.notifications.isEmpty)
    }

    @Test func `an alert whose series never comes back resolves after the grace`() throws {
        let rules = [try rule()]
        var bench = AlertBench(rules)
        bench.run(0...20, [Series.lag(70)])
        var next = try restored(bench, rules, at: 500)
        next.run(500...1099, [])
        #expect(next.alerts(.firing).count == 1)
        next.run(1100...1200, [])
        #expect(next.alerts(.firing).isEmpty)
        #expect(next.notifications.map(\.status) == [.resolved])
    }

    @Test func `pending time before a restart counts, the time between does not`() throws {
        let rules = [try rule(hold: 60)]
        var bench = AlertBench(rules)
        bench.run(0...40, [Series.lag(70)])
        var next = try restored(bench, rules, at: 5000)
        next.run(5000...5019, [Series.lag(70)])
        #expect(next.state == .pending)
        next.step(at: 5020, [Series.lag(70)])
        #expect(next.state == .firing)
    }

    @Test func `a rule that goes away resolves its alerts, one that stays keeps them`() throws {
        var other = try rule()
        other.name = "Other"
        var bench = AlertBench([try rule(), other])
        bench.run(0...60, [Series.lag(70)])
        #expect(bench.notifications.count == 2)
        bench.evaluator.replaceRules(AlertRules(groups: [AlertRuleGroup(name: "test", rules: [try rule()])]))
        bench.run(61...200, [Series.lag(70)])
        #expect(bench.alerts(.firing).map(\.name) == ["Test"])
        #expect(bench.notifications.count == 3)
        #expect(bench.notifications.last?.alerts.map(\.reason) == ["the rule is no longer there"])
    }

    @Test func `the end of a rule that is gone is told after a restart, if it was not before`() throws {
        var bench = AlertBench([try rule()])
        bench.run(0...60, [Series.lag(70)])
        #expect(bench.notifications.map(\.status) == [.firing])
        bench.evaluator.replaceRules(AlertRules(groups: []))
        bench.step(at: 61, [Series.lag(70)])
        let state = bench.evaluator.state
        #expect(bench.notifications.count == 1 && state.count == 1)
        var next = AlertBench([], at: 62, restoring: state)
        next.run(62...200, [Series.lag(70)])
        #expect(next.notifications.map(\.status) == [.resolved])
        #expect(next.notifications.first?.alerts.map(\.reason) == ["the rule is no longer there"])
        #expect(next.evaluator.state.count == 0)
    }

    @Test func `old events notify nobody, and what still fires afterwards is told once`() throws {
        var ended = try rule()
        ended.name = "Ended"
        var bench = AlertBench([try rule(), ended], isReplaying: true)
        bench.run(0...50, [Series.lag(70)])
        bench.run(51...60, [Series.lag(1)])
        bench.run(61...100, [Series.lag(70)])
        #expect(bench.notifications.isEmpty)
        bench.evaluator.replaceRules(AlertRules(groups: [AlertRuleGroup(name: "test", rules: [try rule()])]))
        bench.evaluator.isReplaying = false
        bench.run(101...200, [Series.lag(70)])
        #expect(bench.notifications.map(\.status) == [.firing])
        #expect(bench.notifications.first?.alerts.map(\.name) == ["Test"])
    }

    @Test func `memory does not grow with series that come and go`() throws {
        var settings = AlertSettings()
        settings.resolvedRetention = .seconds(60)
        var bench = AlertBench([try .test("max_over_time(streamgauge_query_lag_seconds[1m]) > 1")], settings: settings)
        for second in 0..<2500 { bench.step(at: Double(second), [Series.lag(70, query: "q\(second)")]) }
        // A minute in the window, a minute resolved, and what waits for its notice.
        #expect(bench.evaluator.alerts.count <= 200)
        // Labels go ten minutes after the window, looked for every five minutes.
        #expect(bench.evaluator.knownSeries < 1100)
    }
}
