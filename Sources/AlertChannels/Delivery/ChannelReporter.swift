import CoreMetrics
import Logging
import Synchronization

/// Tells the log and swift-metrics what a channel does: an outage once, and not each attempt.
///
/// | name | kind | dimensions |
/// |---|---|---|
/// | `streamgauge_alert_notices_sent_total` | counter | `channel` |
/// | `streamgauge_alert_notices_failed_total` | counter | `channel` |
/// | `streamgauge_alert_notices_dropped_total` | counter | `channel` |
/// | `streamgauge_alert_notices_merged_total` | counter | `channel` |
/// | `streamgauge_alert_notice_retries_total` | counter | `channel` |
/// | `streamgauge_alert_notices_waiting` | gauge | `channel` |
final class ChannelReporter: Sendable {
    private struct State {
        var recorded: ChannelStatistics
        var isFailing = false
        /// Notices given up in this outage were told.
        var hasToldLoss = false
    }

    private let channel: String
    private let logger: Logger
    private let state: Mutex<State>
    private let counters: [(counter: Counter, count: @Sendable (ChannelStatistics) -> UInt64)]
    private let waiting: Gauge

    init(channel: String, logger: Logger, metrics: any MetricsFactory) {
        self.channel = channel
        self.logger = logger
        state = Mutex(State(recorded: ChannelStatistics(channel: channel)))
        let counts: [(String, @Sendable (ChannelStatistics) -> UInt64)] = [
            ("notices_sent_total", { $0.sent }), ("notices_failed_total", { $0.failed }),
            ("notices_dropped_total", { $0.dropped }), ("notices_merged_total", { $0.merged }),
            ("notice_retries_total", { $0.retries }),
        ]
        let dimensions = [("channel", channel)]
        counters = counts.map { name, count in
            (Counter(label: "streamgauge_alert_\(name)", dimensions: dimensions, factory: metrics), count)
        }
        waiting = Gauge(label: "streamgauge_alert_notices_waiting", dimensions: dimensions, factory: metrics)
    }

    /// An attempt failed.
    func failed(_ error: ChannelError) {
        let isNew = state.withLock { state in
            defer { state.isFailing = true }
            return !state.isFailing
        }
        guard isNew else { return }
        let then = error.isRetriable ? "it is tried again, less and less often" : "what was refused is given up"
        logger.warning("alerts cannot be told through the channel \(channel): \(error); \(then)")
    }

    /// An attempt succeeded.
    func delivered() {
        let wasFailing = state.withLock { state in
            defer { (state.isFailing, state.hasToldLoss) = (false, false) }
            return state.isFailing
        }
        if wasFailing { logger.notice("alerts are told through the channel \(channel) again") }
    }

    /// Records what has changed, and tells the first loss of an outage.
    func look(at statistics: ChannelStatistics) {
        let (before, tellsLoss) = state.withLock { state in
            let before = state.recorded
            // Two threads may come in either order: what is counted never goes back.
            guard statistics.order >= before.order else { return (statistics, false) }
            state.recorded = statistics
            let isLoss = statistics.failed + statistics.dropped > before.failed + before.dropped
            let tells = isLoss && !state.hasToldLoss
            if isLoss { state.hasToldLoss = true }
            return (before, tells)
        }
        for (counter, count) in counters where count(statistics) > count(before) {
            counter.increment(by: count(statistics) - count(before))
        }
        if statistics.waiting != before.waiting { waiting.record(statistics.waiting) }
        guard tellsLoss else { return }
        logger.error(
            """
            a notice of alerts for the channel \(channel) was given up: \
            \(statistics.lastError ?? "too many waited, or their time was over"); \
            \(statistics.failed + statistics.dropped) so far
            """)
    }
}

extension ChannelStatistics {
    /// Grows with everything that is counted.
    fileprivate var order: UInt64 { sent + failed + dropped + merged + retries }
}
