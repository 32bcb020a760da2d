import CoreMetrics
import MetricsTestKit
import Monitoring
import Testing

@testable import AlertChannels

/// Notices that are not delivered when channels end, and those who deliver them then.
@Suite struct WaitingNoticeTests {
    private let clock = ManualChannelClock()
    private let log = LogLines()

    private func delivery(_ channels: [(name: String, channel: ScriptedChannel)], _ more: String = "") throws
        -> AlertDelivery
    {
        let list = channels.map { "  - {name: \($0.name), command: {argv: [/bin/true]}\(more)}" }
        return AlertDelivery(
            try Sample.plan("channels:\n\(list.joined(separator: "\n"))"), channels: channels.map(\.channel),
            clock: clock,
            logger: log.logger, metrics: TestMetrics(), jitter: { 1 })
    }

    @Test func `what is on its way and what waits is not delivered, and repetitions are not kept`() {
        var policy = DeliveryQueue.Policy()
        policy.resend = .seconds(60)
        var queue = DeliveryQueue(channel: "test", policy: policy)
        queue.setStanding([Sample.alert()], at: .zero)
        guard case .deliver(let repetition) = queue.next(at: .zero, time: Sample.now) else {
            return #expect(Bool(false))
        }
        #expect(repetition.isRefresh && queue.undelivered.isEmpty)
        queue.finish(nil, at: .zero, time: Sample.now)
        for group in ["a", "b"] { queue.offer(Sample.notice(group: group), at: .zero) }
        _ = queue.next(at: .zero, time: Sample.now)
        #expect(queue.undelivered.map(\.group) == ["a", "b"])
        #expect(queue.takeWaiting().map(\.group) == ["b"])
        queue.finish(nil, at: .zero, time: Sample.now)
        #expect(queue.undelivered.isEmpty && queue.statistics.sent == 1 && queue.statistics.waiting == 0)
    }

    @Test func `a notice that comes back is given up when all of its time is over`() {
        var queue = DeliveryQueue(channel: "test", policy: DeliveryQueue.Policy())
        queue.offer(Sample.notice(worth: .seconds(900)), at: .zero, age: .seconds(600))
        guard case .deliver = queue.next(at: .zero, time: Sample.now) else { return #expect(Bool(false)) }
        queue.finish(ScriptedChannel.unreachable, at: .seconds(1), time: Sample.now)
        #expect(queue.undelivered.count == 1)
        #expect(queue.next(at: .seconds(300), time: Sample.now) == .rest)
        #expect(queue.undelivered.isEmpty && queue.statistics.failed == 1)
    }

    @Test func `what is kept elsewhere at the end is not given up`() async throws {
        let away = ScriptedChannel(Array(repeating: .failed(ScriptedChannel.unreachable), count: 2))
        let delivery = try delivery([("away", away)])
        let running = Task { await delivery.run() }
        for group in ["a", "b"] { delivery.offer(Sample.notice(group: group)) }
        _ = try #require(away.wait(forAttempts: 1))
        delivery.leave()
        running.cancel()
        await running.value
        #expect(delivery.statistics[0].dropped == 0)
        #expect(!log.lines.contains { $0.contains("given up") }, "\(log.lines)")
    }

    @Test func `each channel takes back its own, and what is too old or for nobody is told`() async throws {
        let (page, mail) = (ScriptedChannel(), ScriptedChannel())
        let delivery = try delivery([("page", page), ("mail", mail)])
        var old = Sample.notice(group: "old")
        old.bestBefore = MonitorTime(millisecondsSinceEpoch: .min)
        var hostile = Sample.notice(group: "hostile")
        (hostile.at, hostile.bestBefore) = (
            MonitorTime(millisecondsSinceEpoch: .min), MonitorTime(millisecondsSinceEpoch: .max)
        )
        delivery.resume([
            WaitingNotice(channel: "page", notification: Sample.notice(group: "a")),
            WaitingNotice(channel: "mail", notification: Sample.notice(group: "b")),
            WaitingNotice(channel: "page", notification: Sample.notice(group: "c")),
            WaitingNotice(channel: "page", notification: old), WaitingNotice(channel: "mail", notification: hostile),
            WaitingNotice(channel: "gone\u{1b}", notification: Sample.notice(group: "d")),
        ])
        #expect(delivery.undelivered.filter { $0.channel == "page" }.map(\.notification.group) == ["a", "c"])
        let running = Task { await delivery.run() }
        #expect(try #require(page.wait(for: 2)).map(\.group) == ["a", "c"])
        #expect(try #require(mail.wait(for: 1)).map(\.group).first == "b")
        running.cancel()
        await running.value
        let warnings = log.lines.filter { $0.hasPrefix("warning: notices of alerts that were not delivered before") }
        #expect(warnings.count == 2, "\(log.lines)")
        #expect(warnings[1].contains("waited for too long: 1"))
        #expect(warnings[0].contains("there is no channel gone") && !warnings[0].contains("\u{1b}"))
    }
}
