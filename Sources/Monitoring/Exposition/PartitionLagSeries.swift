/// How many records wait in single partitions of sources: the series beside ``MetricCatalog``'s, of which there may be more than of all
/// others together. They are found in a query's monitor, since its snapshot has no partitions.
public enum PartitionLagSeries {
    /// The family. A query's labels come before these.
    public static let family = MetricFamily(
        name: "streamgauge_source_partition_lag_records", help: "Records that wait in a partition of a source.",
        kind: .gauge, labels: ["source", "topic", "partition"])

    /// Of a source with more partitions rules see those that are behind most.
    public static let maximumForRules = 1000

    /// Gives the partitions of a query whose lag is known, of each source those that are behind most.
    static func collect(_ monitor: QueryMonitor, perSource limit: Int, _ give: MetricCatalog.Give) {
        for lag in monitor.lags {
            let source = MetricLabel("source", lag.label)
            for partition in monitor.partitionLags(ofSource: lag.index, limit: limit, withTrends: false) {
                guard let records = partition.records else { continue }
                let place = [MetricLabel("topic", partition.topic), MetricLabel("partition", partition.partition)]
                give([source] + place, Double(records))
            }
        }
    }

    /// The same as rules see them, with labels in the order in which rules compare them.
    public static func samples(of monitor: QueryMonitor) -> [AlertSample] {
        let identity = MetricCatalog.identity(name: monitor.name, id: monitor.id)
        var samples: [AlertSample] = []
        collect(monitor, perSource: maximumForRules) { labels, records in
            samples.append(AlertSample(family.name, (identity + labels).sorted { $0.name < $1.name }, records))
        }
        return samples
    }
}
