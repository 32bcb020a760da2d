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
        let snapshots = fleet.snapshots(at: time)
        var page = MetricPage()
        page.family(
            MetricFamily(name: "streamgauge_queries", help: "Queries in a state.", kind: .gauge, labels: ["state"]))
        let states = fleet.states
        for state in QueryState.allCases {
            page.sample("", [MetricLabel("state", state.rawValue)], Double(states[state] ?? 0))
        }
        page.family(
            MetricFamily(
                name: "streamgauge_queries_expired_total", help: "Queries that were forgotten.", kind: .counter,
                labels: []))
        page.sample("", [], Double(fleet.expired))
        write(snapshots, to: &page)
        if options.partitionsPerSource > 0 { writePartitions(of: fleet, snapshots, options, to: &page) }
        return page.bytes
    }

    /// Everything of all queries at a moment.
    public static func text(of fleet: QueryFleet, at time: MonitorTime, options: Options = Options()) -> String {
        String(decoding: bytes(of: fleet, at: time, options: options), as: UTF8.self)
    }

    /// The series of these queries alone, without those of the fleet.
    public static func text(of snapshots: [QuerySnapshot]) -> String {
        var page = MetricPage()
        write(snapshots, to: &page)
        return String(decoding: page.bytes, as: UTF8.self)
    }

    private static func write(_ snapshots: [QuerySnapshot], to page: inout MetricPage) {
        guard !snapshots.isEmpty else { return }
        let identities = snapshots.map { MetricPage.text(of: MetricCatalog.identity($0)) }
        for entry in MetricCatalog.entries {
            page.family(entry.family)
            for (snapshot, identity) in zip(snapshots, identities) {
                entry.collect(snapshot) { labels, value in page.sample(identity, labels, value) }
            }
        }
    }

    private static let partitionFamily = MetricFamily(
        name: "streamgauge_source_partition_lag_records", help: "Records that wait in a partition of a source.",
        kind: .gauge, labels: ["source", "topic", "partition"])

    private static func writePartitions(
        of fleet: QueryFleet, _ snapshots: [QuerySnapshot], _ options: Options, to page: inout MetricPage
    ) {
        page.family(partitionFamily)
        for snapshot in snapshots {
            guard let monitor = fleet.monitor(of: snapshot.id) else { continue }
            let identity = MetricPage.text(of: MetricCatalog.identity(snapshot))
            for lag in snapshot.lags {
                let source = MetricLabel("source", MetricCatalog.label(of: lag))
                for partition in monitor.partitionLags(ofSource: lag.index, limit: options.partitionsPerSource) {
                    guard let records = partition.records else { continue }
                    let place = [MetricLabel("topic", partition.topic), MetricLabel("partition", partition.partition)]
                    page.sample(identity, [source] + place, Double(records))
                }
            }
        }
    }
}

/// The bytes of a page as they grow.
struct MetricPage {
    private(set) var bytes: [UInt8] = []
    private var name: [UInt8] = []

    /// Begins a family.
    mutating func family(_ family: MetricFamily) {
        name = Array(family.name.utf8)
        bytes += "# HELP \(family.name) ".utf8
        // In a help text the quote stands for itself.
        Self.escape(family.help, quotes: false, into: &bytes)
        bytes += "\n# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
    }

    /// Writes a value of the family; one that is no finite number is left out.
    mutating func sample(_ identity: String, _ labels: [MetricLabel], _ value: Double) {
        guard value.isFinite else { return }
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
