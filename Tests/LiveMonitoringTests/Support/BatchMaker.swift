import Foundation
import Monitoring
import StreamingMetrics
import Synchronization

/// Makes events of one query's run.
struct BatchMaker {
    var id: UUID
    var runId: UUID
    var name: String?

    init(_ number: UInt8 = 1, name: String? = "orders") {
        id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xA0, number))
        runId = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xB0, number))
        self.name = name
    }

    /// The same query's next run.
    var nextRun: BatchMaker {
        var next = self
        next.runId = UUID()
        return next
    }

    /// 2026-11-23T10:00:00Z; every time in the tests is so many seconds after it.
    static func time(_ seconds: Double) -> MonitorTime {
        MonitorTime(millisecondsSinceEpoch: 1_795_428_000_000 + Int64((seconds * 1000).rounded()))
    }

    static func timestamp(_ seconds: Double) -> ProgressTimestamp {
        ProgressTimestamp(millisecondsSinceEpoch: time(seconds).millisecondsSinceEpoch)
    }

    func started(_ seconds: Double) -> StreamingQueryEvent {
        .started(QueryStartedEvent(id: id, runId: runId, name: name, timestamp: Self.timestamp(seconds)))
    }

    func terminated(_ exception: String? = nil) -> StreamingQueryEvent {
        .terminated(QueryTerminatedEvent(id: id, runId: runId, exception: exception))
    }

    /// A Kafka source with two partitions, each read up to an offset of 1,000.
    static func kafka(read: (Int64, Int64), rows: Int64 = 100) -> SourceProgress {
        func offsets(_ values: (Int64, Int64)) -> JSONValue {
            .object([
                JSONValue.Member(
                    "orders",
                    .object([JSONValue.Member("0", .integer(values.0)), JSONValue.Member("1", .integer(values.1))]))
            ])
        }
        return SourceProgress(
            description: "KafkaV2[Subscribe[orders]]", startOffset: .null, endOffset: offsets(read),
            latestOffset: offsets((1000, 1000)), numInputRows: rows)
    }

    /// A batch that takes half a second.
    func batch(
        _ number: Int64, _ seconds: Double, rows: Int64 = 100, source: SourceProgress? = nil
    ) -> StreamingQueryEvent {
        .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: runId, name: name, timestamp: Self.timestamp(seconds), batchId: number,
                    batchDuration: 500, numInputRows: rows, inputRowsPerSecond: Double(rows),
                    processedRowsPerSecond: Double(rows) * 2, durationMs: ["addBatch": 400, "triggerExecution": 500],
                    sources: [
                        source ?? SourceProgress(description: "FileStreamSource[file:/data/in]", numInputRows: rows)
                    ],
                    sink: SinkProgress(description: "MemorySink"))))
    }
}

/// A clock that goes where a test puts it.
final class HandClock: Sendable {
    private let seconds = Mutex(0.0)

    func set(_ seconds: Double) { self.seconds.withLock { $0 = seconds } }
    var reading: @Sendable () -> MonitorTime { { BatchMaker.time(self.seconds.withLock { $0 }) } }
}

/// A folder of its own that goes away with the value.
final class ScratchFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "streamgauge-live-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ lines: [String]) throws -> String {
        let path = url.appending(path: name).path
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
