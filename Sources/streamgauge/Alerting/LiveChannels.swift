import AlertChannels
import LiveMonitoring
import Logging
import Monitoring

/// The channels of a monitor that runs.
struct LiveChannels: AlertNotificationHandler {
    /// How often channels are told which alerts stand; those whose other side forgets have intervals of their own.
    private static let interval = Duration.seconds(15)
    /// How long what waits may take at the end.
    private static let grace = Duration.seconds(5)

    private let delivery: AlertDelivery

    /// Reads the file and makes its channels; nothing is sent yet.
    init(file: String) throws {
        let logger = Logger(label: "streamgauge.channels") { _ in CommandLogHandler(logLevel: .notice) }
        delivery = try AlertDelivery(
            try ChannelFiles.plan(file), logger: logger, makeTopicChannel: ChannelFiles.topicChannel)
    }

    /// What became of the notices, as series.
    var families: [(family: MetricFamily, samples: [MetricSample])] {
        ChannelStatistics.families(of: delivery.statistics)
    }

    func notify(_ notification: AlertNotification) async { delivery.offer(notification) }

    /// Runs a monitor with channels beside it, or with none. What waits when the monitor ends is still tried, once and for a few seconds.
    static func run(
        _ channels: LiveChannels?, repeating hub: MonitoringHub, _ work: () async throws -> Void
    ) async throws {
        guard let delivery = channels?.delivery else { return try await work() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await delivery.run() }
            group.addTask {
                while !Task.isCancelled {
                    delivery.setStanding(hub.alerts.alerts)
                    // Its only error is that the task is cancelled, which is looked at next.
                    try? await Task.sleep(for: interval)
                }
            }
            try await work()
            await delivery.settle(within: grace)
            group.cancelAll()
        }
    }
}
