import Foundation
import StreamingMetrics

/// A topic of several partitions and how far a query has read it, a limited number of records in each batch.
///
/// As in Spark, what the query knows to be newest is of the beginning of its trigger, so that nothing waits after a batch which read
/// all that there was.
struct SimulatedTopic {
    /// Records that a batch reads at most, as of `maxOffsetsPerTrigger`.
    static let usualLimit: Int64 = 500
    var limit = Self.usualLimit

    private let topic: String
    /// Each partition's share of what arrives.
    private let shares: [Double]
    /// Whether its progress says the newest offsets; else only the Kafka source's own figures of them.
    private let tellsLatest: Bool
    private var latest: [Int64]
    private var end: [Int64]
    private(set) var waiting: Int64 = 0

    init(_ topic: String, tellsLatest: Bool, using numbers: inout SeededNumbers) {
        self.topic = topic
        self.tellsLatest = tellsLatest
        let weights = (0..<Int.random(in: 3...8, using: &numbers)).map { _ in
            Double.random(in: 0.2...1, using: &numbers)
        }
        shares = weights.map { $0 / weights.reduce(0, +) }
        latest = weights.map { _ in Int64.random(in: 0...1_000_000_000, using: &numbers) }
        end = latest
    }

    /// Appends so many records to its partitions.
    mutating func append(_ records: Int64) {
        var rest = records
        for index in shares.indices.dropFirst() {
            let part = Int64(Double(records) * shares[index])
            latest[index] += part
            rest -= part
        }
        latest[0] += rest
        waiting += records
    }

    /// Reads a batch, of each partition in proportion to what waits in it, and tells it as Spark would.
    mutating func read() -> SourceProgress {
        let start = end
        let rows = min(waiting, limit)
        var rest = rows
        for index in end.indices {
            let behind = latest[index] - end[index]
            let part = waiting > 0 ? behind * rows / waiting : 0
            end[index] += part
            rest -= part
        }
        for index in end.indices where rest > 0 {
            let part = min(rest, latest[index] - end[index])
            end[index] += part
            rest -= part
        }
        waiting -= rows
        return progress(from: start, rows: rows)
    }

    private func progress(from start: [Int64], rows: Int64) -> SourceProgress {
        let behind = zip(latest, end).map { $0 - $1 }
        var progress = SourceProgress(
            description: "KafkaV2[Subscribe[\(topic)]]", startOffset: offsets(start), endOffset: offsets(end),
            latestOffset: tellsLatest ? offsets(latest) : .null, numInputRows: rows)
        progress.metrics["avgOffsetsBehindLatest"] = "\(Double(waiting) / Double(behind.count))"
        progress.metrics["maxOffsetsBehindLatest"] = "\(behind.max() ?? 0)"
        progress.metrics["minOffsetsBehindLatest"] = "\(behind.min() ?? 0)"
        return progress
    }

    private func offsets(_ values: [Int64]) -> JSONValue {
        .object([
            JSONValue.Member(
                topic, .object(values.enumerated().map { JSONValue.Member(String($0), .integer($1)) }))
        ])
    }
}
