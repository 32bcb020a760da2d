import StreamingMetrics

/// OTLP requests in the making, query after query.
///
/// A collector refuses what is too large (the OpenTelemetry collector takes 20 MiB unless told otherwise), and a thousand queries with a
/// hundred partitions each are more than that. So the series go in several requests, all of the same moment: ask ``isFull`` after each
/// query, and send what ``take()`` gives.
public struct OTLPRequests: ~Copyable {
    /// Bytes of data points at which a request is full.
    static let fullBytes = 2 << 20

    private let resource: OTLPExposition.Resource
    private let times: OTLPTimes
    /// The catalog's, and then the partitions'.
    private let sections: [OTLPSection]
    private var others: [OTLPSection] = []
    /// How many of the queries are in each state.
    private var states: [QueryState: Int] = [:]

    /// Begins without series.
    ///
    /// - Parameters:
    ///   - resource: Who sends.
    ///   - time: The moment of all values.
    ///   - start: Since when counters count.
    public init(from resource: OTLPExposition.Resource, at time: MonitorTime, since start: MonitorTime) {
        self.resource = resource
        let times = OTLPTimes(time: time, start: start)
        self.times = times
        sections = (MetricCatalog.families + [PartitionLagSeries.family]).map { OTLPSection($0, times) }
    }

    /// Appends a query's series.
    public mutating func append(_ snapshot: QuerySnapshot) {
        states[snapshot.state, default: 0] += 1
        let identity = OTLPSection.attributes(MetricCatalog.identity(snapshot))
        for (section, entry) in zip(sections, MetricCatalog.entries) {
            entry.collect(snapshot) { section.sample(identity, $0, $1) }
        }
    }

    /// Appends a query's partitions, of each source those that are behind most.
    public mutating func append(partitionsOf monitor: QueryMonitor, perSource limit: Int) {
        guard limit > 0, let section = sections.last else { return }
        let identity = OTLPSection.attributes(MetricCatalog.identity(name: monitor.name, id: monitor.id))
        PartitionLagSeries.collect(monitor, perSource: limit) { section.sample(identity, $0, $1) }
    }

    /// Appends the series of the fleet as a whole, once all of its queries are appended.
    ///
    /// - Parameter expired: Queries that were forgotten because of their age, or to make room.
    public mutating func appendFleet(expired: UInt64) {
        append(PrometheusExposition.families(states: states, expired: expired))
    }

    /// Appends families that are not of a query, each of which is to be given once.
    public mutating func append(_ families: [(family: MetricFamily, samples: [MetricSample])]) {
        for (family, samples) in families {
            let section = OTLPSection(family, times)
            for sample in samples { section.sample([], sample.labels, sample.value) }
            guard section.count > 0 else { continue }
            others.append(section)
        }
    }

    private var bytes: Int { sections.reduce(0) { $0 + $1.count } + others.reduce(0) { $0 + $1.count } }

    /// Whether there is enough for a request.
    public var isFull: Bool { bytes >= Self.fullBytes }

    /// Gives away a request with what was appended since the last one, as UTF-8; nil where that was nothing.
    public mutating func take() -> [UInt8]? {
        let told = (sections + others).filter { $0.count > 0 }
        guard !told.isEmpty else { return nil }
        var writer = JSONWriter(capacity: bytes + 512 * told.count + 1024)
        writer.literal(#"{"resourceMetrics":[{"resource":{"attributes":["#)
        OTLPSection.attributes(resource.attributes).withUnsafeBufferPointer { writer.raw($0) }
        writer.literal(#"]},"scopeMetrics":[{"scope":{"name":"streamgauge"},"metrics":["#)
        for (index, section) in told.enumerated() {
            if index > 0 { writer.literal(",") }
            section.write(to: &writer)
            section.removeAll()
        }
        writer.literal("]}]}]}")
        others = []
        return writer.bytes
    }
}

/// Nanoseconds since 1970 as JSON's strings, which is how OTLP writes 64-bit numbers.
private struct OTLPTimes {
    var time: String
    var start: String

    init(time: MonitorTime, start: MonitorTime) {
        self.time = Self.nanoseconds(time)
        self.start = Self.nanoseconds(min(start, time))
    }

    private static func nanoseconds(_ time: MonitorTime) -> String {
        // Beyond the years 1970 to 2554 there is no such number; nothing says 0 there.
        let milliseconds = time.millisecondsSinceEpoch
        return milliseconds <= 0 || milliseconds > Int64(UInt64.max / 1_000_000) ? "0" : "\(milliseconds)000000"
    }
}

/// One metric with its points as they come.
private final class OTLPSection {
    private let family: MetricFamily
    private let times: OTLPTimes
    /// Data points with commas between them.
    private var points = JSONWriter()

    init(_ family: MetricFamily, _ times: OTLPTimes) {
        self.family = family
        self.times = times
    }

    /// Bytes of its points.
    var count: Int { points.count }

    /// Adds a value; one that is no finite number is left out.
    ///
    /// - Parameter identity: Attributes as ``attributes(_:)`` writes them, which come first.
    func sample(_ identity: [UInt8], _ labels: [MetricLabel], _ value: Double) {
        guard value.isFinite else { return }
        points.literal(points.count > 0 ? #",{"attributes":["# : #"{"attributes":["#)
        identity.withUnsafeBufferPointer { points.raw($0) }
        if !identity.isEmpty, !labels.isEmpty { points.literal(",") }
        Self.write(labels, to: &points)
        points.literal("]")
        if family.kind == .counter {
            points.literal(#","startTimeUnixNano":"#)
            points.string(times.start)
        }
        points.literal(#","timeUnixNano":"#)
        points.string(times.time)
        points.literal(#","asDouble":"#)
        points.double(value)
        points.literal("}")
    }

    func removeAll() { points = JSONWriter() }

    func write(to writer: inout JSONWriter) {
        writer.literal(#"{"name":"#)
        writer.string(family.name)
        writer.literal(#","description":"#)
        writer.string(family.help)
        writer.literal(#","unit":"#)
        writer.string(unit)
        writer.literal(family.kind == .counter ? #","sum":{"dataPoints":["# : #","gauge":{"dataPoints":["#)
        writer.raw(points.written)
        // 2 is AGGREGATION_TEMPORALITY_CUMULATIVE.
        writer.literal(family.kind == .counter ? #"],"aggregationTemporality":2,"isMonotonic":true}}"# : "]}}")
    }

    /// Attributes as they stand between the brackets.
    static func attributes(_ labels: [MetricLabel]) -> [UInt8] {
        var writer = JSONWriter()
        write(labels, to: &writer)
        return writer.bytes
    }

    private static func write(_ labels: [MetricLabel], to writer: inout JSONWriter) {
        for (index, label) in labels.enumerated() {
            writer.literal(index > 0 ? #",{"key":"# : #"{"key":"#)
            writer.string(label.name)
            writer.literal(#","value":{"stringValue":"#)
            writer.string(label.value)
            writer.literal("}}")
        }
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
