import StreamingMetrics

/// The series of ``PartitionLagSeries`` as Prometheus reads them, query after query, in pieces.
public struct PartitionLagText: ~Copyable {
    private static let pieceBytes = 128 << 10

    private var text = PrometheusText()
    private let partitionsPerSource: Int

    /// Starts without series.
    ///
    /// - Parameter partitionsPerSource: Of each source those partitions are told that are behind most, so many of them.
    public init(partitionsPerSource: Int) {
        self.partitionsPerSource = partitionsPerSource
        text.begin(PartitionLagSeries.family)
    }

    /// Appends the partitions of a query whose lag is known.
    public mutating func append(_ monitor: QueryMonitor) {
        let identity = MetricCatalog.identity(name: monitor.name, id: monitor.id)
        PartitionLagSeries.collect(monitor, perSource: partitionsPerSource) { text.sample(identity, $0, $1) }
    }

    /// Whether there is enough for a piece of a page.
    public var isPiece: Bool { text.written.count >= Self.pieceBytes }

    /// Gives the text since the last time away, as UTF-8; empty where there are no series.
    public mutating func takePiece() -> [UInt8] {
        guard text.hasSamples else { return [] }
        let bytes = text.bytes
        text = PrometheusText()
        text.begin(PartitionLagSeries.family, withHead: false)
        return bytes
    }
}
