import Foundation
import Monitoring
import StreamingMetrics

/// Makes events of one run, as Spark 4.1 would.
struct EventMaker {
    var id = UUID(uuidString: "00000000-0000-0000-0000-00000000000a") ?? UUID()
    var runId = UUID(uuidString: "00000000-0000-0000-0000-0000000000b1") ?? UUID()
    var name: String? = "orders"

    /// 2026-11-23T10:00:00Z; every time in the tests is so many seconds after it.
    static let origin: Int64 = 1_795_428_000_000

    static func time(_ seconds: Double) -> MonitorTime {
        MonitorTime(millisecondsSinceEpoch: origin + Int64((seconds * 1000).rounded()))
    }

    static func timestamp(_ seconds: Double) -> ProgressTimestamp {
        ProgressTimestamp(millisecondsSinceEpoch: time(seconds).millisecondsSinceEpoch)
    }

    /// The same query's next run.
    func nextRun(_ number: UInt8 = 2) -> EventMaker {
        var next = self
        next.runId = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb0 + number))
        return next
    }

    func started(_ seconds: Double) -> StreamingQueryEvent {
        .started(QueryStartedEvent(id: id, runId: runId, name: name, timestamp: Self.timestamp(seconds)))
    }

    func idle(_ seconds: Double) -> StreamingQueryEvent {
        .idle(QueryIdleEvent(id: id, runId: runId, timestamp: Self.timestamp(seconds)))
    }

    func terminated(_ exception: String? = nil, errorClass: String? = nil) -> StreamingQueryEvent {
        .terminated(
            QueryTerminatedEvent(id: id, runId: runId, exception: exception, errorClassOnException: errorClass))
    }

    /// A trigger that ran a batch.
    func batch(
        _ number: Int64, _ seconds: Double, takes: Double = 0.5, rows: Int64 = 100, phases: MetricMap<Int64> = [:],
        sources: [SourceProgress]? = nil, stateOperators: [StateOperatorProgress] = [],
        eventTime: MetricMap<String> = [:]
    ) -> StreamingQueryEvent {
        let milliseconds = Int64((takes * 1000).rounded())
        var durations = phases
        if durations.isEmpty {
            durations["addBatch"] = milliseconds * 8 / 10
            durations["commitOffsets"] = milliseconds / 20
            durations["walCommit"] = milliseconds / 20
        }
        durations["triggerExecution"] = milliseconds
        return progress(
            number, seconds, milliseconds, rows, durations,
            sources ?? [SourceProgress(description: "FileStreamSource[file:/data/in]", numInputRows: rows)],
            stateOperators, eventTime)
    }

    /// A trigger that found nothing, as Spark up to 3.4 reports it.
    func empty(_ number: Int64, _ seconds: Double) -> StreamingQueryEvent {
        progress(
            number, seconds, 2, 0, ["latestOffset": 1, "triggerExecution": 2],
            [SourceProgress(description: "FileStreamSource[file:/data/in]")], [], [:])
    }

    private func progress(
        _ number: Int64, _ seconds: Double, _ milliseconds: Int64, _ rows: Int64, _ durations: MetricMap<Int64>,
        _ sources: [SourceProgress], _ operators: [StateOperatorProgress], _ eventTime: MetricMap<String>
    ) -> StreamingQueryEvent {
        let processed = milliseconds > 0 ? Double(rows) * 1000 / Double(milliseconds) : nil
        return .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: runId, name: name, timestamp: Self.timestamp(seconds), batchId: number,
                    batchDuration: milliseconds, numInputRows: rows, inputRowsPerSecond: Double(rows),
                    processedRowsPerSecond: processed, durationMs: durations, eventTime: eventTime,
                    stateOperators: operators, sources: sources, sink: SinkProgress(description: "MemorySink"))))
    }

    /// A Kafka source that has read up to `end`, of `latest`, in each partition.
    static func kafka(end: [Int64], latest: [Int64], rows: Int64 = 100) -> SourceProgress {
        func offsets(_ values: [Int64]) -> JSONValue {
            .object([
                JSONValue.Member(
                    "orders", .object(values.enumerated().map { JSONValue.Member(String($0), .integer($1)) }))
            ])
        }
        return SourceProgress(
            description: "KafkaV2[Subscribe[orders]]", startOffset: .null, endOffset: offsets(end),
            latestOffset: offsets(latest), numInputRows: rows)
    }
}

extension QueryMonitor {
    /// Takes an event when it can have come, by its own words.
    @discardableResult
    mutating func replay(_ event: StreamingQueryEvent, orAt seconds: Double = 0) -> [QueryTransition] {
        take(event, at: event.ownTime ?? EventMaker.time(seconds))
    }

    /// Runs batches one after another at a fixed interval, each of which takes so long.
    mutating func run(
        _ maker: EventMaker, batches: ClosedRange<Int64>, from start: Double, every interval: Double, takes: Double,
        rows: Int64 = 100
    ) {
        for (index, number) in batches.enumerated() {
            replay(maker.batch(number, start + Double(index) * interval, takes: takes, rows: rows))
        }
    }
}
