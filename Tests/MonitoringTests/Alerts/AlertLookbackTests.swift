import Foundation
import Monitoring
import Testing

/// Alerts of rules that look back over a window, when the window is new: after a reload, a restart, or a long sleep.
@Suite struct AlertLookbackTests {
    private func rule(_ name: String, _ expression: String, keep: String? = nil) throws -> AlertRule {
        var rule = try AlertRule.test(expression, keep: keep)
        rule.name = name
        return rule
    }

    private func restarts() throws -> AlertRule {
        try rule("Restarts", "increase(streamgauge_query_input_rows_total[5m]) > 10")
    }

    private func rules(_ rules: [AlertRule]) -> AlertRules {
        AlertRules(groups: [AlertRuleGroup(name: "test", rules: rules)])
    }

    /// A bench whose counter has gone up by 20 and stands since the 60th second.
    private func firing(_ rules: [AlertRule]) -> AlertBench {
        var bench = AlertBench(rules)
        bench.run(0...59, [Series.rows(0)])
        bench.run(60...100, [Series.rows(20)])
        return bench
    }

    @Test func `rules that are read again look back on what was seen before`() throws {
        let other = try rule("Other", "avg_over_time(streamgauge_query_lag_seconds[1h]) > 60")
        var bench = firing([try restarts()])
        #expect(bench.state == .firing)
        // Whatever stands before it in the file now.
        bench.evaluator.replaceRules(rules([other, try restarts()]))
        bench.run(101...359, [Series.rows(20), Series.lag(1)])
        #expect(bench.alerts(.firing).map(\.name) == ["Restarts"])
        // To a 32nd of the window.
        bench.run(360...380, [Series.rows(20), Series.lag(1)])
        #expect(bench.alerts(.firing).isEmpty, "the growth has left the window")
        #expect(bench.notifications.map(\.status) == [.firing, .resolved])
    }

    @Test func `another threshold over the same window counts from what was seen before`() throws {
        var bench = firing([try restarts()])
        bench.evaluator.replaceRules(
            rules([try rule("Restarts", "increase(streamgauge_query_input_rows_total[5m]) > 30")]))
        bench.step(at: 101, [Series.rows(20)])
        #expect(bench.alerts(.firing).isEmpty)
        bench.evaluator.replaceRules(rules([try restarts()]))
        bench.step(at: 102, [Series.rows(20)])
        #expect(bench.alerts(.firing).map(\.name) == ["Restarts"])
    }

    @Test func `a rule with another window keeps its alert until that has been seen as a whole`() throws {
        var bench = firing([try restarts()])
        bench.evaluator.replaceRules(
            rules([try rule("Restarts", "increase(streamgauge_query_input_rows_total[10m]) > 10")]))
        bench.run(101...700, [Series.rows(20)])
        #expect(bench.state == .firing)
        bench.run(701...702, [Series.rows(20)])
        #expect(bench.state == .resolved)
    }

    @Test func `windows in windows are whole when both are`() throws {
        let nested = try rule("Nested", "max_over_time((rate(streamgauge_query_input_rows_total[1m]) > 0)[2m:]) > 0")
        let bench = firing([nested])
        #expect(bench.state == .firing)
        var next = try restored(bench, [nested], at: 1000)
        next.run(1000...1179, [Series.rows(20)])
        #expect(next.state == .firing)
        next.run(1180...1181, [Series.rows(20)])
        #expect(next.state == .resolved)
    }

    @Test func `after a restart an alert stays until its window has been seen, and is told once`() throws {
        var bench = firing([try restarts()])
        bench.run(101...110, [Series.rows(20)])
        var next = try restored(bench, [try restarts()], at: 200)
        next.run(200...499, [Series.rows(20)])
        #expect(next.state == .firing && next.notifications.isEmpty)
        next.run(500...540, [Series.rows(20)])
        #expect(next.state == .resolved)
        #expect(next.notifications.map(\.status) == [.resolved])
    }

    @Test func `an alert that is found again after a restart is one like any other`() throws {
        var next = try restored(firing([try restarts()]), [try restarts()], at: 200)
        next.run(200...210, [Series.rows(20)])
        next.step(at: 211, [Series.rows(40)])
        #expect(next.state == .firing)
        next.run(212...530, [Series.rows(40)])
        #expect(next.state == .resolved, "the growth is older than five minutes")
    }

    @Test func `half a window that holds for a moment is not the whole of it`() throws {
        let mean = try rule("Mean", "avg_over_time(streamgauge_query_lag_seconds[2m]) > 60")
        var bench = AlertBench([mean])
        bench.run(0...100, [Series.lag(70)])
        var next = try restored(bench, [mean], at: 200)
        next.run(200...200, [Series.lag(70)])
        next.run(201...318, [Series.lag(10)])
        #expect(next.state == .firing)
        next.run(319...322, [Series.lag(10)])
        #expect(next.state == .resolved)
    }

