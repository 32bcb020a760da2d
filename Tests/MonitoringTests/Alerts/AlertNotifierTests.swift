import Monitoring
import Testing

@Suite struct AlertNotifierTests {
    private func rule(_ name: String = "Test", _ expression: String = "streamgauge_query_lag_seconds > 60") throws
        -> AlertRule
    {
        var rule = try AlertRule.test(expression)
        rule.name = name
        return rule
    }

    @Test func `alerts that come together are one notice, after a short wait`() throws {
        var bench = AlertBench([try rule()])
        bench.step(at: 0, [Series.lag(70)])
        bench.step(at: 1, [Series.lag(70), Series.lag(70, query: "b")])
        bench.step(at: 2, [Series.lag(70), Series.lag(70, query: "b")])
        #expect(bench.notifications.isEmpty)
        bench.step(at: 3, [Series.lag(70), Series.lag(70, query: "b")])
        let notice = try #require(bench.notifications.first)
        #expect(notice.alerts.count == 2 && notice.news.count == 2 && notice.status == .firing)
        #expect(notice.groupLabels == ["alertname": "Test"] && notice.commonLabels == ["alertname": "Test"])
        #expect(notice.bestBefore == EventMaker.time(903))
    }

    @Test func `the next notice of a group waits for the interval and says what is new`() throws {
        var grouping = AlertGrouping()
        grouping.burst = 0
        var bench = AlertBench([try rule()], grouping: grouping)
        bench.run(0...9, [Series.lag(70)])
        bench.run(10...32, [Series.lag(70), Series.lag(70, query: "b")])
        #expect(bench.notifications.count == 1)
        bench.step(at: 33, [Series.lag(70), Series.lag(70, query: "b")])
        #expect(bench.notifications.count == 2)
        #expect(bench.notifications[1].alerts.count == 2 && bench.notifications[1].news.count == 1)
        bench.run(34...63, [Series.lag(70, query: "b")])
        #expect(bench.notifications.count == 3)
        #expect(bench.notifications[2].status == .firing)
        #expect(bench.notifications[2].alerts.map(\.state) == [.resolved, .firing])
        #expect(Set(bench.notifications.map(\.key)).count == 3)
    }

    @Test
    func `an alert that nobody has heard of is told soon, some times in a row, and its end waits for the interval`()
        throws
    {
        var grouping = AlertGrouping()
        grouping.burst = 2
        var bench = AlertBench([try rule()], grouping: grouping)
        let queries = ["a", "b", "c", "d", "e", "f"]
        for second in 0..<60 {
            bench.step(at: Double(second), queries.prefix(1 + second / 5).map { Series.lag(70, query: $0) })
        }
        let times = bench.notifications.map { $0.at.seconds(since: EventMaker.time(0)) }
        // The first three at once, the others together once an interval has given one back.
        #expect(times == [3, 8, 13, 38])
        #expect(bench.notifications.map(\.news.count) == [1, 1, 1, 3])
        bench.run(60...67, [])
        #expect(bench.notifications.count == 4)
        bench.run(68...69, [])
        #expect(bench.notifications.last?.status == .resolved && bench.notifications.count == 5)
        // Two intervals have given both back.
        bench.run(70...200, [])
        for second in 201...212 {
            bench.step(at: Double(second), (second < 206 ? ["g"] : ["g", "h"]).map { Series.lag(70, query: $0) })
        }
        #expect(bench.notifications.suffix(2).map { $0.at.seconds(since: EventMaker.time(0)) } == [204, 209])
    }

    @Test func `what still fires is repeated after the repeat interval, and marked as such`() throws {
        var grouping = AlertGrouping()
        grouping.repeatInterval = .seconds(600)
        var bench = AlertBench([try rule()], grouping: grouping)
        bench.run(0...1300, [Series.lag(70)])
        #expect(bench.notifications.map(\.isRepeated) == [false, true, true])
        #expect(bench.notifications.map(\.news.count) == [1, 0, 0])
        grouping.repeatInterval = nil
        var once = AlertBench([try rule()], grouping: grouping)
        once.run(0...1300, [Series.lag(70)])
        #expect(once.notifications.count == 1)
    }

