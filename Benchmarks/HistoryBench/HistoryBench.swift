import Foundation
import LiveMonitoring
import Monitoring
import MonitoringHistory
import StreamingMetrics

/// What it costs to keep the history of many queries, and to ask for it.
///
///     history-bench live [QUERIES] [SECONDS]     a trigger a second of each query, in real time
///     history-bench bulk [QUERIES] [MINUTES]     a trigger a minute of each, as fast as it goes; then what answers cost
///
/// Events are made beforehand, or while nothing is timed. CPU is the whole process', in the time from the first event to the
/// last transaction.
@main struct HistoryBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.dropFirst().map { Int($0) ?? 0 }
        guard let mode = arguments.first, ["live", "bulk"].contains(mode), numbers.allSatisfy({ $0 > 0 }) else {
            print("usage: history-bench live|bulk [QUERIES] [SECONDS|MINUTES], each above 0")
            exit(2)
        }
        let path = FileManager.default.temporaryDirectory.appending(path: "history-bench-\(UUID()).db").path
        defer {
            for suffix in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }
        if mode == "live" {
            try await live(path, queries: numbers.first ?? 1000, seconds: numbers.dropFirst().first ?? 30)
        } else {
            try await bulk(path, queries: numbers.first ?? 50, minutes: numbers.dropFirst().first ?? 30 * 1440)
        }
    }

    // MARK: Writing

    private static func live(_ path: String, queries: Int, seconds: Int) async throws {
        let ids = (0..<queries).map { _ in UUID() }
        let start = Int64(Date().timeIntervalSince1970)
        let events = try (0..<seconds).map { second in
            try ids.enumerated().map { try event($1, query: $0, at: start + Int64(second), number: second) }
        }
        let history = try HistoryRecorder(path: path)
        let (begun, used, written) = (ContinuousClock.now, cpu(), bytesWritten())
        for (second, batch) in events.enumerated() {
            try await Task.sleep(until: begun + .seconds(second), clock: .continuous)
            for event in batch { history.take(event, at: event.ownTime ?? .systemTime, queryName: nil, changes: []) }
        }
        while history.health.pending > 0 { try await Task.sleep(for: .milliseconds(10)) }
        let spent = cpu() - used
        let health = history.health
        print(
            "live queries=\(queries) seconds=\(seconds) events=\(health.written) lost=\(health.lost) "
                + "core_share_percent=\(figure(spent / Double(seconds) * 100)) "
                + "cpu_us=\(figure(spent / Double(health.written) * 1e6)) "
                + "bytes_an_event=\(health.sizeBytes / Int64(max(1, health.written))) "
                + "written_mb_s=\(figure(Double(bytesWritten() - written) / 1e6 / Double(seconds))) rss_mb=\(rss())")
        await history.stop()
    }

    private static func bulk(_ path: String, queries: Int, minutes: Int) async throws {
        let ids = (0..<queries).map { _ in UUID() }
        let start: Int64 = 1_795_428_000
        let history = try HistoryRecorder(path: path)
        var (spent, wall) = (0.0, Duration.zero)
        for first in stride(from: 0, to: minutes, by: 200) {
            let events = try (first..<min(minutes, first + 200)).flatMap { minute in
                try ids.enumerated().map { try event($1, query: $0, at: start + Int64(minute) * 60, number: minute) }
            }
            let (used, begun) = (cpu(), ContinuousClock.now)
            for (place, event) in events.enumerated() {
                history.take(event, at: event.ownTime ?? .systemTime, queryName: nil, changes: [])
                if place % 500 == 0 { await history.makeRoom() }
            }
            spent += cpu() - used
            wall += begun.duration(to: .now)
        }
        await history.stop()
        let health = history.health
        print(
            "bulk queries=\(queries) minutes=\(minutes) events=\(health.written) lost=\(health.lost) "
                + "events_a_second=\(Int(Double(health.written) / (wall / .seconds(1)))) "
                + "cpu_us=\(figure(spent / Double(health.written) * 1e6)) size_mb=\(health.sizeBytes / 1_000_000) rss_mb=\(rss())"
        )
        try read(path, end: start + Int64(minutes) * 60)
    }

    // MARK: Reading

    private static func read(_ path: String, end: Int64) throws {
        let reader = try HistoryReader(path: path)
        let queries = try reader.queries()
        let now = MonitorTime(millisecondsSinceEpoch: end * 1000)
        func ask(_ name: String, days: Double, _ step: HistoryRange.Step) throws {
            let from = MonitorTime(millisecondsSinceEpoch: end * 1000 - Int64(days * 86_400_000))
            var times: [Double] = []
            var rows = 0
            for query in queries.prefix(20) {
                let begun = ContinuousClock.now
                let range = HistoryRange(from: from, step: step, limit: 100_000)
                rows = try reader.rows(of: query, range, now: now).rows.count
                times.append(begun.duration(to: .now) / .milliseconds(1))
            }
            times.sort()
            print(
                "read \(name) rows=\(rows) median_ms=\(figure(times[times.count / 2])) worst_ms=\(figure(times[times.count - 1]))"
            )
        }
        try ask("week_by_hours", days: 7, .seconds(3600))
        try ask("day_by_minutes", days: 1, .seconds(60))
        try ask("week_by_minutes", days: 7, .seconds(60))
        try ask("day_raw", days: 1, .raw)
    }

    // MARK: Events

    private static func event(_ id: UUID, query: Int, at second: Int64, number: Int) throws -> StreamingQueryEvent {
        let time = ProgressTimestamp(millisecondsSinceEpoch: second * 1000 + Int64(query % 1000))
        let offsets = (0..<8).map { #""\#($0)":\#(10_000_000_000 + number * 100)"# }.joined(separator: ",")
        let latest = (0..<8).map { #""\#($0)":\#(10_000_000_000 + number * 100 + 40)"# }.joined(separator: ",")
        let json =
            #"{"id":"\#(id.uuidString.lowercased())","runId":"\#(id.uuidString.lowercased())","name":"query \#(query)","timestamp":"\#(time)","#
            + #""batchId":\#(number),"batchDuration":\#(400 + number % 50),"numInputRows":800,"inputRowsPerSecond":812.4,"processedRowsPerSecond":2000.5,"#
            + #""durationMs":{"addBatch":300,"commitOffsets":20,"getBatch":1,"latestOffset":5,"queryPlanning":20,"triggerExecution":400,"walCommit":30},"#
            + #""eventTime":{"watermark":"\#(time)"},"stateOperators":[{"operatorName":"stateStoreSave","numRowsTotal":\#(1000 + number),"#
            + #""numRowsUpdated":10,"memoryUsedBytes":\#(90_000 + number * 64),"numRowsDroppedByWatermark":0}],"sources":[{"description":"#
            + #""KafkaV2[Subscribe[orders]]","startOffset":null,"endOffset":{"orders":{\#(offsets)}},"latestOffset":{"orders":{\#(latest)}},"#
            + #""numInputRows":800}],"sink":{"description":"MemorySink"}}"#
        return try StreamingQueryEvent(json: json)
    }

    // MARK: Meters

    private static func cpu() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// What went to the file system, rewritten pages counted each time.
    private static func bytesWritten() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/io", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes: ") }
        return line.flatMap { Int($0.dropFirst("write_bytes: ".count)) } ?? 0
    }

    private static func rss() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }

    private static func figure(_ value: Double) -> String { String(format: "%.3f", value) }
}
