import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct ShippedRulesTests {
    private let query = EventMaker()

    /// What the rules say of events, without the heartbeat: name, state and seconds since the origin.
    private func said(
        _ events: [StreamingQueryEvent], then rest: Duration = .zero, every interval: Duration = .seconds(1)
    ) throws -> [String] {
        var replay = AlertReplay(rules: try ShippedRules.rules(), interval: interval)
        var steps: [AlertReplay.Step] = []
        for event in TimedEvent.timed(events) { steps += replay.take(event.event, at: event.time) }
        steps += replay.finish(after: rest)
        #expect(replay.evaluator.ruleStatuses.compactMap(\.error) == [])
        return steps.flatMap { step in
            step.changes.filter { $0.name != "Watchdog" && $0.firedAt != nil }.map { alert in
                "\(alert.name) \(alert.state.rawValue)"
            }
        }
    }

    @Test func `there are at least twelve rules, each with a reason, a severity and texts`() throws {
        let rules = try ShippedRules.rules().rules
        #expect(rules.count >= 12)
        #expect(Set(rules.map(\.name)).count == rules.count)
        for rule in rules {
            #expect((rule.reason ?? "").count > 40, "\(rule.name)")
            #expect(rule.labels.contains { $0.name == "severity" }, "\(rule.name)")
            #expect(rule.annotations.contains { $0.name == "summary" }, "\(rule.name)")
        }
    }

    @Test(arguments: [
        ("spark-2.3.4/idle", []), ("spark-2.4.8/idle", []), ("spark-3.4.4/idle", []), ("spark-4.1.1/idle", []),
        ("spark-2.4.8/restart", []), ("spark-3.4.4/restart", []), ("spark-4.1.1/restart", []),
        ("connect-4.1.1/restart-1", []), ("connect-4.1.1/restart-2", []), ("spark-2.4.8/trigger-once", []),
        ("spark-3.4.4/trigger-once", []), ("spark-4.1.1/trigger-once", []), ("spark-2.4.8/trigger-continuous", []),
        ("spark-4.1.1/rate-micro-batch", []), ("spark-4.1.1/window-watermark-append", []),
        ("spark-3.5.6-locale-ar-EG/rate-unnamed", []), ("spark-4.1.1/slow-behind", []),
        ("spark-3.4.4/fail-udf", ["QueryFailed firing"]), ("spark-4.1.1/fail-udf", ["QueryFailed firing"]),
    ])
    func `recorded queries alarm exactly where they should`(_ fixture: String, _ expected: [String]) throws {
        #expect(try said(try RecordedFeed.events("\(fixture).jsonl")) == expected)
    }

    // MARK: Rule by rule

    /// Batches one after another, each as given.
    private func batches(
        _ count: Int64, from start: Double = 0, every interval: Double = 10, takes: Double = 1, first: Int64 = 0,
        of maker: EventMaker? = nil, _ change: (Int64, Double) -> StreamingQueryEvent? = { _, _ in nil }
    ) -> [StreamingQueryEvent] {
        (0..<count).map { index in
            let seconds = start + Double(index) * interval
            return change(index, seconds) ?? (maker ?? query).batch(first + index, seconds, takes: takes)
        }
    }

    @Test func `a query that fails is alarmed at once and resolves after its restart`() throws {
        let next = query.nextRun()
        let events =
            [query.started(0)] + batches(20) + [query.terminated("boom")] + [next.started(400)]
            + batches(80, from: 410, first: 20, of: next)
        #expect(try said(events) == ["QueryFailed firing", "QueryFailed resolved"])
    }

    @Test func `a query that fails and is forgotten has failed all the same`() throws {
        let events = [query.started(0)] + batches(5) + [query.terminated("boom")]
        #expect(try said(events, then: .seconds(4 * 3600), every: .seconds(10)) == ["QueryFailed firing"])
    }

    @Test func `a query that is started again and again is one incident`() throws {
        var events = [query.started(0)] + batches(30)
        var maker = query
        for round in 0..<10 {
            events.append(maker.terminated("boom"))
            maker = maker.nextRun(UInt8(round + 2))
            events.append(maker.started(300 + Double(round) * 60))
            events.append(maker.batch(Int64(30 + round), 310 + Double(round) * 60, takes: 20))
        }
        events += batches(300, from: 900, first: 40, of: maker)
        let said = try said(events)
        #expect(
            said.filter { $0.hasPrefix("QueryRestartLoop") } == [
                "QueryRestartLoop firing", "QueryRestartLoop resolved",
            ])
        #expect(said.filter { $0.hasPrefix("QueryFailed") } == ["QueryFailed firing", "QueryFailed resolved"])
        #expect(said.count == 4)
    }

    @Test func `one restart is no loop`() throws {
        let next = query.nextRun()
        let events =
            [query.started(0)] + batches(30) + [query.terminated(), next.started(320)]
            + batches(90, from: 330, first: 30, of: next)
        #expect(try said(events) == [])
    }

    @Test func `a batch that does not end is alarmed at the query's threshold`() throws {
        var replay = AlertReplay(rules: try ShippedRules.rules())
        var steps: [AlertReplay.Step] = []
        for event in TimedEvent.timed([query.started(0)] + batches(30)) {
            steps += replay.take(event.event, at: event.time)
        }
        let deadline = try #require(replay.fleet.monitor(of: query.id)?.silenceDeadline)
        steps += replay.finish(after: .seconds(300))
        let fired = try #require(
            steps.first { $0.changes.contains { $0.name == "QueryStalled" && $0.state == .firing } })
        #expect(fired.at >= deadline && fired.at.seconds(since: deadline) <= 2)
    }

    @Test func `a night without data wakes nobody`() throws {
        let idle = (0..<2880).map { query.idle(310 + Double($0) * 10) }
        let events = [query.started(0)] + batches(30) + idle + batches(30, from: 29_110, first: 30)
        #expect(try said(events, every: .seconds(5)) == [])
    }

    @Test func `a burst is no falling behind, and falling behind is told once`() throws {
        let burst = batches(300) { index, seconds in
            index == 100 ? query.batch(index, seconds, takes: 14, rows: 10_000) : nil
        }
        #expect(try said([query.started(0)] + burst) == [])
        let events =
            [query.started(0)] + batches(60) + batches(200, from: 600, every: 20, takes: 19.9, first: 60)
            + batches(100, from: 4600, first: 260)
        var monitoring = MonitorSettings()
        monitoring.triggerInterval = .seconds(10)
        var replay = AlertReplay(rules: try ShippedRules.rules(), monitoring: monitoring)
        var said: [String] = []
        for event in TimedEvent.timed(events) {
            for step in replay.take(event.event, at: event.time) {
                said += step.changes.filter { $0.name != "Watchdog" && $0.firedAt != nil }.map {
                    "\($0.name) \($0.state.rawValue)"
                }
            }
        }
        #expect(
            Set(said) == [
                "QueryFallingBehind firing", "QueryFallingBehind resolved", "QueryBatchOverTrigger firing",
                "QueryBatchOverTrigger resolved",
            ])
        #expect(said.count == 4)
    }

    @Test(arguments: [(60.0, 8.0, false), (15, 5.2, false), (8.01, 8, true), (10, 5.5, true)])
    func `batches over the interval are alarmed where they follow each other, not where the query rests between them`(
        every: Double, takes: Double, fires: Bool
    ) throws {
        var monitoring = MonitorSettings()
        monitoring.triggerInterval = .seconds(5)
        var replay = AlertReplay(rules: try ShippedRules.rules(), interval: .seconds(5), monitoring: monitoring)
        let events = TimedEvent.timed([query.started(0)] + batches(Int64(1500 / every), every: every, takes: takes))
        let steps = events.flatMap { replay.take($0.event, at: $0.time) }
        let fired = steps.flatMap(\.changes).contains { $0.name == "QueryBatchOverTrigger" && $0.state == .firing }
        #expect(fired == fires)
    }

    @Test func `rows that wait without a batch are alarmed where idle events are unknown`() throws {
        // Spark 3.5 and later without idle events in the feed: silence alone says nothing.
        let events = batches(30) { index, seconds in
            query.batch(
                index, seconds, takes: 1, sources: [EventMaker.kafka(end: [100 * index], latest: [100 * index + 50])])
        }
        #expect(try said(events, then: .seconds(1800)) == ["QueryNoProgress firing"])
        let empty = batches(30) { index, seconds in
            query.batch(
                index, seconds, takes: 1, sources: [EventMaker.kafka(end: [100 * index], latest: [100 * index])])
        }
        #expect(try said(empty, then: .seconds(1800)) == [])
    }

    private func watermarked(_ count: Int64, _ watermark: @escaping (Double) -> Double) -> [StreamingQueryEvent] {
        batches(count) { index, seconds in
            query.batch(
                index, seconds, takes: 1, eventTime: ["watermark": "\(EventMaker.timestamp(watermark(seconds)))"])
        }
    }

    @Test func `a watermark that stands still while rows come is alarmed, one that moves is not`() throws {
        #expect(try said(watermarked(240) { $0 - 600 }) == [])
        let stuck = watermarked(360) { $0 < 1200 ? $0 - 600 : ($0 < 2700 ? 600 : $0 - 600) }
        #expect(try said(stuck) == ["QueryWatermarkStuck firing", "QueryWatermarkStuck resolved"])
    }

    private func withState(
        _ count: Int64, every interval: Double = 10, rows: @escaping (Int64) -> Int64,
        bytes: @escaping (Int64) -> Int64,
        late: @escaping (Int64) -> Int64 = { _ in 0 }
    ) -> [StreamingQueryEvent] {
        batches(count, every: interval) { index, seconds in
            var state = StateOperatorProgress(operatorName: "stateStoreSave")
            state.numRowsTotal = rows(index)
            state.memoryUsedBytes = bytes(index)
            state.numRowsDroppedByWatermark = late(index)
            return query.batch(index, seconds, takes: 1, stateOperators: [state])
        }
    }

    @Test func `late rows are alarmed when they are more than one in a hundred`() throws {
        let some = withState(400, rows: { _ in 10 }, bytes: { _ in 1000 }, late: { $0 % 20 == 0 ? 1 : 0 })
        #expect(try said(some) == [])
        let many = withState(400, rows: { _ in 10 }, bytes: { _ in 1000 }, late: { (100..<130).contains($0) ? 20 : 0 })
        #expect(try said(many) == ["QueryLateRowsDropped firing", "QueryLateRowsDropped resolved"])
    }

    @Test func `state that grows for half a day is alarmed, a daily rhythm is not`() throws {
        // A batch a minute over two days.
        let leak = withState(2880, every: 60, rows: { 200_000 + $0 * 150 }, bytes: { _ in 1000 })
        #expect(try said(leak, every: .seconds(120)).first == "QueryStateGrowth firing")
        let rhythm = withState(
            2880, every: 60, rows: { Int64(400_000 + 200_000 * sin(Double($0) / 1440 * 2 * .pi)) }, bytes: { _ in 1000 }
        )
        #expect(try said(rhythm, every: .seconds(120)) == [])
    }

    @Test func `state that will fill the memory today is alarmed soon`() throws {
        let explosion = withState(
            360, every: 60, rows: { _ in 1000 },
            bytes: { $0 < 180 ? 2_000_000_000 : 2_000_000_000 + ($0 - 180) * 60_000_000 })
        #expect(try said(explosion, every: .seconds(15)).first == "QueryStateExplosion firing")
        let steady = withState(360, every: 60, rows: { _ in 1000 }, bytes: { 2_000_000_000 + $0 * 1_000_000 })
        #expect(try said(steady, every: .seconds(15)) == [])
    }

    @Test func `events that are missing are alarmed`() throws {
        var fleet = QueryFleet()
        var evaluator = AlertEvaluator(rules: try ShippedRules.rules(), isReplaying: true)
        var said: [String] = []
        for second in 0..<900 {
            let now = EventMaker.time(Double(second))
            if second % 10 == 0 { fleet.take(query.batch(Int64(second / 10), Double(second)), at: now) }
            if second == 100 { fleet.noteMissing(3, of: query.id) }
            fleet.advance(to: now)
            let step = evaluator.evaluate(AlertInput(at: now, queries: fleet.snapshots(at: now)))
            said += step.changes.filter { $0.name != "Watchdog" && $0.firedAt != nil }.map {
                "\($0.name) \($0.state.rawValue)"
            }
        }
        #expect(said == ["ForwarderDropping firing", "ForwarderDropping resolved"])
    }

    // MARK: The watcher

    private func watched(_ seconds: Int, _ input: (Int) -> ([FeedStatus], [AlertSample])) throws -> [String] {
        var evaluator = AlertEvaluator(rules: try ShippedRules.rules(), isReplaying: true)
        var said: [String] = []
        for second in 0..<seconds {
            let (feeds, series) = input(second)
            let step = evaluator.evaluate(
                AlertInput(at: EventMaker.time(Double(second)), feeds: feeds, series: series))
            said += step.changes.filter { $0.firedAt != nil }.map { "\($0.name) \($0.state.rawValue)" }
        }
        return said.filter { !$0.hasPrefix("Watchdog") }
    }

    @Test func `a feed that ends, one that loses events, and one that is read too slowly are alarmed`() throws {
        #expect(try watched(300) { ([FeedStatus(name: "t", isUp: $0 < 100)], []) } == ["FeedDown firing"])
        #expect(
            try watched(900) { second in
                let labels = [MetricLabel("topic", "t"), MetricLabel("reason", "spoolFull")]
                return ([], [AlertSample("streamgauge_forwarder_events_dropped_total", labels, second < 100 ? 5 : 9)])
            } == ["ForwarderDropping firing", "ForwarderDropping resolved"])
        #expect(
            try watched(1200) { ([FeedStatus(name: "t", lagRecords: 5000 + Int64($0))], []) } == [
                "ConsumerBehind firing"
            ])
        #expect(try watched(1200) { ([FeedStatus(name: "t", lagRecords: max(0, 50_000 - 40 * Int64($0)))], []) } == [])
    }

    @Test func `when all queries go silent it is the feed that is told, and the heartbeat goes on`() throws {
        var fleet = QueryFleet()
        var evaluator = AlertEvaluator(rules: try ShippedRules.rules())
        var told: [String] = []
        var last = EventMaker.time(0)
        for second in 0..<900 {
            let now = EventMaker.time(Double(second))
            for number in 0..<5 as Range<UInt8> where second % 10 == 0 && second < 400 {
                var maker = query
                maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, number))
                if second == 0 { fleet.take(maker.started(0), at: now) }
                fleet.take(maker.batch(Int64(second / 10), Double(second)), at: now)
                last = now
            }
            fleet.advance(to: now)
            let feed = FeedStatus(name: "streaming-metrics", lastEventAgeSeconds: now.seconds(since: last))
            let step = evaluator.evaluate(AlertInput(at: now, queries: fleet.snapshots(at: now), feeds: [feed]))
            told += step.notifications.map { "\($0.groupLabels["alertname"] ?? "") \($0.status.rawValue)" }
        }
        #expect(told.first == "Watchdog firing")
        #expect(told.contains("FeedSilent firing"))
        #expect(
            evaluator.alerts.filter { $0.name == "QueryStalled" }.map(\.suppression)
                == Array(repeating: .inhibited, count: 5))
    }
}
