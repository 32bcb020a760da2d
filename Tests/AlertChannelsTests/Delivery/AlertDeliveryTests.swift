import CoreMetrics
import MetricsTestKit
import Monitoring
import Testing

@testable import AlertChannels

/// Several channels at once, by a clock that is set by hand.
@Suite struct AlertDeliveryTests {
    private let clock = ManualChannelClock()
    private let log = LogLines()
    private let metrics = TestMetrics()

    /// A plan with these channels; what they lead to does not matter.
    private func delivery(_ channels: [(name: String, channel: ScriptedChannel)], _ more: String = "") throws
        -> AlertDelivery
    {
        let list = channels.map { "  - {name: \($0.name), command: {argv: [/bin/true]}}" }.joined(separator: "\n")
        return AlertDelivery(
            try Sample.plan("channels:\n\(list)\n\(more)"), channels: channels.map(\.channel), clock: clock,
            logger: log.logger, metrics: metrics, jitter: { 1 })
    }

    @Test func `F35 a channel that hangs or fails holds up no other, and none is told twice`() async throws {
        let (good, hanging, failing) = (
            ScriptedChannel(), ScriptedChannel([.hangs]),
            ScriptedChannel(Array(repeating: .failed(ScriptedChannel.unreachable), count: 3))
        )
        let delivery = try delivery([("hanging", hanging), ("failing", failing), ("good", good)])
        let running = Task { await delivery.run() }
        for number in 1...3 { delivery.offer(Sample.notice(group: "g\(number)", number: number)) }
        #expect(try #require(good.wait(for: 3)).map(\.group) == ["g1", "g2", "g3"])
        for attempt in 1...3 {
            _ = try #require(failing.wait(forAttempts: attempt))
            clock.advance(by: try #require(clock.nextWakeUp()) - clock.now)
        }
        _ = try #require(failing.wait(for: 3))
        #expect(good.attempts.count == 3 && hanging.attempts.count == 1)
        running.cancel()
        await running.value
        let counts = delivery.statistics
        #expect(counts.map(\.channel) == ["hanging", "failing", "good"])
        #expect(counts[0].sent == 0 && counts[0].dropped == 3, "\(counts[0])")
        #expect(counts[1].sent == 3 && counts[1].retries == 3 && counts[2].sent == 3 && counts[2].retries == 0)
    }

    @Test func `an outage is logged once, and its end`() async throws {
        let channel = ScriptedChannel(Array(repeating: .failed(ScriptedChannel.unreachable), count: 4))
        let delivery = try delivery([("ops", channel)])
        let running = Task { await delivery.run() }
        delivery.offer(Sample.notice())
        for attempt in 1...4 {
            _ = try #require(channel.wait(forAttempts: attempt))
            clock.advance(by: try #require(clock.nextWakeUp()) - clock.now)
        }
        let lines = try #require(log.wait(for: 2))
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("warning: alerts cannot be told through the channel ops: nobody is there"))
        #expect(lines[1] == "notice: alerts are told through the channel ops again")
        running.cancel()
        await running.value
    }

    @Test func `what is given up is logged as an error once per outage, and counted in metrics`() async throws {
        let channel = ScriptedChannel(Array(repeating: .failed(ScriptedChannel.forbidden), count: 2))
        let delivery = try delivery([("ops", channel)])
        let running = Task { await delivery.run() }
        delivery.offer(Sample.notice(group: "a"))
        _ = try #require(log.wait(for: 2))
        delivery.offer(Sample.notice(group: "b"))
        clock.advance(by: .seconds(1))
        while delivery.statistics[0].failed < 2 { await Task.yield() }
        delivery.offer(Sample.notice(group: "c"))
        clock.advance(by: .seconds(2))
        _ = try #require(channel.wait(for: 1))
        _ = try #require(log.wait(for: 3))
        running.cancel()
        await running.value
        #expect(log.lines.count { $0.hasPrefix("error:") } == 1, "\(log.lines)")
        let dimensions = [("channel", "ops")]
        #expect(try metrics.expectCounter("streamgauge_alert_notices_failed_total", dimensions).totalValue == 2)
        #expect(try metrics.expectCounter("streamgauge_alert_notices_sent_total", dimensions).totalValue == 1)
        #expect(try metrics.expectGauge("streamgauge_alert_notices_waiting", dimensions).lastValue == 0)
    }

    @Test func `routes say which alerts go where, and a gap between them loses none`() async throws {
        let (pager, mail, chat) = (ScriptedChannel(), ScriptedChannel(), ScriptedChannel())
        let delivery = try delivery(
            [("pager", pager), ("mail", mail), ("chat", chat)],
            """
            routes:
              - {match: ['severity="critical"'], channels: [pager], continue: true}
              - {match: ['severity=~"critical|warning"'], channels: [mail]}
              - {match: ['severity="none"'], channels: []}
            """)
        let running = Task { await delivery.run() }
        delivery.offer(
            Sample.notice([
                Sample.alert(query: "a", severity: "critical"), Sample.alert(query: "b", severity: "warning"),
                Sample.alert(query: "c", severity: "info"), Sample.alert(query: "d", severity: "none"),
            ]))
        func queries(_ channel: ScriptedChannel) throws -> [String] {
            try #require(channel.wait(for: 1))[0].alerts.compactMap { $0.labels["query"] }
        }
        #expect(try queries(pager) == ["a", "c"])
        #expect(try queries(mail) == ["a", "b", "c"])
        #expect(try queries(chat) == ["c"])
        #expect(
            pager.delivered[0].commonLabels["severity"] == nil && chat.delivered[0].commonLabels["severity"] == "info")
        running.cancel()
        await running.value
    }

