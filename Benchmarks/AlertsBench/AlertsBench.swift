import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics

/// What it costs to judge the shipped rules on many queries once a second.
///
///     alerts-bench [QUERIES] [SECONDS] [FIRING] [PARTITIONS]
///
/// Each query gives a progress a second; so many of them are over their trigger interval all the time and so have alerts. With PARTITIONS
/// each reads a topic of so many, and a rule more is about single ones. What is timed is `AlertEvaluator.evaluate`, and beside it the making
/// of its input: snapshots, and partitions where a rule asks for them. The first half is to fill the windows.
@main struct AlertsBench {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
        let queries = arguments.count > 0 ? arguments[0] : 1000
        let seconds = arguments.count > 1 ? arguments[1] : 1200
        let firing = arguments.count > 2 ? arguments[2] : 0
        let partitions = arguments.count > 3 ? arguments[3] : 0
        guard queries > 0, seconds > 1, firing >= 0, partitions >= 0 else {
            print("usage: alerts-bench [QUERIES] [SECONDS] [FIRING] [PARTITIONS]")
            exit(2)
        }
        let ids = (0..<queries).map { _ in UUID() }
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(1)
        settings.historyPoints = 0
        var fleet = QueryFleet(settings: settings)
        let before = rss()
        var evaluator = AlertEvaluator(rules: try rules(partitions: partitions))
        var (viewing, judging, longest) = (0.0, 0.0, 0.0)
        var (notices, changes) = (0, 0)
        for second in 0..<seconds {
            let now = MonitorTime(millisecondsSinceEpoch: origin + Int64(second) * 1000 + 400)
            for (number, id) in ids.enumerated() {
                let event = event(id, number, second, isSlow: number < firing, partitions: max(1, partitions))
                fleet.take(event, at: now)
            }
            fleet.advance(to: now)
            let start = cpu()
            var input = evaluator.input(of: fleet, at: now)
            input.feeds = [FeedStatus(name: "topic", lastEventAgeSeconds: 0)]
            let viewed = cpu()
            let step = evaluator.evaluate(input)
            let judged = cpu()
            notices += step.notifications.count
            changes += step.changes.count
            guard second >= seconds / 2 else { continue }
            viewing += viewed - start
            judging += judged - viewed
            longest = max(longest, judged - viewed)
        }
        let count = Double(seconds - seconds / 2)
        print(
            "queries=\(queries) rules=\(evaluator.ruleStatuses.count) evaluate_ms=\(figure(judging / count * 1000)) "
                + "longest_ms=\(figure(longest * 1000)) input_ms=\(figure(viewing / count * 1000)) "
                + "core_share_percent=\(figure(judging / count * 100)) alerts=\(evaluator.alerts.count) changes=\(changes) "
                + "notices=\(notices) series=\(evaluator.knownSeries) rss_mb=\(rss()) rss_before_mb=\(before)")
    }

    private static let origin: Int64 = 1_795_428_000_000

    /// The shipped ones, and where partitions are asked for one about those.
    private static func rules(partitions: Int) throws -> AlertRules {
        var rules = try ShippedRules.rules()
        guard partitions > 0 else { return rules }
        let expression = try AlertExpression("streamgauge_source_partition_lag_records > 1000000")
        let rule = AlertRule(name: "PartitionBehind", expression: expression)
        rules.groups.append(AlertRuleGroup(name: "partitions", rules: [rule]))
        return rules
    }

    private static func event(
        _ id: UUID, _ number: Int, _ second: Int, isSlow: Bool, partitions: Int
    ) -> StreamingQueryEvent {
        let takes: Int64 = isSlow ? 1900 : 400
        let timestamp = ProgressTimestamp(millisecondsSinceEpoch: origin + Int64(second) * 1000)
        let state = StateOperatorProgress(
            operatorName: "stateStoreSave", numRowsTotal: 1000 + Int64(second % 7), memoryUsedBytes: 90_000,
            numRowsDroppedByWatermark: 0)
        func offsets(_ value: Int) -> JSONValue {
            let values = (0..<partitions).map { JSONValue.Member("\($0)", .integer(Int64(value + $0))) }
            return .object([JSONValue.Member("orders", .object(values))])
        }
        let source = SourceProgress(
            description: "KafkaV2[Subscribe[orders]]", startOffset: offsets(second * 100),
            endOffset: offsets(second * 100 + 100), latestOffset: offsets(second * 100 + 150), numInputRows: 800)
        return .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: id, name: "query \(number)", timestamp: timestamp, batchId: Int64(second),
                    batchDuration: takes, numInputRows: 800, inputRowsPerSecond: 800, processedRowsPerSecond: 2000,
                    durationMs: [
                        "addBatch": takes - 100, "commitOffsets": 20, "getBatch": 1, "queryPlanning": 20,
                        "triggerExecution": takes, "walCommit": 30,
                    ], eventTime: ["watermark": "\(timestamp)"], stateOperators: [state], sources: [source],
                    sink: SinkProgress(description: "MemorySink"))))
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
