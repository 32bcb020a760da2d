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
    private let clock: any ChannelClock

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
        sendsResolved = plan.channels.map(\.sendsResolved)
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

    /// Says which alerts there are. Channels whose other side forgets repeat those that fire; call it about every half minute.
    public func setStanding(_ alerts: [Alert]) {
        let told = alerts.filter { $0.state == .firing && $0.suppression == nil }
        for worker in workers { worker.setStanding(told.filter { isMeant($0, for: worker.name) }) }
    }

    private func isMeant(_ alert: Alert, for channel: String) -> Bool {
        AlertRoute.channels(for: alert, routes)?.contains(channel) ?? true
    }

    /// Delivers until the task is cancelled; what is not delivered then is dropped and counted.
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
