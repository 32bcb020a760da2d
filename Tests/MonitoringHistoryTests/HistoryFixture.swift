import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization

@testable import MonitoringHistory

/// A file of its own for a history, gone with the value.
final class HistoryFile: Sendable {
    let path: String

    init() {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "streamgauge-history-\(UUID().uuidString).db").path
    }

    deinit {
        for suffix in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}

/// A clock that is set by hand.
final class HandClock: Sendable {
    private let time: Mutex<MonitorTime>
    init(_ time: MonitorTime) { self.time = Mutex(time) }
    var now: MonitorTime {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

/// A recorder whose steps are taken by hand, with all of its times.
struct SteppedHistory {
    let clock: HandClock
    let uptime = HandClock(MonitorTime(millisecondsSinceEpoch: 0))
    let faults = Faults()
    let recorder: HistoryRecorder

    final class Faults: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    init(
        _ file: HistoryFile, at time: MonitorTime = Batches.time(days: 400), _ limits: HistoryLimits = HistoryLimits()
    ) throws {
        let clock = HandClock(time)
        self.clock = clock
        recorder = try HistoryRecorder(
            stepping: file.path, limits: limits, clock: { clock.now },
            uptime: { [uptime] in .milliseconds(uptime.now.millisecondsSinceEpoch) },
            onFault: { [faults] in faults.add($0) })
    }

    /// Takes events at their own times, and writes them.
    func write(_ events: [StreamingQueryEvent]) {
        for event in events { recorder.take(event, at: event.ownTime ?? Batches.time(), queryName: nil, changes: []) }
        recorder.step()
    }

    /// Everything that can be asked, as text.
    func content(now: MonitorTime? = nil) throws -> String { try recorder.reader.content(now: now ?? clock.now) }
}

extension HistoryReader {
    /// Every row of every query in each resolution, as text.
    func content(now: MonitorTime) throws -> String {
        var text = ""
        for query in try queries() {
            text += "\(query.id) \(query.name ?? "-") \(query.runs) \(query.firstAt?.millisecondsSinceEpoch ?? -1) "
            text += "\(query.lastAt?.millisecondsSinceEpoch ?? -1) \(query.hasEnded) \(query.failure ?? "-")\n"
            for step in [HistoryRange.Step.raw, .seconds(60), .seconds(3600)] {
                for row in try rows(of: query, HistoryRange(step: step, limit: .max), now: now).rows {
                    text += "\(step) \(row.time.millisecondsSinceEpoch) \(row.runId?.uuidString ?? "-") "
                    text += "\(row.batchId ?? -1) \(row.figures.triggers) \(row.figures.batches)"
                    for measure in HistoryMeasure.allCases {
                        let values = [
                            row.figures.sum(measure), row.figures.least(measure), row.figures.greatest(measure),
                        ]
                        text += " \(row.figures.count(measure)):" + values.map { "\($0 ?? -1)" }.joined(separator: ",")
                    }
                    text += " \(row.phaseSeconds.sorted { $0.key < $1.key })\n"
                }
            }
        }
        return text
    }
}

/// Makes the events of one query's run.
struct Batches: Sendable {
    static let origin: Int64 = 1_700_006_400_000
    var id: UUID
    var runId: UUID
    var name: String?
    /// Milliseconds between two triggers.
    var interval: Int64

    init(_ number: UInt8 = 1, run: UInt8 = 1, name: String? = "orders", interval: Int64 = 10_000) {
        id = UUID(uuid: (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number))
        runId = UUID(uuid: (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, run, number))
        self.name = name
        self.interval = interval
    }

    static func time(days: Int64 = 0, hours: Int64 = 0, seconds: Int64 = 0) -> MonitorTime {
        MonitorTime(millisecondsSinceEpoch: origin + ((days * 24 + hours) * 3600 + seconds) * 1000)
    }

    /// The batch of a number; its time follows from it.
    func batch(_ number: Int64, rows: Int64 = 100, at time: MonitorTime? = nil) -> StreamingQueryEvent {
        let time = time?.millisecondsSinceEpoch ?? Self.origin + number * interval
        return .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: runId, name: name, timestamp: ProgressTimestamp(millisecondsSinceEpoch: time),
                    batchId: number, batchDuration: 500 + number % 7, numInputRows: rows,
                    inputRowsPerSecond: Double(rows) / 3, processedRowsPerSecond: Double(rows) / 7,
                    durationMs: rows > 0
                        ? ["addBatch": 400 + number % 5, "walCommit": 20, "triggerExecution": 500 + number % 7]
                        : ["latestOffset": 3, "triggerExecution": 5],
                    eventTime: ["watermark": "\(ProgressTimestamp(millisecondsSinceEpoch: time - 4_000))"],
                    stateOperators: [
                        StateOperatorProgress(
                            operatorName: "stateStoreSave", numRowsTotal: 1000 + number, memoryUsedBytes: 4096 * number,
                            numRowsDroppedByWatermark: number % 3)
                    ],
                    sources: [SourceProgress(description: "FileStreamSource[file:/data/in]", numInputRows: rows)],
                    sink: SinkProgress(description: "MemorySink"))))
    }

    func batches(_ numbers: Range<Int64>) -> [StreamingQueryEvent] { numbers.map { batch($0) } }

    var started: StreamingQueryEvent {
        .started(
            QueryStartedEvent(
                id: id, runId: runId, name: name,
                timestamp: ProgressTimestamp(millisecondsSinceEpoch: Self.origin - 1000)))
    }

    func terminated(_ exception: String? = nil) -> StreamingQueryEvent {
        .terminated(QueryTerminatedEvent(id: id, runId: runId, exception: exception))
    }
}

/// Numbers that look random and are the same each time.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var word = state
        word ^= word >> 31
        return word &* 0x9E37_79B9_7F4A_7C15
    }
}