    @Test func `what fires and resolves between two notices is told as resolved`() throws {
        var bench = AlertBench([try rule()])
        bench.step(at: 0, [Series.lag(70)])
        bench.run(1...10, [Series.lag(1)])
        #expect(bench.notifications.map(\.status) == [.resolved])
    }

    @Test func `what flaps faster than the notices is not told of each time`() throws {
        var bench = AlertBench([try rule()])
        for second in 0..<600 { bench.step(at: Double(second), [Series.lag(second % 4 < 2 ? 70 : 1)]) }
        #expect(bench.notifications.count <= 600 / 30 + 1)
        bench.run(600...700, [Series.lag(1)])
        #expect(bench.notifications.last?.status == .resolved)
    }

    @Test func `an alert that another one holds back is not told, unless that one ends`() throws {
        let inhibition = AlertInhibition(
            source: [LabelMatcher("alertname", equals: "Cause")], target: [LabelMatcher("alertname", equals: "Effect")],
            equal: ["id"])
        let rules = try [rule("Cause", "streamgauge_query_batch_duration_seconds > 10"), rule("Effect")]
        var bench = AlertBench(rules, inhibitions: [inhibition])
        let both = [Series.duration(20), Series.lag(70), Series.lag(70, query: "b")]
        bench.run(0...100, both)
        #expect(bench.alerts(.firing).filter { $0.suppression == .inhibited }.map { $0.labels["query"] } == ["a"])
        #expect(
            bench.notifications.flatMap(\.alerts).map { [$0.name, $0.labels["query"] ?? ""] } == [
                ["Cause", "a"], ["Effect", "b"],
            ])
        bench.run(101...200, [Series.duration(1), Series.lag(70), Series.lag(70, query: "b")])
        let effects = bench.notifications.filter { $0.groupLabels["alertname"] == "Effect" }
        #expect(effects.last?.news.count == 1 && effects.last?.alerts.count == 2)
    }

    @Test func `a silence covers its time, and the end of what was told is told all the same`() throws {
        let silence = AlertSilence(
            matchers: [LabelMatcher("query", equals: "a")], startsAt: EventMaker.time(50), endsAt: EventMaker.time(100))
        var bench = AlertBench([try rule()], silences: [silence])
        bench.run(0...60, [Series.lag(70)])
        #expect(bench.notifications.count == 1)
        #expect(bench.alerts(.firing).first?.suppression == .silenced)
        bench.run(61...99, [Series.lag(1)])
        #expect(bench.notifications.map(\.status) == [.firing, .resolved])
        var covered = AlertBench([try rule()], silences: [silence], at: 50)
        covered.run(51...99, [Series.lag(70)])
        #expect(covered.notifications.isEmpty)
        covered.run(100...110, [Series.lag(70)])
        #expect(covered.notifications.map(\.status) == [.firing])
    }

    @Test func `a silence that is added holds at once`() throws {
        var bench = AlertBench([try rule()])
        bench.evaluator.addSilence(AlertSilence(matchers: [LabelMatcher("alertname", equals: "Test")]))
        bench.run(0...100, [Series.lag(70)])
        bench.run(101...200, [Series.lag(1)])
        #expect(bench.notifications.isEmpty)
    }

    /// Two monitors that saw the same say the same: receivers tell copies by fingerprint and time.
    @Test func `two evaluators say the same of the same`() throws {
        var benches = [AlertBench([try rule()]), AlertBench([try rule()])]
        for index in benches.indices { benches[index].run(0...50, [Series.lag(70), Series.lag(80, query: "b")]) }
        #expect(benches[0].notifications == benches[1].notifications)
        #expect(benches[0].notifications.count == 1)
    }
}
