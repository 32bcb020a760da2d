import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import LiveMonitoring

@Suite struct AlertWatchTests {
    private let maker = BatchMaker()

    @Test func `a stalled query is alarmed at its threshold plus five seconds at most`() async throws {
        let scene = AlertScene(try ShippedRules.rules())
        scene.hub.take(maker.started(0), at: BatchMaker.time(0))
        scene.batches(maker)
        // The last sign of life came at 19.5 s, and 60 s of silence are too long.
        let fired = scene.tick(20...100) { _ in scene.alert("QueryStalled")?.state == .firing }
        #expect(fired == 80)
        #expect(scene.hub.rows().map(\.firing) == [1])
        scene.tick(81...100)
        await scene.finish()
        let told = try #require(scene.recorder.notifications.first { $0.commonLabels["alertname"] == "QueryStalled" })
        #expect(told.at <= BatchMaker.time(79.5 + 5))
        #expect(told.alerts.map(\.labels["query"]) == ["orders"])
    }

    @Test func `F36: a query that goes on is told as resolved once, and its row fires no more`() async throws {
        let scene = AlertScene(try .states(["Stalled": .stalled]))
        scene.hub.take(maker.started(0), at: BatchMaker.time(0))
        scene.batches(maker)
        scene.tick(20...90)
        scene.hub.take(maker.batch(20, 90), at: BatchMaker.time(90.5))
        scene.tick(91...95)
        await scene.finish()
        #expect(scene.recorder.notifications.map(\.status) == [.firing, .resolved])
        #expect(scene.alert("Stalled")?.state == .resolved)
        #expect(scene.hub.rows().map(\.firing) == [0])
        #expect(scene.hub.detail(of: maker.id)?.alerts.map(\.name) == ["Stalled"])
        #expect(scene.hub.alertStatistics?.notifications == 2)
    }

    @Test func `F36: a query that fails and starts again and again is one incident with one end`() async throws {
        let scene = AlertScene(try ShippedRules.rules())
        var run = maker
        for second in stride(from: 0, to: 60, by: 2) {
            scene.hub.take(run.started(Double(second)), at: BatchMaker.time(Double(second)))
            scene.tick(second...second)
            scene.hub.take(run.terminated("boom"), at: BatchMaker.time(Double(second) + 0.5))
            scene.tick((second + 1)...(second + 1))
            run = run.nextRun
        }
        scene.hub.take(run.started(60), at: BatchMaker.time(60))
        for second in 60..<2000 {
            scene.hub.take(run.batch(Int64(second), Double(second)), at: BatchMaker.time(Double(second) + 0.5))
            scene.tick((second + 1)...(second + 1))
            // Before they are too old to be worth it.
            if second % 600 == 0 { await scene.finish() }
        }
        await scene.finish()
        func told(_ name: String) -> [Alert.State] {
            scene.recorder.notifications.filter { $0.commonLabels["alertname"] == name }.map(\.status)
        }
        #expect(told("QueryFailed") == [.firing, .resolved])
        #expect(told("QueryRestartLoop") == [.firing, .resolved])
    }

    @Test func `a rule for single partitions is judged live as in a replay`() async throws {
        let expression = try AlertExpression("streamgauge_source_partition_lag_records{partition=\"1\"} > 500")
        let rules = AlertRules(
            groups: [
                AlertRuleGroup(name: "partitions", rules: [AlertRule(name: "Partition", expression: expression)])
            ])
        let scene = AlertScene(rules)
        var replay = AlertReplay(rules: rules)
        for second in 0..<30 {
            let read = Int64(second < 10 ? 900 : second < 20 ? 100 : 1000)
            let batch = maker.batch(Int64(second), Double(second), source: BatchMaker.kafka(read: (1000, read)))
            scene.hub.take(batch, at: BatchMaker.time(Double(second)))
            scene.tick(second...second)
            _ = replay.take(batch, at: BatchMaker.time(Double(second)))
            _ = replay.finish()
            #expect(scene.hub.alerts.alerts == replay.evaluator.alerts)
            #expect(scene.alert("Partition")?.state == (second < 10 ? nil : second < 20 ? .firing : .resolved))
        }
    }

