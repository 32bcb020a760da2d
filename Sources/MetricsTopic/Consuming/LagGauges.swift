import Kafka
import CoreMetrics
import Synchronization

/// A consumer's lag as gauges of swift-metrics: `streamgauge_consumer_lag_records` for each partition, with the dimensions
/// `topic`, `partition` and, in a group, `group`; and `streamgauge_consumer_lag_records_sum` over all of them.
final class LagGauges: Sendable {
    private let group: String?
    private let gauges = Mutex<[TopicPartition: Gauge]>([:])
    private let total: Gauge
    private let factory: any MetricsFactory

    static let name = "streamgauge_consumer_lag_records"
    static let sumName = "streamgauge_consumer_lag_records_sum"

    init(group: String?, factory: any MetricsFactory = MetricsSystem.factory) {
        self.group = group
        self.factory = factory
        total = Gauge(label: Self.sumName, dimensions: group.map { [("group", $0)] } ?? [], factory: factory)
    }

    /// Sets the gauges; those of partitions that are read no more go away.
    func record(_ lag: [TopicPartition: Int64]) {
        gauges.withLock { gauges in
            for (partition, gauge) in gauges where lag[partition] == nil {
                gauge.destroy()
                gauges[partition] = nil
            }
            for (partition, records) in lag {
                let gauge = gauges[partition] ?? makeGauge(partition)
                gauges[partition] = gauge
                gauge.record(records)
            }
        }
        total.record(lag.values.reduce(0, +))
    }

    private func makeGauge(_ partition: TopicPartition) -> Gauge {
        var dimensions = [("topic", partition.topic), ("partition", String(partition.partition))]
        if let group { dimensions.append(("group", group)) }
        return Gauge(label: Self.name, dimensions: dimensions, factory: factory)
    }

    deinit {
        total.destroy()
        for gauge in gauges.withLock({ $0.values }) { gauge.destroy() }
    }
}
