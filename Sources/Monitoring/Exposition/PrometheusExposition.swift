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
        var sections = MetricCatalog.entries.map { MetricSection($0.family, queries: fleet.count) }
        var partitions = MetricSection(partitionFamily)
        fleet.forEachMonitor { monitor in
            let snapshot = monitor.snapshot(at: time)
            let identity = add(snapshot, to: &sections)
            if options.partitionsPerSource > 0 { add(monitor, snapshot, identity, options, to: &partitions) }
        }
        return bytes(of: families(of: fleet)) + joined(sections + [partitions])
    }

    /// The series of the fleet as a whole.
    static func families(of fleet: QueryFleet) -> [(family: MetricFamily, samples: [MetricSample])] {
        let states = fleet.states
        return [
            (
                MetricFamily("streamgauge_queries", help: "Queries in a state.", kind: .gauge, labels: ["state"]),
                QueryState.allCases.map { MetricSample(Double(states[$0] ?? 0), MetricLabel("state", $0.rawValue)) }
            ),
            (
                MetricFamily(
                    "streamgauge_queries_expired_total", help: "Queries that were forgotten.", kind: .counter),
                [MetricSample(Double(fleet.expired))]
            ),
        ]
    }

    /// Everything of all queries at a moment.
    public static func text(of fleet: QueryFleet, at time: MonitorTime, options: Options = Options()) -> String {
        String(decoding: bytes(of: fleet, at: time, options: options), as: UTF8.self)
    }

    /// The series of these queries alone, without those of the fleet.
    public static func text(of snapshots: [QuerySnapshot]) -> String {
        var sections = MetricCatalog.entries.map { MetricSection($0.family) }
        for snapshot in snapshots { _ = add(snapshot, to: &sections) }
        return String(decoding: joined(sections), as: UTF8.self)
    }

    /// Writes a query's values, each below its family, and gives the labels that name it.
    private static func add(_ snapshot: QuerySnapshot, to sections: inout [MetricSection]) -> String {
        let identity = MetricSection.text(of: MetricCatalog.identity(snapshot))
        for (index, entry) in MetricCatalog.entries.enumerated() {
            entry.collect(snapshot) { labels, value in sections[index].sample(identity, labels, value) }
        }
        return identity
    }

    private static let partitionFamily = MetricFamily(
        name: "streamgauge_source_partition_lag_records", help: "Records that wait in a partition of a source.",
        kind: .gauge, labels: ["source", "topic", "partition"])

    private static func add(
        _ monitor: QueryMonitor, _ snapshot: QuerySnapshot, _ identity: String, _ options: Options,
        to section: inout MetricSection
    ) {
        for lag in snapshot.lags {
            let source = MetricLabel("source", lag.label)
            for partition in monitor.partitionLags(ofSource: lag.index, limit: options.partitionsPerSource) {
                guard let records = partition.records else { continue }
                let place = [MetricLabel("topic", partition.topic), MetricLabel("partition", partition.partition)]
                section.sample(identity, [source] + place, Double(records))
            }
        }
    }

    /// The sections that have a series, one after another.
    static func joined(_ sections: [MetricSection]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sections.reduce(0) { $0 + $1.bytes.count })
        for section in sections where section.hasSamples { bytes += section.bytes }
        return bytes
    }
}

/// A family's part of a page: its head and its series as they come.
struct MetricSection {
    private(set) var bytes: [UInt8] = []
    /// Whether it is more than a head.
    private(set) var hasSamples = false
    private let name: [UInt8]

    /// Begins with the family's head, with room for a line of each query.
    init(_ family: MetricFamily, queries: Int = 0) {
        name = Array(family.name.utf8)
        bytes.reserveCapacity((queries + 2) * 128)
        bytes += "# HELP \(family.name) ".utf8
        // In a help text the quote stands for itself.
        Self.escape(family.help, quotes: false, into: &bytes)
        bytes += "\n# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
    }

    /// Writes a value of the family; one that is no finite number is left out.
    mutating func sample(_ identity: String, _ labels: [MetricLabel], _ value: Double) {
        guard value.isFinite else { return }
        hasSamples = true
        bytes += name
        if !identity.isEmpty || !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes += identity.utf8
            for (index, label) in labels.enumerated() {
                if index > 0 || !identity.isEmpty { bytes.append(UInt8(ascii: ",")) }
                Self.write(label, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            bytes += String(whole).utf8
        } else {
            bytes += value.description.utf8
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Labels as they stand between the braces.
    static func text(of labels: [MetricLabel]) -> String {
        var bytes: [UInt8] = []
        for (index, label) in labels.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(label, into: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ label: MetricLabel, into bytes: inout [UInt8]) {
        bytes += label.name.utf8
        bytes.append(UInt8(ascii: "="))
        bytes.append(UInt8(ascii: "\""))
        escape(label.value, quotes: true, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A backslash and a line's end are escaped, in label values the quote too; everything else stands as it is.
    private static func escape(_ text: String, quotes: Bool, into bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\"") where quotes: bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
            default: bytes.append(byte)
            }
        }
    }
}