    @Test func `while old events are read nothing is judged, and what fires then is told afterwards`() async throws {
        let scene = AlertScene(try .states(["Failed": .failed]))
        scene.hub.report("kafka") { $0.state = .catchingUp }
        scene.hub.take(maker.batch(0, 0), at: BatchMaker.time(0))
        scene.hub.take(maker.terminated("boom"), at: BatchMaker.time(1))
        let other = BatchMaker(2, name: "payments")
        scene.hub.take(other.terminated("boom"), at: BatchMaker.time(1))
        scene.tick(100...105)
        #expect(scene.hub.alerts.alerts.isEmpty && scene.hub.alertStatistics?.evaluations == 0)
        // It failed in the past, and runs again.
        scene.hub.take(other.nextRun.started(2), at: BatchMaker.time(2))
        scene.hub.report("kafka") { $0.state = .live }
        scene.tick(106...107)
        await scene.finish()
        #expect(scene.recorder.notifications.flatMap(\.alerts).map(\.labels["query"]) == ["orders"])
    }

    @Test func `a feed that is away is alarmed by the shipped rules, and is no end of its queries' alerts`()
        async throws
    {
        let scene = AlertScene(try ShippedRules.rules())
        scene.hub.report("kafka") { $0.state = .live }
        scene.hub.take(maker.batch(0, 0), at: BatchMaker.time(0))
        scene.hub.take(maker.terminated("boom"), at: BatchMaker.time(1))
        scene.tick(1...5)
        #expect(scene.alert("QueryFailed")?.state == .firing)
        scene.hub.report("kafka") { $0.state = .away }
        let fired = scene.tick(6...100) { _ in scene.alert("FeedDown")?.state == .firing }
        #expect(fired == 66)
        #expect(scene.alert("QueryFailed")?.state == .firing)
    }

    @Test func `what a program knows of its forwarder is judged beside queries and feeds`() throws {
        let dropped = Mutex(0.0)
        let watch = AlertWatch(rules: try ShippedRules.rules())
        let clock = Mutex(BatchMaker.time(0))
        let hub = MonitoringHub(
            alerts: watch, clock: { clock.withLock { $0 } },
            moreSeries: {
                let labels = [MetricLabel("topic", "streaming-metrics"), MetricLabel("reason", "spool_full")]
                return [
                    AlertSample("streamgauge_forwarder_events_dropped_total", labels, dropped.withLock { $0 })
                ]
            })
        hub.report("listener") { $0.state = .live }
        for second in 0..<60 {
            clock.withLock { $0 = BatchMaker.time(Double(second)) }
            if second == 30 { dropped.withLock { $0 = 7 } }
            hub.tick()
            #expect(second >= 30 || !hub.alerts.alerts.contains { $0.name == "ForwarderDropping" })
        }
        #expect(hub.alerts.alerts.contains { $0.name == "ForwarderDropping" && $0.state == .firing })
    }

    @Test func `a replay judges each second of the recording as a replay of rules does, and notifies nobody`()
        async throws
    {
        let rules = try ShippedRules.rules()
        let folder = try ScratchFolder()
        var events = [maker.started(0)]
        events += (0..<30).map { maker.batch(Int64($0), Double($0)) }
        events += [BatchMaker(2, name: "payments").started(0), maker.batch(30, 400), maker.terminated("boom")]
        let path = try folder.write("events.jsonl", events.map { $0.jsonText })
        let recorder = NotificationRecorder()
        let watch = AlertWatch(rules: rules, handler: recorder, isReplay: true)
        let hub = MonitoringHub(settings: .replay, alerts: watch)
        let running = Task { await watch.run() }
        try await RecordingFeed(paths: [path]).run(into: hub)
        running.cancel()
        await running.value
        var replay = AlertReplay(rules: rules, monitoring: MonitoringHub.Settings.replay.monitor)
        for event in TimedEvent.timed(events) { _ = replay.take(event.event, at: event.time) }
        _ = replay.finish()
        #expect(hub.alerts.alerts == replay.evaluator.alerts)
        #expect(hub.alerts.alerts.contains { $0.name == "QueryStalled" && $0.state == .resolved })
        #expect(hub.alerts.alerts.contains { $0.name == "QueryFailed" && $0.state == .firing })
        #expect(recorder.notifications.isEmpty)
        #expect(hub.alertStatistics?.evaluations == 402)
    }

