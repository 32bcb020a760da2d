import StreamingMetrics

/// Writes what is known as Prometheus reads it: the text format, version 0.0.4.
///
/// Each family has its HELP and TYPE and then its series, one query after another. Values are finite, and a series stands once.
public enum PrometheusExposition {
    /// What to say in the answer's `Content-Type`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// How much to write.
    public struct Options: Sendable, Hashable {
        /// Series for single partitions, of each source those that are behind most; 0 writes none.
        public var partitionsPerSource = 0

        /// Totals of sources only.
        public init() {}
    }

    /// Everything of all queries at a moment, as UTF-8.
    public static func bytes(of fleet: QueryFleet, at time: MonitorTime, options: Options = Options()) -> [UInt8] {
        var bytes: [UInt8] = []
        for piece in PrometheusPage(fleet.report(at: time)) { bytes += piece }
        guard options.partitionsPerSource > 0 else { return bytes }
        var partitions = PartitionLagText(partitionsPerSource: options.partitionsPerSource)
        fleet.forEachMonitor { partitions.append($0) }
        return bytes + partitions.takePiece()
    }

    /// The series of the fleet as a whole.
    static func families(
        states: [QueryState: Int], expired: UInt64
    ) -> [(family: MetricFamily, samples: [MetricSample])] {
        [
            (
                MetricFamily("streamgauge_queries", help: "Queries in a state.", kind: .gauge, labels: ["state"]),
                QueryState.allCases.map { MetricSample(Double(states[$0] ?? 0), MetricLabel("state", $0.rawValue)) }
            ),
            (
                MetricFamily(
                    "streamgauge_queries_expired_total", help: "Queries that were forgotten.", kind: .counter),
                [MetricSample(Double(expired))]
            ),
        ]
    }

    /// Everything of all queries at a moment.
    public static func text(of fleet: QueryFleet, at time: MonitorTime, options: Options = Options()) -> String {
        String(decoding: bytes(of: fleet, at: time, options: options), as: UTF8.self)
    }
}
