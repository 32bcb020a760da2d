import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// The shipped rules over days of many queries: each incident fires once and resolves once, and nothing else fires.
@Suite struct SimulatedDaysTests {
    /// `scripts/simulated-days` makes the long form of it by `STREAMGAUGE_SIMULATED_DAYS`, `…_QUERIES` and `…_SEED`.
    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment["STREAMGAUGE_SIMULATED_\(name)"].flatMap { Int($0) }
    }

    private static var seeds: [UInt64] {
        if let seed = number("SEED") { [UInt64(clamping: seed)] } else { [1, 2] }
    }

    private struct Counts: Hashable, CustomStringConvertible {
        var fired = 0
        var resolved = 0
        var description: String { "\(fired) fired, \(resolved) resolved" }
    }

    /// When alerts fired and resolved, in seconds after the beginning, by their names and queries.
    private struct Times {
        private(set) var fired: [String: [Double]] = [:]
        private(set) var resolved: [String: [Double]] = [:]

        mutating func note(_ key: String, _ alert: Alert, at time: MonitorTime) {
            let seconds = time.seconds(since: EventMaker.time(0))
            if alert.state == .firing { fired[key, default: []].append(seconds) }
            if alert.state == .resolved { resolved[key, default: []].append(seconds) }
        }

        /// Incidents that did not fire while they lasted, or not resolve within an hour and a half, before which nothing else happens.
        func mistimed(_ query: SimulatedQuery) -> [String] {
            query.happenings.flatMap { happening in
                happening.incident.alerts.compactMap { name in
                    let key = "\(name) of \(query.name)"
                    // Rules are judged every 15 s here, and may see an end a minute later.
                    let during = (fired[key] ?? []).count { $0 >= happening.begin && $0 <= happening.end + 75 }
                    let after = (resolved[key] ?? []).count { $0 > happening.begin && $0 <= happening.end + 5400 }
                    return during == 1 && after == 1
                        ? nil : "\(key) at \(happening.begin): \(during) fired in time, \(after) resolved in time"
                }
            }
        }
    }

    @Test(arguments: Self.seeds) func `each incident fires once and resolves once`(seed: UInt64)
        throws
    {
        let days = Double(Self.number("DAYS") ?? 1)
        var queries = (0..<UInt8(clamping: Self.number("QUERIES") ?? 4)).map {
            SimulatedQuery(number: $0, days: days, seed: seed)
        }
        var monitoring = MonitorSettings()
        for query in queries { monitoring.triggerIntervals[query.name] = .milliseconds(Int64(query.interval * 1000)) }
        var replay = AlertReplay(
            rules: try ShippedRules.rules(), interval: .seconds(15), monitoring: monitoring, makesNotices: true)
        var counts: [String: Counts] = [:]
        var times = Times()
        var told: [String: Counts] = [:]
        var eventCount = 0
        func note(_ steps: [AlertReplay.Step]) {
            for step in steps {
                for alert in step.changes
                where alert.name != "Watchdog" && alert.state != .pending && alert.firedAt != nil {
                    let key = "\(alert.name) of \(alert.labels["query"] ?? "-")"
                    times.note(key, alert, at: step.at)
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
            eventCount += events.count
            for (_, event) in events { note(replay.take(event.event, at: event.time)) }
        }
        note(replay.finish())

        var expected: [String: Counts] = [:]
        for query in queries {
            for name in query.happenings.flatMap(\.incident.alerts) {
                expected["\(name) of \(query.name)", default: Counts()].fired += 1
                expected["\(name) of \(query.name)", default: Counts()].resolved += 1
            }
        }
        for key in Set(expected.keys).union(counts.keys).sorted() {
            #expect(counts[key] == expected[key], "seed \(seed): \(key)")
        }
        let mistimed = queries.flatMap(times.mistimed)
        #expect(mistimed == [], "seed \(seed)")
        // What another alert holds back is not told; the rest is, each end of it too.
        for (key, value) in told {
            #expect(value.resolved == value.fired && value.fired <= (expected[key]?.fired ?? 0), "\(key)")
        }
        let loud = expected.filter { !$0.key.hasPrefix("QueryBatchOverTrigger") && !$0.key.hasPrefix("QueryFailed") }
        for (key, value) in loud { #expect(told[key] == value, "seed \(seed): told of \(key)") }
        #expect(!expected.isEmpty)
        guard Self.number("DAYS") != nil else { return }
        let every = Set(expected.keys).union(counts.keys)
        let (surplus, missing) = every.reduce(into: (0, 0)) { sums, key in
            let difference = (counts[key]?.fired ?? 0) - (expected[key]?.fired ?? 0)
            if difference > 0 { sums.0 += difference } else { sums.1 -= difference }
        }
        print(
            """
            seed \(seed): \(Int(days)) days of \(queries.count) queries, \(eventCount) events, \
            \(queries.map(\.happenings.count).reduce(0, +)) incidents; \
            \(expected.values.map(\.fired).reduce(0, +)) alerts expected, \(counts.values.map(\.fired).reduce(0, +)) fired, \
            \(counts.values.map(\.resolved).reduce(0, +)) resolved, \(surplus) false, \(missing) missing, \
            \(mistimed.count) at another time
            """)
    }
}