    @Test func `a replay with an event of the far future ends, as a replay of rules does`() async throws {
        let rules = try ShippedRules.rules()
        var events = [maker.started(0)] + (0..<30).map { maker.batch(Int64($0), Double($0)) }
        // In the year 9999.
        events += [maker.batch(30, 251_000_000_000), BatchMaker(2, name: "payments").started(251_000_000_400)]
        let folder = try ScratchFolder()
        let path = try folder.write("events.jsonl", events.map { $0.jsonText })
        let hub = MonitoringHub(settings: .replay, alerts: AlertWatch(rules: rules, isReplay: true))
        try await RecordingFeed(paths: [path]).run(into: hub)
        var replay = AlertReplay(rules: rules, monitoring: MonitoringHub.Settings.replay.monitor)
        for event in TimedEvent.timed(events) { _ = replay.take(event.event, at: event.time) }
        _ = replay.finish()
        #expect(hub.alerts.alerts == replay.evaluator.alerts)
        #expect(hub.alerts.alerts.contains { $0.name == "QueryStalled" })
        #expect(hub.alertStatistics.map { $0.evaluations < 30_000 } == true)
    }

    @Test func `a handler that does not return delays no evaluation, and the oldest notifications go`() async throws {
        let handler = StuckHandler()
        let watch = AlertWatch(rules: try .states(["Failed": .failed], by: ["alertname", "id"]), handler: handler)
        let clock = HandClock()
        let hub = MonitoringHub(alerts: watch, clock: clock.reading)
        let running = Task { await watch.run() }
        let first = BatchMaker(1, name: "query 1")
        hub.take(first.terminated("boom"), at: BatchMaker.time(0))
        hub.tick()
        await handler.isStuck()
        // Each with an id of its own.
        for number in 0..<300 {
            var query = BatchMaker()
            query.id = UUID()
            query.name = "query \(number)"
            hub.take(query.terminated("boom"), at: BatchMaker.time(0))
        }
        clock.set(1)
        hub.tick()
        #expect(hub.alertStatistics?.overflowed == UInt64(300 - AlertWatch.maximumQueued))
        // A quarter of an hour later none of them is worth delivering.
        clock.set(1000)
        hub.tick()
        handler.release()
        running.cancel()
        await running.value
        let statistics = try #require(hub.alertStatistics)
        #expect(statistics.outdated == UInt64(AlertWatch.maximumQueued) && statistics.notifications == 1)
    }

    @Test func `what a rule cannot be evaluated for is counted, and the others are judged`() throws {
        var rules = try AlertRules.states(["Failed": .failed])
        rules.groups[0].limit = 1
        rules.groups.append(
            AlertRuleGroup(
                name: "second", rules: [AlertRule(name: "Always", expression: try AlertExpression("vector(1)"))]))
        let scene = AlertScene(rules)
        for number in 1...2 {
            scene.hub.take(BatchMaker(UInt8(number)).terminated("boom"), at: BatchMaker.time(0))
        }
        scene.tick(1...3)
        #expect(scene.hub.alertStatistics?.ruleFailures == ["Failed": 3])
        #expect(scene.hub.alerts.rules.map { $0.error != nil } == [true, false])
        #expect(scene.hub.alerts.alerts.map(\.name) == ["Always"])
    }
}

/// Takes a notification and does not return until it is told to.
private final class StuckHandler: AlertNotificationHandler {
    private let entered = AsyncStream<Void>.makeStream()
    private let released = AsyncStream<Void>.makeStream()

    func notify(_ notification: AlertNotification) async {
        entered.continuation.yield()
        for await _ in released.stream { break }
    }

    func isStuck() async { for await _ in entered.stream { break } }
    func release() { released.continuation.finish() }
}

extension StreamingQueryEvent {
    fileprivate var jsonText: String {
        var bytes: [UInt8] = []
        MetricsCodec.encode(self, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