    @Test func `a window in which nothing could be seen is none`() throws {
        let mean = try rule("Mean", "avg_over_time(streamgauge_query_lag_seconds[2m]) > 60")
        var bench = AlertBench([mean])
        bench.run(0...100, [Series.lag(70)])
        var next = try restored(bench, [mean], at: 200)
        for second in 200...800 { next.step(at: Double(second), [], feeds: [FeedStatus(name: "kafka", isUp: false)]) }
        for second in 801...919 { next.step(at: Double(second), [Series.lag(10)], feeds: [FeedStatus(name: "kafka")]) }
        #expect(next.state == .firing)
        for second in 920...924 { next.step(at: Double(second), [Series.lag(10)], feeds: [FeedStatus(name: "kafka")]) }
        #expect(next.state == .resolved)
    }

    @Test func `a watcher that slept waits for the window that keeps an alert, too`() throws {
        let kept = try rule(
            "Kept", "streamgauge_query_lag_seconds > 60", keep: "max_over_time(streamgauge_query_lag_seconds[2m]) > 60")
        var bench = AlertBench([kept])
        bench.run(0...10, [Series.lag(70)])
        bench.run(11...20, [Series.lag(1)])
        bench.run(5000...5119, [Series.lag(1)])
        #expect(bench.state == .firing)
        bench.run(5120...5122, [Series.lag(1)])
        #expect(bench.state == .resolved)
    }

    @Test func `what decides whether it goes on firing has a window of its own`() throws {
        let kept = try rule(
            "Kept", "streamgauge_query_lag_seconds > 60", keep: "max_over_time(streamgauge_query_lag_seconds[2m]) > 60")
        var bench = AlertBench([kept])
        bench.run(0...10, [Series.lag(70)])
        bench.run(11...20, [Series.lag(1)])
        #expect(bench.state == .firing)
        var next = try restored(bench, [kept], at: 30)
        next.run(30...149, [Series.lag(1)])
        #expect(next.state == .firing)
        next.run(150...151, [Series.lag(1)])
        #expect(next.state == .resolved)
    }

    @Test func `a watcher that slept does not take empty windows for calm`() throws {
        var bench = firing([try restarts()])
        bench.run(5000...5299, [Series.rows(20)])
        #expect(bench.state == .firing)
        bench.run(5300...5301, [Series.rows(20)])
        #expect(bench.state == .resolved)
    }

    @Test func `a silence that a reload brings keeps the time for which nothing has been known`() throws {
        var alarmed = try rule("Missing", "streamgauge_query_lag_seconds > 60")
        (alarmed.noData, alarmed.noDataFor) = (.alert, .seconds(100))
        var bench = AlertBench([alarmed])
        bench.run(0...60, [])
        bench.evaluator.replaceRules(rules([alarmed]))
        bench.run(61...99, [])
        #expect(bench.state == nil)
        bench.run(100...101, [])
        #expect(bench.state == .firing)
    }

    @Test func `time in which a feed is away does not end what was known before a restart`() throws {
        let lag = try rule("Lag", "streamgauge_query_lag_seconds > 60")
        var bench = AlertBench([lag])
        bench.run(0...20, [Series.lag(70)])
        var next = try restored(bench, [lag], at: 100)
        for second in 100...2000 { next.step(at: Double(second), [], feeds: [FeedStatus(name: "kafka", isUp: false)]) }
        #expect(next.state == .firing)
        for second in 2001...2599 { next.step(at: Double(second), [], feeds: [FeedStatus(name: "kafka")]) }
        #expect(next.state == .firing)
        for second in 2600...2605 { next.step(at: Double(second), [], feeds: [FeedStatus(name: "kafka")]) }
        #expect(next.state == .resolved)
    }

    @Test func `a rule knows nothing when the series that its matchers ask for are gone, whatever others there are`()
        throws
    {
        var alarmed = try rule("Missing", #"streamgauge_query_lag_seconds{query="a"} > 60"#)
        (alarmed.noData, alarmed.noDataFor) = (.alert, .seconds(10))
        var bench = AlertBench([alarmed])
        bench.run(0...20, [Series.lag(1), Series.lag(1, query: "b")])
        #expect(bench.state == nil)
        bench.run(21...35, [Series.lag(1, query: "b")])
        #expect(bench.alerts(.firing).map(\.reason) == ["no data"])
        bench.run(36...37, [Series.lag(1), Series.lag(1, query: "b")])
        #expect(bench.alerts(.firing).isEmpty)
    }

    private func restored(_ bench: AlertBench, _ rules: [AlertRule], at seconds: Double) throws -> AlertBench {
        let data = try JSONEncoder().encode(bench.evaluator.state)
        let state = try JSONDecoder().decode(AlertEvaluatorState.self, from: data)
        return AlertBench(rules, at: seconds, restoring: state)
    }
}
