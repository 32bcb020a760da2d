import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// The shipped rules over days of many queries: each incident fires once and resolves once, and nothing else fires.
@Suite struct SimulatedDaysTests {
    /// `STREAMGAUGE_SIMULATED_DAYS=30 STREAMGAUGE_SIMULATED_QUERIES=50` makes the long form of it.
    private static func number(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
    }

    private struct Counts: Hashable, CustomStringConvertible {
        var fired = 0
        var resolved = 0
        var description: String { "\(fired) fired, \(resolved) resolved" }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>) func `each incident fires once and resolves once`(seed: UInt64)
        throws
    {
        let days = Double(Self.number("STREAMGAUGE_SIMULATED_DAYS", 1))
        var queries = (0..<UInt8(clamping: Self.number("STREAMGAUGE_SIMULATED_QUERIES", 4))).map {
            SimulatedQuery(number: $0, days: days, seed: seed)
        }
        var monitoring = MonitorSettings()
        for query in queries { monitoring.triggerIntervals[query.name] = .milliseconds(Int64(query.interval * 1000)) }
        var replay = AlertReplay(
            rules: try ShippedRules.rules(), interval: .seconds(15), monitoring: monitoring, makesNotices: true)
        var counts: [String: Counts] = [:]
        var told: [String: Counts] = [:]
        func note(_ steps: [AlertReplay.Step]) {
            for step in steps {
                for alert in step.changes
                where alert.name != "Watchdog" && alert.state != .pending && alert.firedAt != nil {
                    let key = "\(alert.name) of \(alert.labels["query"] ?? "-")"
                    if alert.state == .firing { counts[key, default: Counts()].fired += 1 }
                    if alert.state == .resolved { counts[key, default: Counts()].resolved += 1 }
                }
                for notification in step.notifications {
                    for alert in notification.alerts
                    where notification.news.contains(alert.fingerprint) && alert.name != "Watchdog" {
                        let key = "\(alert.name) of \(alert.labels["query"] ?? "-")"
                        if alert.state == .firing { told[key, default: Counts()].fired += 1 }
                        if alert.state == .resolved { told[key, default: Counts()].resolved += 1 }
                    }
                }
            }
        }
        for hour in 1...Int(days * 24) + 1 {
            // An incident may begin before the last hour and end after it.
            let moment = hour > Int(days * 24) ? nil : Double(hour) * 3600
            let events = queries.indices.flatMap { queries[$0].takeEvents(before: moment) }.enumerated()
                .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            for (_, event) in events { note(replay.take(event.event, at: event.time)) }
        }
        note(replay.finish())

        var expected: [String: Counts] = [:]
        for query in queries {
            for name in query.incidents.flatMap(\.alerts) {
                expected["\(name) of \(query.name)", default: Counts()].fired += 1
                expected["\(name) of \(query.name)", default: Counts()].resolved += 1
            }
        }
        for key in Set(expected.keys).union(counts.keys).sorted() {
            #expect(counts[key] == expected[key], "seed \(seed): \(key)")
        }
        // What another alert holds back is not told; the rest is, each end of it too.
        for (key, value) in told {
            #expect(value.resolved == value.fired && value.fired <= (expected[key]?.fired ?? 0), "\(key)")
        }
        let loud = expected.filter { !$0.key.hasPrefix("QueryBatchOverTrigger") && !$0.key.hasPrefix("QueryFailed") }
        for (key, value) in loud { #expect(told[key] == value, "seed \(seed): told of \(key)") }
        #expect(!expected.isEmpty)
    }
}
