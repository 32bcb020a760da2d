import StreamingMetrics

/// How many records wait in single partitions, as Prometheus reads it, query after query. A family of its own, for it may have more series
/// than all others together, and in pieces for the same reason.
public struct PartitionLagText: ~Copyable {
    private static let family = MetricFamily(
        name: "streamgauge_source_partition_lag_records", help: "Records that wait in a partition of a source.",
        kind: .gauge, labels: ["source", "topic", "partition"])

    private static let pieceBytes = 128 << 10

    private var text = PrometheusText()
    private let partitionsPerSource: Int

    /// Starts without series.
    ///
    /// - Parameter partitionsPerSource: Of each source those partitions are told that are behind most, so many of them.
    public init(partitionsPerSource: Int) {
        self.partitionsPerSource = partitionsPerSource
        text.begin(Self.family)
    }

    /// Appends the partitions of a query whose lag is known.
    public mutating func append(_ monitor: QueryMonitor) {
        let identity = MetricCatalog.identity(name: monitor.name, id: monitor.id)
        for lag in monitor.lags {
            let source = MetricLabel("source", lag.label)
            let partitions = monitor.partitionLags(
                ofSource: lag.index, limit: partitionsPerSource, withTrends: false)
            for partition in partitions {
                guard let records = partition.records else { continue }
                let place = [MetricLabel("topic", partition.topic), MetricLabel("partition", partition.partition)]
                text.sample(identity, [source] + place, Double(records))
            }
        }
    }

    /// Whether there is enough for a piece of a page.
    public var isPiece: Bool { text.written.count >= Self.pieceBytes }

    /// Gives the text since the last time away, as UTF-8; empty where there are no series.
    public mutating func takePiece() -> [UInt8] {
        guard text.hasSamples else { return [] }
        let bytes = text.bytes
        text = PrometheusText()
        text.begin(Self.family, withHead: false)
        return bytes
    }
}
