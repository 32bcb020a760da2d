public import Monitoring

/// What became of a channel's notices so far.
public struct ChannelStatistics: Sendable, Hashable, Codable {
    /// The channel's name.
    public var channel: String
    /// Notices that were delivered.
    public var sent: UInt64 = 0
    /// Notices that were given up: the other side refused them for good, or their time was over.
    public var failed: UInt64 = 0
    /// Notices that were given up unsent, since too many waited or the program ended.
    public var dropped: UInt64 = 0
    /// Notices that went into a newer one of their group before they were sent.
    public var merged: UInt64 = 0
    /// Attempts after the first of a notice.
    public var retries: UInt64 = 0
    /// Notices that wait or are on their way.
    public var waiting = 0
    /// Failures since the last success.
    public var failuresInARow = 0
    /// The last failure, without secrets; it stays after a success.
    public var lastError: String?
    /// When the last failure was.
    public var lastErrorAt: MonitorTime?
    /// When a notice was delivered last.
    public var lastSentAt: MonitorTime?

    /// Counts of a channel that has done nothing.
    public init(channel: String) { self.channel = channel }

    /// Whether the last attempt failed.
    public var isFailing: Bool { failuresInARow > 0 }
}

extension ChannelStatistics {
    /// The series of channels for Prometheus.
    public static func families(
        of channels: [ChannelStatistics]
    ) -> [(family: MetricFamily, samples: [MetricSample])] {
        func family(
            _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: (ChannelStatistics) -> Double?
        ) -> (MetricFamily, [MetricSample]) {
            let family = MetricFamily("streamgauge_\(name)", help: help, kind: kind, labels: ["channel"])
            return (
                family,
                channels.compactMap { channel in
                    value(channel).map { MetricSample($0, MetricLabel("channel", channel.channel)) }
                }
            )
        }
        return [
            family("alert_notices_sent_total", "Notices that a channel delivered.", .counter) { Double($0.sent) },
            family("alert_notices_failed_total", "Notices that a channel gave up after trying.", .counter) {
                Double($0.failed)
            },
            family("alert_notices_dropped_total", "Notices that a channel gave up without trying.", .counter) {
                Double($0.dropped)
            },
            family("alert_notices_merged_total", "Notices that went into a newer one of their group.", .counter) {
                Double($0.merged)
            },
            family("alert_notice_retries_total", "Attempts after the first of a notice.", .counter) {
                Double($0.retries)
            },
            family("alert_notices_waiting", "Notices that wait or are on their way.", .gauge) { Double($0.waiting) },
            family("alert_channel_failing", "1 while a channel's last attempt failed.", .gauge) {
                $0.isFailing ? 1 : 0
            },
            family(
                "alert_channel_last_success_timestamp_seconds", "When a channel delivered last, since 1970.", .gauge
            ) { $0.lastSentAt?.secondsSinceEpoch },
        ]
    }
}
