import CoreMetrics

/// The forwarder's counts as metrics of swift-metrics, for whatever system the program has bootstrapped.
///
/// | name | kind | dimensions |
/// |---|---|---|
/// | `streamgauge_forwarder_events_offered_total` | counter | `topic` |
/// | `streamgauge_forwarder_events_recovered_total` | counter | `topic` |
/// | `streamgauge_forwarder_events_acknowledged_total` | counter | `topic` |
/// | `streamgauge_forwarder_events_shortened_total` | counter | `topic` |
/// | `streamgauge_forwarder_events_dropped_total` | counter | `topic`, `reason` |
/// | `streamgauge_forwarder_clients_replaced_total` | counter | `topic` |
/// | `streamgauge_forwarder_events_buffered` | gauge | `topic` |
/// | `streamgauge_forwarder_events_spooled` | gauge | `topic` |
///
/// Recorded once a second while something changes, and at the end.
final class ForwardingGauges {
    private let dimensions: [(String, String)]
    private let factory: any MetricsFactory
    private var recorded = ForwardingStatistics()
    private let offered: Counter
    private let recovered: Counter
    private let acknowledged: Counter
    private let shortened: Counter
    private let replaced: Counter
    private let buffered: Gauge
    private let spooled: Gauge

    init(topic: String, factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
        dimensions = [("topic", topic)]
        let prefix = "streamgauge_forwarder_"
        offered = Counter(label: prefix + "events_offered_total", dimensions: dimensions, factory: factory)
        recovered = Counter(label: prefix + "events_recovered_total", dimensions: dimensions, factory: factory)
        acknowledged = Counter(label: prefix + "events_acknowledged_total", dimensions: dimensions, factory: factory)
        shortened = Counter(label: prefix + "events_shortened_total", dimensions: dimensions, factory: factory)
        replaced = Counter(label: prefix + "clients_replaced_total", dimensions: dimensions, factory: factory)
        buffered = Gauge(label: prefix + "events_buffered", dimensions: dimensions, factory: factory)
        spooled = Gauge(label: prefix + "events_spooled", dimensions: dimensions, factory: factory)
    }

    /// Whether there is something that was not recorded yet.
    func isBehind(_ statistics: ForwardingStatistics) -> Bool { statistics != recorded }

    func record(_ statistics: ForwardingStatistics) {
        guard isBehind(statistics) else { return }
        offered.increment(by: statistics.offered - recorded.offered)
        recovered.increment(by: statistics.recovered - recorded.recovered)
        acknowledged.increment(by: statistics.acknowledged - recorded.acknowledged)
        shortened.increment(by: statistics.shortened - recorded.shortened)
        replaced.increment(by: statistics.clientsReplaced - recorded.clientsReplaced)
        buffered.record(statistics.buffered)
        spooled.record(statistics.spooled)
        for (reason, count) in statistics.dropped {
            let counter = Counter(
                label: "streamgauge_forwarder_events_dropped_total",
                dimensions: dimensions + [("reason", reason.rawValue)], factory: factory)
            counter.increment(by: count - (recorded.dropped[reason] ?? 0))
        }
        recorded = statistics
    }
}
