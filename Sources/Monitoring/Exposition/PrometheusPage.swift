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
            let isBegin = part == 0 && value == 0
            // What is written is empty by now.
            let left = parts[part...].reduce(-value) { $0 + $1.count(ofFamily: family) }
            guard left > 0 else {
                // A family without values has no head either.
                (family, part, value) = (family + 1, 0, 0)
                continue
            }
            var text = PrometheusText(capacity: Swift.min(left, Self.valuesPerPiece) * 180 + 1024)
            text.begin(MetricCatalog.entries[family].family, withHead: isBegin)
            write(to: &text)
            return use(text.written)
        }
        return nil
    }

    /// Writes up to a piece of the family at hand.
    private mutating func write(to text: inout PrometheusText) {
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
    }
}
