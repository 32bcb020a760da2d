import AlertChannels
import LiveMonitoring
import Logging
import Monitoring
import Synchronization

/// The channels of a monitor that runs. Their file can be read again meanwhile: what waits then goes over to the new ones.
final class LiveChannels: AlertNotificationHandler {
    /// How often channels are told which alerts stand; those whose other side forgets have intervals of their own.
    private static let interval = Duration.seconds(15)
    /// How long what waits may take at the end, and what is on its way when channels are replaced.
    private static let grace = Duration.seconds(5)

    /// The channels of one reading of the file.
    private struct Reading {
        let delivery: AlertDelivery
        /// Ends when there is another reading.
        let replaced = AsyncStream<Never>.makeStream()
    }

    private struct State {
        var reading: Reading
        /// Channels that were replaced and have something on its way.
        var retiring: [AlertDelivery] = []
    }

    /// Where the channels come from.
    let file: String
    private let state: Mutex<State>
    private let readings: AsyncStream<Reading>
    private let begin: AsyncStream<Reading>.Continuation

    /// Reads the file and makes its channels; nothing is sent yet.
    init(file: String) throws {
        self.file = file
        let reading = Reading(delivery: try Self.delivery(file))
        state = Mutex(State(reading: reading))
        // One for each signal that somebody sends.
        (readings, begin) = AsyncStream.makeStream()
        begin.yield(reading)
    }

    /// The channels as the file was read last.
    private var delivery: AlertDelivery { state.withLock { $0.reading.delivery } }

    private static func delivery(_ file: String) throws -> AlertDelivery {
        let logger = Logger(label: "streamgauge.channels") { _ in CommandLogHandler(logLevel: .notice) }
        return try AlertDelivery(
            try ChannelFiles.plan(file), logger: logger, makeTopicChannel: ChannelFiles.topicChannel)
    }

    /// What became of the notices, as series.
    var families: [(family: MetricFamily, samples: [MetricSample])] {
        ChannelStatistics.families(of: delivery.statistics)
    }

    // Under the lock, so that a notice is not given to channels whose waiting ones have just been taken over.
    func notify(_ notification: AlertNotification) async { state.withLock { $0.reading.delivery.offer(notification) } }

    var undelivered: [WaitingNotice] {
        state.withLock { state in
            state.retiring.flatMap(\.undelivered) + state.reading.delivery.undelivered
        }
    }

    func resume(_ waiting: [WaitingNotice]) async { state.withLock { $0.reading.delivery.resume(waiting) } }

    /// Reads the file again and goes on with its channels.
    ///
    /// - Throws: Why the file cannot be used; the channels then stay as they were.
    func reload() throws {
        let next = Reading(delivery: try Self.delivery(file))
        state.withLock { state in
            let last = state.reading
            state.reading = next
            state.retiring.append(last.delivery)
            next.delivery.resume(last.delivery.takeWaiting())
            last.replaced.continuation.finish()
        }
        begin.yield(next)
    }

    // MARK: Running

    /// Runs a monitor with channels beside it, or with none. What waits when the monitor ends is still tried, once and for a few seconds.
    ///
    /// - Parameter watch: Keeps what is not delivered then; nil where nothing does.
    static func run(
        _ channels: LiveChannels?, repeating hub: MonitoringHub, keptBy watch: AlertWatch?,
        _ work: () async throws -> Void
    ) async throws {
        guard let channels else { return try await work() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await channels.deliver() }
            group.addTask {
                while !Task.isCancelled {
                    channels.delivery.setStanding(hub.alerts.alerts)
                    // Its only error is that the task is cancelled, which is looked at next.
                    try? await Task.sleep(for: interval)
                }
            }
            // However it ends: what an error ends has notices as well.
            let outcome = await Outcome { try await work() }
            await channels.delivery.settle(within: grace)
            if let watch, await watch.saveAtEnd() { channels.leave() }
            group.cancelAll()
            try outcome.get()
        }
    }

    private func leave() {
        for delivery in state.withLock({ $0.retiring + [$0.reading.delivery] }) { delivery.leave() }
    }

    /// Delivers by the channels of the file, those of each reading until the next.
    private func deliver() async {
        await withTaskGroup(of: Void.self) { group in
            for await reading in readings { group.addTask { await self.deliver(by: reading) } }
            group.cancelAll()
        }
    }

    private func deliver(by reading: Reading) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await reading.delivery.run() }
            group.addTask { await self.retire(reading) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when channels are replaced and have nothing on its way any more; what they could not deliver goes over to the new ones.
    private func retire(_ reading: Reading) async {
        for await _ in reading.replaced.stream {}
        guard !Task.isCancelled else { return }
        await reading.delivery.settle(within: Self.grace)
        guard !Task.isCancelled else { return }
        state.withLock { state in
            state.retiring.removeAll { $0 === reading.delivery }
            state.reading.delivery.resume(reading.delivery.undelivered)
        }
        reading.delivery.leave()
    }
}
