/// Writes what is known as OpenTelemetry's collectors take it: `ExportMetricsServiceRequest`s of OTLP 1.x in their JSON form, for
/// `POST /v1/metrics`.
///
/// Series have the names, labels and values that ``PrometheusExposition`` gives them; labels are attributes. A gauge is a gauge, and a
/// counter a monotonic sum that counts from when the monitor began. Format: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
public enum OTLPExposition {
    /// What to say in a request's `Content-Type`.
    public static let contentType = "application/json"

    /// Who sends, in the words of OpenTelemetry's semantic conventions.
    public struct Resource: Sendable, Hashable {
        /// `service.name` and others.
        public var attributes: [MetricLabel]

        /// Names a program.
        ///
        /// - Parameters:
        ///   - service: Its name.
        ///   - version: Its version.
        ///   - instance: Tells this process from others of the program.
        public init(service: String = "streamgauge", version: String? = nil, instance: String? = nil) {
            attributes = [MetricLabel("service.name", service)]
            if let version { attributes.append(MetricLabel("service.version", version)) }
            if let instance { attributes.append(MetricLabel("service.instance.id", instance)) }
        }
    }

    /// All queries and other families at a moment, request after request, each UTF-8; see ``OTLPRequests``.
    ///
    /// - Parameters:
    ///   - fleet: The queries.
    ///   - families: What stands beside them, such as a server's series.
    ///   - start: Since when counters count.
    ///   - partitionsPerSource: Series for single partitions, of each source those that are behind most; 0 writes none.
    public static func requests(
        of fleet: QueryFleet, and families: [(family: MetricFamily, samples: [MetricSample])] = [],
        at time: MonitorTime, since start: MonitorTime, partitionsPerSource: Int = 0, resource: Resource = Resource()
    ) -> [[UInt8]] {
        var requests = OTLPRequests(from: resource, at: time, since: start)
        let report = fleet.report(at: time)
        var found: [[UInt8]] = []
        for snapshot in report.snapshots {
            requests.append(snapshot)
            guard let monitor = fleet.monitor(of: snapshot.id) else { continue }
            requests.append(partitionsOf: monitor, perSource: partitionsPerSource)
            if requests.isFull { found += requests.take().map { [$0] } ?? [] }
        }
        requests.appendFleet(expired: report.expired)
        requests.append(families)
        return found + (requests.take().map { [$0] } ?? [])
    }
}
