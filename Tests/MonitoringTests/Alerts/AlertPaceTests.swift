import AlertRuleFiles
import Foundation
import StreamingMetrics
import Testing

@testable import Monitoring

/// A replay that leaves out what cannot change, against one that goes through every moment.
@Suite struct AlertPaceTests {
    private let query = EventMaker()

    /// What is said at one moment.
    private struct Said: Hashable {
        var at: MonitorTime
        var alerts: Set<Alert>
        var transitions: [QueryTransition]
    }

    private struct Outcome: Hashable {
        var said: [Said] = []
        var alerts: [Alert] = []
        var state: AlertEvaluatorState?
    }

    /// Every moment, one after the other.
    private static func walk(
        _ events: [TimedEvent], _ rules: AlertRules, every step: Duration, rest: Duration, _ monitoring: MonitorSettings
    ) -> Outcome {
        var fleet = QueryFleet(settings: monitoring)
        var settings = AlertSettings()
        settings.longestPause = nil
        var evaluator = AlertEvaluator(rules: rules, settings: settings, isReplaying: true)
        var outcome = Outcome()
        var transitions: [QueryTransition] = []
        func judge(_ at: MonitorTime) {
            transitions += fleet.advance(to: at)
            let changes = evaluator.evaluate(evaluator.input(of: fleet, at: at)).changes
            if !changes.isEmpty || !transitions.isEmpty {
                outcome.said.append(Said(at: at, alerts: Set(changes), transitions: transitions))
            }
            transitions = []
        }
        guard var next = events.first?.time, let last = events.last?.time else { return outcome }
        for event in events {
            while next < event.time {
                judge(next)
                next = next + step
            }
            transitions += fleet.take(event.event, at: event.time)
        }
        while next < last + rest {
            judge(next)
            next = next + step
        }
        judge(last + rest)
        (outcome.alerts, outcome.state) = (evaluator.alerts, evaluator.state)
        return outcome
    }

    private static func replay(
        _ events: [TimedEvent], _ rules: AlertRules, every step: Duration = .seconds(1), rest: Duration,
        _ monitoring: MonitorSettings
    ) -> Outcome {
        var replay = AlertReplay(rules: rules, interval: step, monitoring: monitoring)
        var steps = events.flatMap { replay.take($0.event, at: $0.time) }
        steps += replay.finish(after: rest)
        return Outcome(
            said: steps.map { Said(at: $0.at, alerts: Set($0.changes), transitions: $0.transitions) },
            alerts: replay.evaluator.alerts, state: replay.evaluator.state)
    }

    /// As `serve --replay` and `alerts test --replay` have it: nothing is forgotten.
    private static var keeping: MonitorSettings {
        var settings = MonitorSettings()
        settings.endedExpiry = .seconds(Int64.max / 2_000)
        settings.silentExpiry = .seconds(Int64.max / 2_000)
        return settings
    }

    private static func rule(
        _ name: String, _ expression: String, keep: String? = nil, _ change: (inout AlertRule) throws -> Void = { _ in }
    ) throws -> AlertRule {
        var rule = try AlertRule.test(expression, keep: keep)
        rule.name = name
        try change(&rule)
        return rule
    }

    private static let age = "streamgauge_query_last_event_age_seconds"

    /// Rules that change long after the last event, in the ways that are foreseen.
    private static func lateRules() throws -> AlertRules {
        AlertRules(groups: [
            AlertRuleGroup(
                name: "ages",
                rules: [
                    try rule("Between", "\(age) > 20h and \(age) < 21h"),
                    try rule("Late", "\(age) > 30h") { $0.holdFor = .seconds(7200) },
                    try rule("Early", "\(age) < 25h") { $0.keepFiringFor = .seconds(3600) },
                    try rule("Kept", "\(age) < 5h", keep: "\(age) < 33h"),
                    try rule("Calendar", "time() - streamgauge_query_start_time_seconds > 1d"),
                    try rule("Bool", "(\(age) > bool 90000) > 0"),
                    try rule("Gone", "absent(\(age) < 26h)"),
                    try rule("Always", "vector(1)"), try rule("Sum", "sum(\(age)) > 31h"),
                    try rule("Oldest", "max by (query) (-2 * \(age)) < -150000"),
                    try rule("Share", "\(age) / streamgauge_query_start_time_seconds > 0.00006"),
                ]),
            AlertRuleGroup(
                name: "slow", interval: .seconds(420),
                rules: [
                    try rule("SlowLate", "\(age) > 28h"),
                    try rule("Rows", "increase(streamgauge_query_input_rows_total[7m]) > 0"),
                    try rule("Mean", "avg_over_time(streamgauge_query_batch_duration_seconds[13m]) > 0") {
                        ($0.noData, $0.noDataFor) = (.alert, .seconds(50_000))
                    },
                    try rule("Nothing", "streamgauge_forwarder_events_spooled > 0") {
                        ($0.noData, $0.noDataFor) = (.alert, .seconds(110_000))
                    },
                ]),
        ])
    }

