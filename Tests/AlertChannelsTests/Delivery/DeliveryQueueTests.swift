import Monitoring
import Testing

@testable import AlertChannels

/// What a channel's queue says to do, by a clock that is a number.
@Suite struct DeliveryQueueTests {
    private static func queue(_ change: (inout DeliveryQueue.Policy) -> Void = { _ in }) -> DeliveryQueue {
        var policy = DeliveryQueue.Policy()
        change(&policy)
        return DeliveryQueue(channel: "test", policy: policy)
    }

    private static func seconds(_ seconds: Double) -> Duration { .seconds(seconds) }

    /// Takes the next notice out; nil where there is nothing to deliver.
    private static func take(_ queue: inout DeliveryQueue, at now: Double) -> AlertNotification? {
        guard case .deliver(let entry) = queue.next(at: seconds(now), time: Sample.now + seconds(now)) else {
            return nil
        }
        return entry.notification
    }

    private static func finish(
        _ queue: inout DeliveryQueue, _ error: ChannelError? = nil, at now: Double, jitter: Double = 1
    ) {
        queue.finish(error, at: seconds(now), time: Sample.now + seconds(now), jitter: jitter)
    }

    @Test func `notices are delivered one at a time in their order`() {
        var queue = Self.queue()
        queue.offer(Sample.notice(group: "a"), at: .zero)
        queue.offer(Sample.notice(group: "b"), at: .zero)
        #expect(Self.take(&queue, at: 0)?.group == "a")
        #expect(Self.take(&queue, at: 0) == nil)
        #expect(queue.statistics.waiting == 2)
        Self.finish(&queue, at: 1)
        #expect(Self.take(&queue, at: 1)?.group == "b")
        Self.finish(&queue, at: 1)
        #expect(queue.statistics.sent == 2 && queue.statistics.waiting == 0 && queue.isEmpty)
        #expect(queue.statistics.lastSentAt == Sample.now + .seconds(1))
    }

    @Test func `F35 pauses double with each failure up to the longest, and a success ends them`() {
        var queue = Self.queue { $0.longestPause = .seconds(8) }
        queue.offer(Sample.notice(), at: .zero)
        var now = 0.0
        for pause in [1.0, 2, 4, 8, 8] {
            #expect(Self.take(&queue, at: now) != nil)
            Self.finish(&queue, ScriptedChannel.unreachable, at: now)
            #expect(queue.next(at: Self.seconds(now), time: Sample.now) == .wait(until: Self.seconds(now + pause)))
            now += pause
        }
        #expect(Self.take(&queue, at: now) != nil)
        Self.finish(&queue, at: now)
        #expect(queue.statistics.retries == 5 && queue.statistics.sent == 1 && !queue.statistics.isFailing)
        queue.offer(Sample.notice(), at: Self.seconds(now))
        #expect(Self.take(&queue, at: now) != nil)
        Self.finish(&queue, ScriptedChannel.unreachable, at: now)
        #expect(queue.next(at: Self.seconds(now), time: Sample.now) == .wait(until: Self.seconds(now + 1)))
    }

    @Test func `F35 a hook that fails for ten minutes is called a dozen times and not two hundred`() {
        var queue = Self.queue()
        queue.offer(Sample.notice(), at: .zero)
        var attempts = 0
        for tenth in 0..<6000 where Self.take(&queue, at: Double(tenth) / 10) != nil {
            attempts += 1
            Self.finish(&queue, ScriptedChannel.unreachable, at: Double(tenth) / 10, jitter: 0)
        }
        #expect((9...12).contains(attempts), "\(attempts)")
    }

