public import CoreMetrics
public import Logging
public import Monitoring

/// Carries notices to the channels that they are for.
///
/// ```swift
/// let delivery = try AlertDelivery(plan, logger: logger)
/// async let delivering: Void = delivery.run()
/// for notification in step.notifications { delivery.offer(notification) }
/// ```
///
/// Each channel has a queue and a thread of its own, so that one that hangs or fails holds up neither the rules nor another channel. A
/// notice is tried again with longer and longer pauses until its time is over; ``statistics`` and swift-metrics say what became of it.
public final class AlertDelivery: Sendable {
    private let routes: [AlertRoute]
    private let workers: [ChannelWorker]
    private let sendsResolved: [Bool]
    /// Channels that repeat what fires.
    private let repeating: Set<String>
    private let clock: any ChannelClock
    private let logger: Logger

    /// Makes the channels of a plan. Nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - makeTopicChannel: Makes the channels to Kafka, which are in a module of their own.
    /// - Throws: ``ChannelError`` where a channel cannot be made.
    public convenience init(
        _ plan: AlertChannelPlan, logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory,
        makeTopicChannel: ChannelFactory.TopicChannel? = nil
    ) throws(ChannelError) {
        var channels: [any AlertChannel] = []
        for settings in plan.channels {
            channels.append(try ChannelFactory.channel(settings, in: plan, makeTopicChannel: makeTopicChannel))
        }
        self.init(
            plan, channels: channels, clock: SystemChannelClock(), logger: logger, metrics: metrics,
            jitter: { .random(in: 0...1) })
    }

    init(
        _ plan: AlertChannelPlan, channels: [any AlertChannel], clock: any ChannelClock, logger: Logger,
        metrics: any MetricsFactory, jitter: @escaping @Sendable () -> Double
    ) {
        routes = plan.routes
        self.clock = clock
        self.logger = logger
        sendsResolved = plan.channels.map(\.sendsResolved)
        repeating = Set(plan.channels.filter { $0.policy.resend != nil }.map(\.name))
        workers = zip(plan.channels, channels).map { settings, channel in
            ChannelWorker(
                name: settings.name, channel: channel, policy: settings.policy, clock: clock, logger: logger,
                metrics: metrics, jitter: jitter)
        }
    }

    /// What became of the notices, by channel, in the order of the file.
    public var statistics: [ChannelStatistics] { workers.map(\.statistics) }

    /// Takes a notice for all channels that it is for. Returns at once and never fails.
    public func offer(_ notification: AlertNotification) {
        for (worker, sendsResolved) in zip(workers, sendsResolved) {
            let part = notification.part { alert in
                (sendsResolved || alert.state == .firing) && isMeant(alert, for: worker.name)
            }
            if let part { worker.offer(part) }
        }
    }

    /// What channels have taken and not delivered, repetitions left out; what is on its way just now is among it.
    public var undelivered: [WaitingNotice] {
        workers.flatMap { worker in
            worker.undelivered.map { WaitingNotice(channel: worker.name, notification: $0) }
        }
    }

    /// Takes out what waits and is not on its way, for those who take over from these channels.
    public func takeWaiting() -> [WaitingNotice] {
        workers.flatMap { worker in
            worker.takeWaiting().map { WaitingNotice(channel: worker.name, notification: $0) }
        }
    }

    /// Says that what is ``undelivered`` is kept elsewhere now, so that it is not given up when these channels end.
    public func leave() { for worker in workers { worker.leave() } }

    /// Takes what was not delivered before, from a file or from channels that these replace: each channel its own. What has waited for
    /// longer than it is worth, and what is for a channel that is no more, is given up with a warning.
    public func resume(_ waiting: [WaitingNotice]) {
        var lost: [String: Int] = [:]
        let now = clock.time
        for notice in waiting {
            let notification = notice.notification
            if notification.bestBefore < now {
                lost["since they have waited for too long", default: 0] += 1
            } else if let worker = workers.first(where: { $0.name == notice.channel }) {
                worker.offer(notification, age: .seconds(max(0, now.seconds(since: notification.at))))
            } else {
                lost["since there is no channel \(SafeText.line(notice.channel, limit: 40)) any more", default: 0] += 1
            }
        }
        for (reason, count) in lost.sorted(by: { $0.key < $1.key }) {
            logger.warning("notices of alerts that were not delivered before are given up, \(reason): \(count)")
        }
    }

    /// Says which alerts there are. Channels whose other side forgets repeat those that fire; call it about every half minute.
    public func setStanding(_ alerts: [Alert]) {
        let told = alerts.filter { $0.state == .firing && $0.suppression == nil }
        for worker in workers { worker.setStanding(told.filter { isMeant($0, for: worker.name) }) }
    }

    private func isMeant(_ alert: Alert, for channel: String) -> Bool {
        if let routed = AlertRoute.channels(for: alert, routes) { return routed.contains(channel) }
        // What fires all the time says something only where its end is noticed.
        return alert.labels["severity"] != "none" || repeating.contains(channel)
    }

    /// Delivers until the task is cancelled; what is not delivered then is dropped and counted, but after ``leave()``.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.run() } }
        }
        for worker in workers { await worker.channel.close() }
    }

    /// Waits until nothing is on its way and all that waits has failed before, or the time is over; for the end of a program.
    public func settle(within time: Duration) async {
        let end = clock.now + time
        while workers.contains(where: \.isBusy), clock.now < end, !Task.isCancelled {
            await clock.sleep(until: min(end, clock.now + .milliseconds(20)))
        }
    }
}