    /// Rules of which each makes all moments count.
    private static func oddRules() throws -> [AlertRule] {
        [
            try rule("Equal", "floor(\(age) / 600) == 150"),
            try rule("Window", "max_over_time(\(age)[2h:]) > 90000"),
            try rule("Compared", "max_over_time((\(age) > bool 90000)[2h:]) > 0"),
            try rule("Difference", "streamgauge_query_state_age_seconds - \(age) > 5"),
            try rule("Spread", "max(\(age)) - min(\(age)) > 5"),
            try rule("Inverse", "1 / (\(age) - 90000) > 0.001"), try rule("Far", "abs(\(age) - 90000) < 600"),
            try rule("Value", "\(age) > 35h") {
                $0.labels = [AlertLabel("hours", try AlertTemplate("{{ $value | humanizeDuration }}"))]
            },
        ]
    }

    /// Recorded events with gaps of days in them.
    private static func withGaps(_ file: String) throws -> [TimedEvent] {
        let events = TimedEvent.timed(try RecordedFeed.events(file))
        return events.enumerated().map { index, event in
            let gaps = index * 3 / max(1, events.count)
            return TimedEvent(event: event.event, time: event.time + .seconds([0, 20_001, 141_013][gaps]))
        }
    }

    @Test(arguments: ["restart.jsonl", "fail-udf.jsonl"], [false, true])
    func `recordings with gaps of days say the very same`(file: String, forgets: Bool) throws {
        let events = try Self.withGaps("spark-4.1.1/\(file)")
        let rules = forgets ? try ShippedRules.rules() : try Self.lateRules()
        let monitoring = forgets ? MonitorSettings() : Self.keeping
        let every = Self.walk(events, rules, every: .seconds(120), rest: .seconds(150_000), monitoring)
        let some = Self.replay(events, rules, every: .seconds(120), rest: .seconds(150_000), monitoring)
        let difference = zip(some.said, every.said).first { $0 != $1 }
        #expect(difference?.0 == difference?.1 && some.said.count == every.said.count)
        #expect(some.alerts == every.alerts && some.state == every.state)
        #expect(every.said.count > 5)
    }

    @Test(arguments: ["\(age) < 100000", "\(age) > 0"], [false, true])
    func `values and texts at a change are those of the last look before it`(
        expression: String, forgets: Bool
    ) throws {
        let events = try Self.withGaps("spark-4.1.1/restart.jsonl")
        let rule = try Self.rule("Aged", expression) {
            $0.annotations = [AlertLabel("age", try AlertTemplate("{{ $value }}"))]
        }
        let rules = AlertRules(groups: [AlertRuleGroup(name: "slow", interval: .seconds(3600), rules: [rule])])
        let monitoring = forgets ? MonitorSettings() : Self.keeping
        let every = Self.walk(events, rules, every: .seconds(60), rest: .seconds(300_000), monitoring)
        let some = Self.replay(events, rules, every: .seconds(60), rest: .seconds(300_000), monitoring)
        #expect(some == every)
    }

    @Test func `rules that may change at any moment are judged at each`() throws {
        let events = try Self.withGaps("spark-4.1.1/restart.jsonl")
        for rule in try Self.oddRules() {
            let rules = AlertRules(groups: [AlertRuleGroup(name: "odd", rules: [rule])])
            let every = Self.walk(events, rules, every: .seconds(1200), rest: .seconds(150_000), Self.keeping)
            let some = Self.replay(events, rules, every: .seconds(1200), rest: .seconds(150_000), Self.keeping)
            #expect(some == every, "\(rule.name)")
        }
    }

    @Test(arguments: [true, false]) func `an event of the year 9999 does not take longer than a day without one`(
        keeps: Bool
    )
        throws
    {
        // What is forgotten without an end is alarmed for a month by some of the shipped rules.
        var replay = AlertReplay(
            rules: keeps ? try ShippedRules.rules() : try Self.lateRules(), interval: .seconds(keeps ? 20 : 120),
            monitoring: keeps ? Self.keeping : MonitorSettings())
        var events = [query.started(0)]
        for number in 0..<30 as Range<Int64> { events.append(query.batch(number, 1 + Double(number) * 10, takes: 2)) }
        let year9999 = 251_607_000_000.0
        events += [query.batch(30, year9999), query.idle(year9999 + 60)]
        var said: [String] = []
        for event in TimedEvent.timed(events) {
            for step in replay.take(event.event, at: event.time) {
                said += step.changes.filter { $0.name == (keeps ? "QueryStalled" : "Early") }.map(\.state.rawValue)
            }
        }
        #expect(said.suffix(2) == ["firing", "resolved"])
    }

    @Test func `the metrics that grow by themselves are those that are known to`() throws {
        var monitor = QueryMonitor(id: query.id)
        monitor.replay(query.started(0))
        for number in 0..<6 as Range<Int64> {
            monitor.replay(
                query.batch(
                    number, Double(number) * 10, sources: [EventMaker.kafka(end: [number], latest: [number * 2])],
                    stateOperators: [StateOperatorProgress(operatorName: "save")],
                    eventTime: ["watermark": "\(EventMaker.timestamp(-600))"]))
        }
        func samples(at seconds: Double) -> [String: [MetricSample]] {
            let snapshot = monitor.snapshot(at: EventMaker.time(seconds))
            return Dictionary(
                uniqueKeysWithValues: MetricCatalog.families.map {
                    ($0.name, MetricCatalog.samples(of: $0.name, snapshot))
                })
        }
        let (before, after) = (samples(at: 60), samples(at: 100_000))
        let changed = Set(before.keys.filter { before[$0] != after[$0] })
        #expect(changed == TimeDependence.ages.subtracting(["streamgauge_feed_last_event_age_seconds"]))
    }
}