    @Test func `a pause has a random part of its half`() {
        for (jitter, pause) in [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)] {
            var queue = Self.queue()
            queue.offer(Sample.notice(), at: .zero)
            _ = Self.take(&queue, at: 0)
            Self.finish(&queue, ScriptedChannel.unreachable, at: 0, jitter: jitter)
            #expect(queue.next(at: .zero, time: Sample.now) == .wait(until: Self.seconds(pause)))
        }
    }

    @Test func `the other side may ask for a longer pause`() {
        var queue = Self.queue()
        queue.offer(Sample.notice(), at: .zero)
        _ = Self.take(&queue, at: 0)
        var error = ScriptedChannel.unreachable
        error.retryAfter = .seconds(90)
        Self.finish(&queue, error, at: 0)
        #expect(queue.next(at: .zero, time: Sample.now) == .wait(until: .seconds(90)))
    }

    @Test func `a notice that always fails holds up no other`() {
        var queue = Self.queue()
        queue.offer(Sample.notice(group: "poison"), at: .zero)
        queue.offer(Sample.notice(group: "good"), at: .zero)
        _ = Self.take(&queue, at: 0)
        Self.finish(&queue, ScriptedChannel.unreachable, at: 0)
        #expect(Self.take(&queue, at: 1)?.group == "good")
        Self.finish(&queue, at: 1)
        #expect(Self.take(&queue, at: 1)?.group == "poison")
    }

    @Test func `what is refused for good is given up at once`() {
        var queue = Self.queue()
        queue.offer(Sample.notice(), at: .zero)
        _ = Self.take(&queue, at: 0)
        Self.finish(&queue, ScriptedChannel.forbidden, at: 0)
        #expect(queue.isEmpty && queue.statistics.failed == 1 && queue.statistics.retries == 0)
        #expect(queue.statistics.lastError == "no" && queue.statistics.isFailing)
    }

    @Test func `a notice is given up when it is not worth delivering any more, on time`() {
        var queue = Self.queue()
        queue.offer(Sample.notice(group: "a", worth: .seconds(10)), at: .zero)
        queue.offer(Sample.notice(group: "b", worth: .seconds(900)), at: .zero)
        var error = ScriptedChannel.unreachable
        error.retryAfter = .seconds(60)
        _ = Self.take(&queue, at: 0)
        Self.finish(&queue, error, at: 0)
        #expect(queue.next(at: .zero, time: Sample.now) == .wait(until: .seconds(10)))
        #expect(queue.next(at: .seconds(10), time: Sample.now) == .wait(until: .seconds(60)))
        #expect(queue.statistics.failed == 1 && queue.statistics.waiting == 1)
        var hasty = Self.queue { $0.giveUpAfter = .seconds(2) }
        hasty.offer(Sample.notice(), at: .zero)
        #expect(hasty.next(at: .seconds(2), time: Sample.now) == .rest)
        #expect(hasty.statistics.failed == 1)
    }

    @Test func `a newer notice of a group takes the place of the one that waits, and tells what only that said`() throws
    {
        var queue = Self.queue()
        queue.offer(Sample.notice(group: "busy"), at: .zero)
        _ = Self.take(&queue, at: 0)
        let ended = Sample.alert("QueryStalled", .resolved, query: "a")
        let old = [ended, Sample.alert(query: "b")]
        let new = [Sample.alert("QueryStalled", .resolved, query: "b"), Sample.alert(query: "c")]
        queue.offer(Sample.notice(old, group: "g"), at: .zero)
        queue.offer(Sample.notice(new, group: "g", number: 2), at: .zero)
        Self.finish(&queue, at: 0)
        let notice = try #require(Self.take(&queue, at: 0))
        #expect(notice.key == Sample.notice(new, group: "g", number: 2).key)
        #expect(
            Dictionary(notice.alerts.map { ($0.labels["query"], $0.state) }) { $1 } == [
                "a": .resolved, "b": .resolved, "c": .firing,
            ])
        #expect(notice.news == notice.alerts.map(\.fingerprint).sorted() && notice.status == .firing)
        #expect(notice.commonLabels["query"] == nil)
        Self.finish(&queue, at: 0)
        #expect(queue.isEmpty && queue.statistics.merged == 1 && queue.statistics.sent == 2)
    }

    @Test func `an older notice that comes back goes into the newer one that waits`() throws {
        var queue = Self.queue()
        queue.offer(Sample.notice(group: "busy"), at: .zero)
        _ = Self.take(&queue, at: 0)
        let firing = Sample.notice([Sample.alert(query: "a")], group: "g")
        var ended = Sample.notice([Sample.alert("QueryStalled", .resolved, query: "a")], group: "g", number: 2)
        ended.at = firing.at + .seconds(5)
        queue.offer(ended, at: .zero)
        queue.offer(firing, at: .zero, age: .seconds(5))
        Self.finish(&queue, at: 0)
        let notice = try #require(Self.take(&queue, at: 0))
        #expect(notice.key == ended.key && notice.alerts.map(\.state) == [.resolved])
        Self.finish(&queue, at: 0)
        #expect(queue.isEmpty)
    }

    @Test func `a notice that failed goes into the newer one that came meanwhile`() throws {
        var queue = Self.queue()
        queue.offer(Sample.notice([Sample.alert("QueryStalled", .resolved, query: "a")], group: "g"), at: .zero)
        _ = Self.take(&queue, at: 0)
        queue.offer(Sample.notice([Sample.alert(query: "b")], group: "g", number: 2), at: .zero)
        Self.finish(&queue, ScriptedChannel.unreachable, at: 0)
        let notice = try #require(Self.take(&queue, at: 1))
        #expect(notice.alerts.count == 2 && notice.status == .firing)
        Self.finish(&queue, at: 1)
        #expect(queue.isEmpty && queue.statistics.retries == 1)
    }

    @Test func `a full queue gives up what repeats, else the oldest`() {
        var queue = Self.queue { $0.capacity = 2 }
        queue.offer(Sample.notice(group: "a"), at: .zero)
        queue.offer(Sample.notice(group: "b", isRepeated: true), at: .zero)
        queue.offer(Sample.notice(group: "c"), at: .zero)
        queue.offer(Sample.notice(group: "d"), at: .zero)
        #expect(queue.statistics.dropped == 2 && queue.statistics.waiting == 2)
        #expect(Self.take(&queue, at: 0)?.group == "c")
        queue.close()
        #expect(queue.statistics.dropped == 3)
    }

    @Test func `what fires is repeated for a side that forgets, and not what has ended`() throws {
        var queue = Self.queue { $0.resend = .seconds(60) }
        #expect(queue.next(at: .zero, time: Sample.now) == .rest)
        queue.offer(Sample.notice([Sample.alert(query: "a"), Sample.alert(query: "b")]), at: .zero)
        _ = Self.take(&queue, at: 0)
        Self.finish(&queue, at: 0)
        #expect(queue.next(at: .seconds(30), time: Sample.now) == .wait(until: .seconds(60)))
        #expect(try #require(Self.take(&queue, at: 60)).alerts.count == 2)
        Self.finish(&queue, ScriptedChannel.unreachable, at: 60)
        #expect(queue.next(at: .seconds(60), time: Sample.now) == .wait(until: .milliseconds(61_001)))
        #expect(Self.take(&queue, at: 61.5) != nil)
        Self.finish(&queue, at: 61.5)
        queue.offer(Sample.notice([Sample.alert("QueryStalled", .resolved, query: "a")], number: 2), at: .seconds(62))
        _ = Self.take(&queue, at: 62)
        Self.finish(&queue, at: 62)
        let left = try #require(Self.take(&queue, at: 122))
        #expect(left.alerts.map { $0.labels["query"] } == ["b"] && left.isRepeated)
        Self.finish(&queue, at: 122)
        #expect(queue.statistics.sent == 2)
    }

    @Test func `repetitions are neither put off by other notices nor in their way`() throws {
        var queue = Self.queue { $0.resend = .seconds(60) }
        queue.offer(Sample.notice(group: "a"), at: .zero)
        _ = Self.take(&queue, at: 0)
        Self.finish(&queue, at: 0)
        for number in 1...5 {
            queue.offer(
                Sample.notice([Sample.alert(query: "other")], group: "b", number: number),
                at: Self.seconds(Double(number) * 11))
            #expect(Self.take(&queue, at: Double(number) * 11)?.group == "b")
            Self.finish(&queue, at: Double(number) * 11)
        }
        queue.offer(Sample.notice(group: "c"), at: .seconds(60))
        #expect(try #require(Self.take(&queue, at: 60)).alerts.count == 2)
        Self.finish(&queue, ScriptedChannel.unreachable, at: 60)
        #expect(Self.take(&queue, at: 61)?.group == "c")
        Self.finish(&queue, ScriptedChannel.unreachable, at: 61)
        #expect(try #require(Self.take(&queue, at: 63)).group == "")
    }

    @Test func `what fired before a restart is repeated at once, and no other channel repeats`() throws {
        var queue = Self.queue { $0.resend = .seconds(60) }
        queue.setStanding([Sample.alert()], at: .seconds(5))
        #expect(try #require(Self.take(&queue, at: 5)).alerts.count == 1)
        Self.finish(&queue, at: 5)
        queue.setStanding([], at: .seconds(6))
        #expect(queue.next(at: .seconds(100), time: Sample.now) == .rest)
        var other = Self.queue()
        other.setStanding([Sample.alert()], at: .zero)
        #expect(other.next(at: .seconds(1000), time: Sample.now) == .rest)
    }
}
