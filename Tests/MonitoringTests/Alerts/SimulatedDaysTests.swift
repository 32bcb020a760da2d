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

        /// Alerts that did not fire or resolve exactly once when they had to.
        func mistimed(_ query: SimulatedQuery) -> [String] {
            query.happenings.flatMap { happening in
                happening.alerts.compactMap { alert in
                    let key = "\(alert.name) of \(query.name)"
                    let firing = (fired[key] ?? []).count(where: alert.fires.contains)
                    let resolving = (resolved[key] ?? []).count(where: alert.resolves.contains)
                    return firing == 1 && resolving == 1
                        ? nil
                        : "\(key), \(happening.incident) at \(happening.begin): \(firing) fired in time, \(resolving) resolved in time"
                }
            }
        }

        /// Alerts that fired when nothing had to, each with what had happened last.
        func unexplained(_ query: SimulatedQuery) -> [String] {
            fired.filter { $0.key.hasSuffix(" of \(query.name)") }.flatMap { key, times in
                times.filter { time in
                    !query.happenings.contains { happening in
                        happening.alerts.contains { key.hasPrefix("\($0.name) ") && $0.fires.contains(time) }
                    }
                }.map { time in
                    let last = query.happenings.last { $0.begin <= time }
                    return "\(key) at \(time) after \(last.map { "\($0.incident) at \($0.begin)" } ?? "nothing")"
                }
            }.sorted()
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
        for query in queries where query.isIntervalGiven {
            monitoring.triggerIntervals[query.name] = .milliseconds(Int64(query.interval * 1000))
        }
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
            for alert in query.happenings.flatMap(\.alerts) {
                expected["\(alert.name) of \(query.name)", default: Counts()].fired += 1
                expected["\(alert.name) of \(query.name)", default: Counts()].resolved += 1
            }
        }
        for key in Set(expected.keys).union(counts.keys).sorted() {
            #expect(counts[key] == expected[key], "seed \(seed): \(key)")
        }
        let mistimed = queries.flatMap(times.mistimed)
        #expect(mistimed == [], "seed \(seed)")
        #expect(queries.flatMap(times.unexplained) == [], "seed \(seed)")
        // What another alert holds back is not told; the rest is, each end of it too.
        for (key, value) in told {
            #expect(value.resolved == value.fired && value.fired <= (expected[key]?.fired ?? 0), "\(key)")
        }
        let quiet = ["QueryBatchOverTrigger", "QueryFailed", "QueryNoProgress"]
        let loud = expected.filter { pair in !quiet.contains { pair.key.hasPrefix($0) } }
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
