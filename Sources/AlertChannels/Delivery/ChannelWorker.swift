import CoreMetrics
import Logging
import Monitoring
import Synchronization

/// Delivers a channel's notices, one after another.
final class ChannelWorker: Sendable {
    let name: String
    let channel: any AlertChannel
    private let queue: Mutex<DeliveryQueue>
    private let bell = Bell()
    private let clock: any ChannelClock
    private let reporter: ChannelReporter
    private let jitter: @Sendable () -> Double

    init(
        name: String, channel: any AlertChannel, policy: DeliveryQueue.Policy, clock: any ChannelClock, logger: Logger,
        metrics: any MetricsFactory, jitter: @escaping @Sendable () -> Double
    ) {
        self.name = name
        self.channel = channel
        self.clock = clock
        self.jitter = jitter
        queue = Mutex(DeliveryQueue(channel: name, policy: policy))
        reporter = ChannelReporter(channel: name, logger: logger, metrics: metrics)
    }

    var statistics: ChannelStatistics { queue.withLock { $0.statistics } }

    /// Whether something is on its way, or could be.
    var isBusy: Bool {
        let now = clock.now
        return queue.withLock { $0.isBusy(at: now) }
    }

    /// What is not delivered yet.
    var undelivered: [AlertNotification] { queue.withLock { $0.undelivered } }

    func offer(_ notification: AlertNotification, age: Duration = .zero) {
        let now = clock.now
        change { $0.offer(notification, at: now, age: age) }
        bell.ring()
    }

    /// Takes out what waits and is not on its way.
    func takeWaiting() -> [AlertNotification] { change { $0.takeWaiting() } }

    /// Says that somebody else keeps what is not delivered at the end.
    func leave() { queue.withLock { $0.isKept = true } }

    func setStanding(_ alerts: [Alert]) {
        let now = clock.now
        queue.withLock { $0.setStanding(alerts, at: now) }
        bell.ring()
    }

    /// Delivers until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let (now, time) = (clock.now, clock.time)
            switch change({ $0.next(at: now, time: time) }) {
            case .rest: await bell.wait()
            case .wait(let moment): await wait(until: moment)
            case .deliver(let entry): await deliver(entry)
            }
        }
        change { $0.close() }
    }

    private func wait(until moment: Duration) async {
        await withTaskGroup(of: Void.self) { [bell, clock] group in
            group.addTask { await bell.wait() }
            group.addTask { await clock.sleep(until: moment) }
            await group.next()
            group.cancelAll()
        }
    }

    private func deliver(_ entry: DeliveryQueue.Entry) async {
        var failure: ChannelError?
        do throws(ChannelError) {
            try await channel.deliver(entry.notification)
        } catch {
            failure = error
        }
        let (now, time, part) = (clock.now, clock.time, jitter())
        change { [failure] in $0.finish(failure, at: now, time: time, jitter: part) }
        if let failure, failure.code != .cancelled {
            reporter.failed(failure)
        } else if failure == nil {
            reporter.delivered()
        }
    }

    /// Changes the queue, and says what there is to say of it.
    @discardableResult
    private func change<Result>(_ body: (inout DeliveryQueue) -> Result) -> Result where Result: Sendable {
        let (result, statistics) = queue.withLock { queue in
            let result = body(&queue)
            return (result, queue.statistics)
        }
        reporter.look(at: statistics)
        return result
    }
}
