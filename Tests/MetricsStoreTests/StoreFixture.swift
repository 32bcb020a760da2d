import Foundation
import Kafka
import MetricsStore
import MetricsTopic
import StreamingMetrics

/// A file of its own for a store, gone with the value.
final class StoreFile: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "streamgauge-store-\(UUID().uuidString).db").path
    }

    deinit {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    func open() throws -> MetricsStore { try MetricsStore(path: path) }
}

/// Records of a run as they come from a topic.
struct RecordMaker {
    let id = UUID()
    let runId = UUID()
    var topic = TopicContract.progressTopic

    /// A progress event at an offset.
    func progress(batch: Int64, sequence: UInt64?, offset: Int64, rows: Int64 = 1) -> MetricsRecord {
        let progress = StreamingQueryProgress(
            id: id, runId: runId, name: "q", timestamp: ProgressTimestamp(millisecondsSinceEpoch: 1000 * batch),
            batchId: batch, numInputRows: rows, sink: SinkProgress(description: "noop"))
        return record(progress.json, sequence: sequence, offset: offset)
    }

    /// Any value at an offset.
    func record(_ value: String, sequence: UInt64?, offset: Int64) -> MetricsRecord {
        let headers = sequence.map { [RecordHeader(name: TopicContract.Header.sequence, text: String($0))] } ?? []
        return MetricsRecord(
            ConsumerRecord(
                topic: topic, partition: 0, offset: offset, timestampMs: 5, key: Array("k".utf8),
                value: Array(value.utf8), headers: headers))
    }

    /// A batch that ends before an offset.
    func batch(_ records: [MetricsRecord], next: Int64) -> MetricsBatch {
        MetricsBatch(records: records, nextOffsets: [place: next])
    }

    var place: TopicPartition { TopicPartition(topic: topic, partition: 0) }
}
