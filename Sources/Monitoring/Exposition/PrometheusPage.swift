import StreamingMetrics

/// A page of metrics in pieces, each a family or a part of one, so that its text is never in memory as a whole.
public struct PrometheusPage: Sequence, IteratorProtocol, Sendable {
    /// Some 150 KB of text.
    private static let valuesPerPiece = 1000

    /// The fleet's own families, which come before those of its queries.
    private let fleet: [UInt8]
    private var parts: [MetricColumns]
    /// The family at hand, before the first piece none; of it the part, and there the first value that is not written yet.
    private var family = -1
    private var part = 0
    private var value = 0

    /// Collects what is known of all queries.
    public init(_ report: FleetReport) {
        var columns = MetricColumns(capacity: report.snapshots.count)
        for snapshot in report.snapshots { columns.append(snapshot) }
        self.init(parts: [columns], expired: report.expired)
    }

    /// Puts together what was collected of some queries after others.
    ///
    /// - Parameters:
    ///   - parts: The queries, in the order in which they are written.
    ///   - expired: Queries that were forgotten because of their age, or to make room.
    public init(parts: [MetricColumns], expired: UInt64) {
        self.parts = parts
        var states: [QueryState: Int] = [:]
        for part in parts { states.merge(part.states) { $0 + $1 } }
        fleet = PrometheusExposition.bytes(of: PrometheusExposition.families(states: states, expired: expired))
    }

    /// The next piece, as UTF-8; nil at the end.
    public mutating func next() -> [UInt8]? { next { Array($0) } }

    /// The same without a copy: lends the text to the caller.
    public mutating func next<Result>(_ use: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        if family < 0 {
            family = 0
            return fleet.withUnsafeBufferPointer(use)
        }
        while family < MetricCatalog.entries.count {
            var text = PrometheusText(capacity: Self.valuesPerPiece * 180 + 1024)
            text.begin(MetricCatalog.entries[family].family, withHead: part == 0 && value == 0)
            let written = write(to: &text)
            if part == parts.count { (family, part) = (family + 1, 0) }
            // A family without values has no head either.
            if written > 0 { return use(text.written) }
        }
        return nil
    }

    /// Writes up to a piece of the family at hand; how many values that was.
    private mutating func write(to text: inout PrometheusText) -> Int {
        var written = 0
        while part < parts.count, written < Self.valuesPerPiece {
            let count = parts[part].count(ofFamily: family)
            let range = value..<Swift.min(value + Self.valuesPerPiece - written, count)
            parts[part].write(range, ofFamily: family, to: &text)
            written += range.count
            value = range.upperBound
            if value == count {
                // Nobody needs it any more.
                parts[part].forget(family: family)
                (part, value) = (part + 1, 0)
            }
        }
        return written
    }
}
