import Foundation
import Monitoring
import StreamingMetrics

/// What it costs to follow many queries.
///
///     monitoring-bench [QUERIES] [SECONDS] [PARTITIONS]
///     monitoring-bench page                              prints a page of metrics, for promtool check metrics
///
/// Each query gives a progress a second, of a Kafka source with that many partitions and a stateful operator. The events are decoded
/// beforehand; what is timed is `QueryFleet.take`, `advance` once a second, and a page of metrics at the end.
@main struct MonitoringBench {
    static func main() throws {
        let isPage = CommandLine.arguments.dropFirst().first == "page"
        let arguments = isPage ? [3, 30, 2] : CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
        let queries = arguments.count > 0 ? arguments[0] : 1000
        let seconds = arguments.count > 1 ? arguments[1] : 300
        let partitions = arguments.count > 2 ? arguments[2] : 8
        guard queries > 0, seconds > 0, partitions > 0 else {
            print("usage: monitoring-bench [QUERIES] [SECONDS] [PARTITIONS], each above 0")
            exit(2)
        }
        let ids = (0..<queries).map { _ in UUID() }
        var fleet = QueryFleet()
        var taking = 0.0
        var advancing = 0.0
        var changes = 0
        for second in 0..<seconds {
            let events = try ids.enumerated().map { try event($1, query: $0, second: second, partitions: partitions) }
            let time = MonitorTime(millisecondsSinceEpoch: origin + Int64(second) * 1000 + 400)
            let start = cpu()
            for event in events { changes += fleet.take(event, at: time).count }
            let taken = cpu()
            changes += fleet.advance(to: time).count
            taking += taken - start
            advancing += cpu() - taken
        }
        let now = MonitorTime(millisecondsSinceEpoch: origin + Int64(seconds) * 1000)
        var page: [UInt8] = []
        var best = Double.infinity
        for _ in 0..<5 {
            let start = cpu()
            page = PrometheusExposition.bytes(of: fleet, at: now)
            best = min(best, cpu() - start)
        }
        if isPage { return print(String(decoding: page, as: UTF8.self), terminator: "") }
        let total = Double(queries * seconds)
        let share = (taking + advancing) / Double(seconds)
        print(
            "queries=\(queries) seconds=\(seconds) partitions=\(partitions) take_us=\(figure(taking / total * 1e6)) "
                + "advance_us=\(figure(advancing / Double(seconds) * 1e6)) core_share_percent=\(figure(share * 100)) "
                + "page_ms=\(figure(best * 1000)) page_kb=\(page.count / 1000) changes=\(changes) rss_mb=\(rss())")
    }

    private static let origin: Int64 = 1_795_428_000_000

    private static func event(
        _ id: UUID, query: Int, second: Int, partitions: Int
    ) throws -> StreamingQueryEvent {
        func offsets(_ number: Int) -> String {
            let members = (0..<partitions).map { #""\#($0)":\#(10_000_000_000 + number * 100 + $0)"# }
            return #"{"orders":{\#(members.joined(separator: ","))}}"#
        }
        let time = ProgressTimestamp(millisecondsSinceEpoch: origin + Int64(second) * 1000)
        let source =
            #"{"description":"KafkaV2[Subscribe[orders]]","startOffset":\#(offsets(second)),"endOffset":\#(offsets(second + 1)),"#
            + #""latestOffset":\#(offsets(second + 3)),"numInputRows":800,"inputRowsPerSecond":800.0,"processedRowsPerSecond":2000.0}"#
        let state =
            #"{"operatorName":"stateStoreSave","numRowsTotal":\#(1000 + second),"numRowsUpdated":10,"memoryUsedBytes":\#(90_000 + second * 64),"#
            + #""numRowsDroppedByWatermark":0,"numShufflePartitions":8,"customMetrics":{"loadedMapCacheHitCount":8}}"#
        let json =
            #"{"id":"\#(id.uuidString.lowercased())","runId":"\#(id.uuidString.lowercased())","name":"query \#(query)","timestamp":"\#(time)","#
            + #""batchId":\#(second),"batchDuration":400,"numInputRows":800,"inputRowsPerSecond":800.0,"processedRowsPerSecond":2000.0,"#
            + #""durationMs":{"addBatch":300,"commitOffsets":20,"getBatch":1,"latestOffset":5,"queryPlanning":20,"triggerExecution":400,"walCommit":30},"#
            + #""eventTime":{"watermark":"\#(time)"},"stateOperators":[\#(state)],"sources":[\#(source)],"sink":{"description":"MemorySink","numOutputRows":8}}"#
        return try StreamingQueryEvent(json: json)
    }

    private static func cpu() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func rss() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }

    private static func figure(_ value: Double) -> String { String(format: "%.3f", value) }
}
