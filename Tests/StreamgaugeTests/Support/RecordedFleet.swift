import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics

/// A few queries as a recording has them: one behind, one that keeps up, one failed, and one whose name is an attack.
enum RecordedFleet {
    /// Begins with an operating system command and a clear screen, turns the line's direction, and breaks it.
    static let hostileName = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}evil\n日本"

    static func id(_ number: UInt8) -> UUID {
        UUID(uuid: (0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xA0, number))
    }

    /// 2026-11-23T10:00:00Z and so many seconds.
    static func time(_ seconds: Int64) -> ProgressTimestamp {
        ProgressTimestamp(millisecondsSinceEpoch: 1_795_428_000_000 + seconds * 1000)
    }

    static func started(_ number: UInt8, _ name: String?) -> StreamingQueryEvent {
        .started(QueryStartedEvent(id: id(number), runId: id(number &+ 100), name: name, timestamp: time(0)))
    }

    /// A batch of a Kafka source with two partitions; the second is behind by what is given.
    static func batch(
        _ number: UInt8, _ name: String?, _ batch: Int64, duration: Int64, rows: Int64 = 1000, behind: Int64 = 0
    ) -> StreamingQueryEvent {
        func offsets(_ more: Int64) -> JSONValue {
            ["clicks": ["0": .integer(batch * 500), "1": .integer(batch * 500 + more)]]
        }
        return .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id(number), runId: id(number &+ 100), name: name, timestamp: time(batch), batchId: batch,
                    batchDuration: duration, numInputRows: rows, inputRowsPerSecond: Double(rows),
                    processedRowsPerSecond: Double(rows) * 1000 / Double(duration),
                    durationMs: [
                        "addBatch": duration * 3 / 4, "walCommit": duration / 8, "triggerExecution": duration,
                    ],
                    sources: [
                        SourceProgress(
                            description: "KafkaV2[Subscribe[clicks]]", endOffset: offsets(0),
                            latestOffset: offsets(behind),
                            numInputRows: rows)
                    ], sink: SinkProgress(description: "MemorySink"))))
    }

    static var events: [StreamingQueryEvent] {
        let names: [UInt8: String] = [1: "keeps-up", 2: "falls-behind", 3: "has-failed", 4: hostileName]
        var events = names.keys.sorted().map { started($0, names[$0]) }
        for number in 1...Int64(40) {
            events.append(batch(1, names[1], number, duration: 400))
            events.append(batch(2, names[2], number, duration: 990, behind: number * 7000))
            if number <= 5 { events.append(batch(3, names[3], number, duration: 300)) }
            events.append(batch(4, names[4], number, duration: 200, rows: 10))
        }
        events.append(
            .terminated(
                QueryTerminatedEvent(
                    id: id(3), runId: id(103), exception: "java.lang.ArithmeticException: divided\n\tat x",
                    errorClassOnException: "DIVIDE_BY_ZERO")))
        return events
    }

    /// A hub that has taken them.
    static func hub(_ events: [StreamingQueryEvent] = events) -> MonitoringHub {
        let hub = MonitoringHub(settings: .replay)
        var time = MonitorTime(millisecondsSinceEpoch: 0)
        for event in events {
            time = max(time, event.ownTime ?? time)
            hub.take(event, at: time)
        }
        return hub
    }

    /// One event a line.
    static func write(_ name: String, in folder: TemporaryFolder, _ events: [StreamingQueryEvent] = events) throws
        -> String
    {
        try folder.write(name, events.map { $0.json + "\n" }.joined())
        return folder.path(name)
    }
}
