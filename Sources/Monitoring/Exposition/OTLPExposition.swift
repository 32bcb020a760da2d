import StreamingMetrics

/// Writes what is known as OpenTelemetry's collectors take it: an `ExportMetricsServiceRequest` of OTLP 1.x in its JSON form, for
/// `POST /v1/metrics`.
///
/// Series have the names, labels and values that ``PrometheusExposition`` gives them; labels are attributes. A gauge is a gauge, and a
/// counter a monotonic sum that counts from when the monitor began. Format: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
public enum OTLPExposition {
    /// What to say in the request's `Content-Type`.
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

    /// All queries and other families at a moment, as UTF-8.
    ///
    /// - Parameters:
    ///   - report: The queries.
    ///   - families: What stands beside them, such as a server's series.
    ///   - start: Since when counters count.
    public static func bytes(
        of report: FleetReport, and families: [(family: MetricFamily, samples: [MetricSample])] = [],
        at time: MonitorTime,
        since start: MonitorTime, resource: Resource = Resource()
    ) -> [UInt8] {
        let times = Times(time: time, start: start)
        var sections = MetricCatalog.entries.map { OTLPSection($0.family, times) }
        for snapshot in report.snapshots {
            let identity = MetricCatalog.identity(snapshot)
            for (index, entry) in MetricCatalog.entries.enumerated() {
                entry.collect(snapshot) { sections[index].sample(identity, $0, $1) }
            }
        }
        for (family, samples) in report.families + families {
            var section = OTLPSection(family, times)
            for sample in samples { section.sample([], sample.labels, sample.value) }
            sections.append(section)
        }
        return request(sections.filter(\.hasPoints), resource)
    }

    private static func request(_ sections: [OTLPSection], _ resource: Resource) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + sections.reduce(0) { $0 + $1.points.count + 256 })
        writer.literal(#"{"resourceMetrics":[{"resource":{"attributes":"#)
        OTLPSection.write(resource.attributes, to: &writer)
        writer.literal(#"},"scopeMetrics":[{"scope":{"name":"streamgauge"},"metrics":["#)
        for (index, section) in sections.enumerated() {
            if index > 0 { writer.literal(",") }
            section.write(to: &writer)
        }
        writer.literal("]}]}]}")
        return writer.bytes
    }

    /// Nanoseconds since 1970 as JSON's strings, which is how OTLP writes 64-bit numbers.
    struct Times {
        var time: String
        var start: String

        init(time: MonitorTime, start: MonitorTime) {
            self.time = Self.nanoseconds(time)
            self.start = Self.nanoseconds(min(start, time))
        }

        private static func nanoseconds(_ time: MonitorTime) -> String {
            // Beyond the years 1970 to 2554 there is no such number; nothing says 0 there.
            let milliseconds = max(0, time.millisecondsSinceEpoch)
            return milliseconds == 0 ? "0" : "\(milliseconds)000000"
        }
    }
}

/// One metric with its points as they come.
private struct OTLPSection {
    /// Data points with commas between them.
    private(set) var points: [UInt8] = []
    private let family: MetricFamily
    private let times: OTLPExposition.Times

    init(_ family: MetricFamily, _ times: OTLPExposition.Times) {
        self.family = family
        self.times = times
    }

    var hasPoints: Bool { !points.isEmpty }

    /// Adds a value; one that is no finite number is left out.
    mutating func sample(_ identity: [MetricLabel], _ labels: [MetricLabel], _ value: Double) {
        guard value.isFinite else { return }
        var writer = JSONWriter()
        if hasPoints { writer.literal(",") }
        writer.literal(#"{"attributes":"#)
        Self.write(identity + labels, to: &writer)
        if family.kind == .counter {
            writer.literal(#","startTimeUnixNano":"#)
            writer.string(times.start)
        }
        writer.literal(#","timeUnixNano":"#)
        writer.string(times.time)
        writer.literal(#","asDouble":"#)
        writer.double(value)
        writer.literal("}")
        points += writer.written
    }

    func write(to writer: inout JSONWriter) {
        writer.literal(#"{"name":"#)
        writer.string(family.name)
        writer.literal(#","description":"#)
        writer.string(family.help)
        writer.literal(#","unit":"#)
        writer.string(unit)
        writer.literal(family.kind == .counter ? #","sum":{"dataPoints":["# : #","gauge":{"dataPoints":["#)
        points.withUnsafeBufferPointer { writer.raw($0) }
        // 2 is AGGREGATION_TEMPORALITY_CUMULATIVE.
        writer.literal(family.kind == .counter ? #"],"aggregationTemporality":2,"isMonotonic":true}}"# : "]}}")
    }

    static func write(_ attributes: [MetricLabel], to writer: inout JSONWriter) {
        writer.literal("[")
        for (index, attribute) in attributes.enumerated() {
            if index > 0 { writer.literal(",") }
            writer.literal(#"{"key":"#)
            writer.string(attribute.name)
            writer.literal(#","value":{"stringValue":"#)
            writer.string(attribute.value)
            writer.literal("}}")
        }
        writer.literal("]")
    }

    /// The unit that the name ends in, in UCUM's signs.
    private var unit: String {
        let name = family.name.hasSuffix("_total") ? String(family.name.dropLast(6)) : family.name
        if name.hasSuffix("_seconds") { return "s" }
        if name.hasSuffix("_bytes") { return "By" }
        if name.hasSuffix("_ratio") { return "1" }
        return ""
    }
}
