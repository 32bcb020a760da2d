import StreamingMetrics

/// A page of metrics in pieces, each a family or a part of one, so that its text is never in memory as a whole.
public struct PrometheusPage: Sequence, IteratorProtocol {
    /// Some 150 KB of text.
    private static let valuesPerPiece = 1000

    /// The fleet's own families, which come before those of its queries.
    private let fleet: [UInt8]
    private let identities: LabelTexts
    private var families: [FamilyValues]
    /// The family at hand, and its first value that is not written yet; before the first piece no family.
    private var family = -1
    private var value = 0

    /// Collects what is known of all queries.
    public init(_ report: FleetReport) {
        let entries = MetricCatalog.entries
        let count = report.snapshots.count
        fleet = PrometheusExposition.bytes(of: PrometheusExposition.families(of: report))
        var identities = LabelTexts(capacity: count)
        // Each made by itself: copies of one would share its room, and lose it.
        var families = entries.map { FamilyValues($0.family, capacity: count) }
        // All of a snapshot at once: asking it once for each family would copy it each time, and count all its references.
        for (query, snapshot) in report.snapshots.enumerated() {
            identities.append(MetricCatalog.identity(snapshot))
            for (index, entry) in entries.enumerated() {
                entry.collect(snapshot) { labels, value in
                    families[index].append(value, of: query, labels)
                }
            }
        }
        self.identities = identities
        self.families = families
    }

    /// The next piece, as UTF-8; nil at the end.
    public mutating func next() -> [UInt8]? { next { Array($0) } }

    /// The same without a copy: lends the text to the caller.
    public mutating func next<Result>(_ use: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        if family < 0 {
            family = 0
            return fleet.withUnsafeBufferPointer(use)
        }
        while family < families.count {
            let values = families[family]
            guard value < values.count else {
                // Nobody needs it any more.
                families[family] = FamilyValues(values.family, capacity: 0)
                (family, value) = (family + 1, 0)
                continue
            }
            let range = value..<Swift.min(value + Self.valuesPerPiece, values.count)
            var text = PrometheusText(capacity: range.count * 180 + 1024)
            text.begin(values.family, withHead: value == 0)
            values.write(range, to: &text, identities)
            value = range.upperBound
            return use(text.written)
        }
        return nil
    }
}

/// Labels of many as they stand between the braces, one behind the other: nothing in it is counted by references.
private struct LabelTexts {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(capacity: Int) { ends.reserveCapacity(capacity) }

    mutating func append(_ labels: [MetricLabel]) {
        PrometheusText.append(labels, to: &bytes)
        ends.append(bytes.count)
    }

    func withTexts<Result>(_ use: ((Int) -> UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            ends.withUnsafeBufferPointer { ends in
                use { index in
                    if ends.isEmpty { return UnsafeBufferPointer(start: nil, count: 0) }
                    return UnsafeBufferPointer(rebasing: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
                }
            }
        }
    }
}

/// The values of one family, query by query.
private struct FamilyValues {
    let family: MetricFamily
    private var queries: [Int32] = []
    private var values: [Double] = []
    /// Empty for a family without labels of its own.
    private var labels: LabelTexts
    private let hasLabels: Bool

    init(_ family: MetricFamily, capacity: Int) {
        self.family = family
        hasLabels = !family.labels.isEmpty
        queries.reserveCapacity(capacity)
        values.reserveCapacity(capacity)
        labels = LabelTexts(capacity: hasLabels ? capacity : 0)
    }

    var count: Int { values.count }

    /// Adds a value; one that is no finite number is left out.
    mutating func append(_ value: Double, of query: Int, _ labels: [MetricLabel]) {
        guard value.isFinite else { return }
        queries.append(Int32(truncatingIfNeeded: query))
        values.append(value)
        if hasLabels { self.labels.append(labels) }
    }

    func write(_ range: Range<Int>, to text: inout PrometheusText, _ identities: LabelTexts) {
        identities.withTexts { identity in
            labels.withTexts { labels in
                for index in range { text.sample(identity(Int(queries[index])), labels(index), values[index]) }
            }
        }
    }
}