    @Test func `what fires all the time is told by default where its end is noticed, and again and again`() async throws
    {
        let (chat, heartbeat) = (ScriptedChannel(), ScriptedChannel())
        let list = """
            channels:
              - {name: chat, command: {argv: [/bin/true]}}
              - {name: heartbeat, command: {argv: [/bin/true]}, resend: 1m}
            """
        let delivery = AlertDelivery(
            try Sample.plan(list), channels: [chat, heartbeat], clock: clock, logger: log.logger,
            metrics: metrics, jitter: { 1 })
        let running = Task { await delivery.run() }
        var watchdog = Sample.notice(group: "w", number: 1)
        for index in watchdog.alerts.indices { watchdog.alerts[index].labels["severity"] = "none" }
        delivery.offer(watchdog)
        delivery.offer(Sample.notice(group: "g", number: 2))
        #expect(try #require(chat.wait(for: 1)).map(\.group) == ["g"])
        #expect(try #require(heartbeat.wait(for: 2)).map(\.group) == ["w", "g"])
        delivery.setStanding(watchdog.alerts)
        // The next minute is counted from when the delivery has noted the last one, which the clock may be ahead of.
        let end = ContinuousClock.now + .seconds(30)
        while heartbeat.delivered.count < 5, ContinuousClock.now < end {
            clock.advance(by: .seconds(61))
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(heartbeat.delivered.count >= 5)
        #expect(chat.attempts.count == 1)
        running.cancel()
        await running.value
    }

    @Test func `a channel is not told again when only others have news`() async throws {
        let (pager, chat) = (ScriptedChannel(), ScriptedChannel())
        let delivery = try delivery(
            [("pager", pager), ("chat", chat)],
            #"routes: [{match: ['severity="critical"'], channels: [pager]}, {channels: [chat]}]"#)
        let (critical, warning) = (Sample.alert(severity: "critical"), Sample.alert(severity: "warning"))
        let running = Task { await delivery.run() }
        delivery.offer(Sample.notice([critical]))
        var second = Sample.notice([critical, warning], number: 2)
        second.news = [warning.fingerprint]
        delivery.offer(second)
        _ = try #require(chat.wait(for: 1))
        _ = try #require(pager.wait(for: 1))
        delivery.offer(Sample.notice([critical, warning], number: 3, isRepeated: true))
        _ = try #require(chat.wait(for: 2))
        let told = try #require(pager.wait(for: 2))
        #expect(told.count == 2 && told[1].isRepeated)
        running.cancel()
        await running.value
    }

    @Test func `a channel that wants no ends gets none`() async throws {
        let (all, firing) = (ScriptedChannel(), ScriptedChannel())
        let plan = try Sample.plan(
            """
            channels:
              - {name: all, command: {argv: [/bin/true]}}
              - {name: firing, send_resolved: false, command: {argv: [/bin/true]}}
            """)
        let delivery = AlertDelivery(
            plan, channels: [all, firing], clock: clock, logger: log.logger, metrics: metrics, jitter: { 1 })
        let running = Task { await delivery.run() }
        delivery.offer(Sample.notice([Sample.alert("QueryFailed", .resolved)], group: "a"))
        delivery.offer(Sample.notice([Sample.alert("QueryFailed", .resolved), Sample.alert()], group: "b"))
        _ = try #require(all.wait(for: 2))
        #expect(try #require(firing.wait(for: 1)).map(\.alerts.count) == [1])
        running.cancel()
        await running.value
    }

    @Test func `the end of a program waits for what is on its way, and no longer than it is told`() async throws {
        let ticking = Task { [clock] in
            while !Task.isCancelled {
                clock.advance(by: .milliseconds(20))
                await Task.yield()
            }
        }
        let channel = ScriptedChannel()
        let delivery = try delivery([("ops", channel)])
        delivery.offer(Sample.notice())
        let running = Task { await delivery.run() }
        await delivery.settle(within: .seconds(1_000_000))
        #expect(channel.delivered.count == 1 && delivery.statistics[0].waiting == 0)
        running.cancel()
        await running.value
        let hanging = try self.delivery([("ops", ScriptedChannel([.hangs]))])
        hanging.offer(Sample.notice())
        await hanging.settle(within: .milliseconds(50))
        #expect(hanging.statistics[0].waiting == 1)
        ticking.cancel()
        await ticking.value
    }

    @Test func `the counts are series that stand once each`() throws {
        let delivery = try delivery([("a", ScriptedChannel()), ("b", ScriptedChannel())])
        delivery.offer(Sample.notice())
        let families = ChannelStatistics.families(of: delivery.statistics)
        let text = String(decoding: PrometheusExposition.bytes(of: families), as: UTF8.self)
        #expect(text.contains("streamgauge_alert_notices_sent_total{channel=\"a\"} 0\n"))
        #expect(text.contains("streamgauge_alert_notices_waiting{channel=\"b\"} 1\n"))
        #expect(!text.contains("last_success_timestamp_seconds{"))
        let names = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ")[0] }
        #expect(Set(names).count == names.count)
    }
}
