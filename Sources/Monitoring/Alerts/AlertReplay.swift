public import StreamingMetrics

/// Puts recorded events through monitors and rules, as if they came now.
///
/// ```swift
/// var replay = AlertReplay(rules: rules)
/// for (event, time) in events { for step in replay.take(event, at: time) { print(step.changes) } }
/// for step in replay.finish(after: .seconds(600)) { print(step.changes) }
/// ```
///
/// Rules are judged at even intervals from the first event on, and at its end; no clock is asked. Where nothing can change, as in a gap of
/// years, moments are left out (``AlertPace``): what is said is the same.
public struct AlertReplay: Sendable {
    /// What one moment brought.
    public struct Step: Sendable {
        /// The moment.
        public var at: MonitorTime
        /// What changed.
        public var changes: [Alert]
        /// What the channels would be told; empty unless notices were asked for.
        public var notifications: [AlertNotification]
        /// How queries went from state to state since the moment before.
        public var transitions: [QueryTransition]
    }

    /// The queries.
    public private(set) var fleet: QueryFleet
    /// The rules and their alerts.
    public private(set) var evaluator: AlertEvaluator
    private var pace: AlertPace
    private var transitions: [QueryTransition] = []
    private var last: MonitorTime?

    /// A replay of nothing yet.
    ///
    /// - Parameters:
    ///   - rules: The rules.
    ///   - interval: How often they are judged; at least a millisecond.
    ///   - monitoring: What the queries' monitors take for normal.
    ///   - makesNotices: Whether to say what the channels would be told.
    public init(
        rules: AlertRules, interval: Duration = .seconds(1), monitoring: MonitorSettings = MonitorSettings(),
        makesNotices: Bool = false
    ) {
        fleet = QueryFleet(settings: monitoring)
        var settings = AlertSettings()
        settings.longestPause = nil
        evaluator = AlertEvaluator(rules: rules, settings: settings, isReplaying: !makesNotices)
        pace = AlertPace(interval: interval)
    }

    /// Takes an event, after judging the rules at all moments before it.
    ///
    /// - Parameters:
    ///   - onLook: Gets the rules after each moment at which they were judged: there may be many before an event.
    /// - Returns: The moments at which something changed.
    public mutating func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String? = nil,
        onLook: (AlertEvaluator) -> Void = { _ in }
    ) -> [Step] {
        let time = max(last ?? time, time)
        last = time
        let steps = advance(before: time, onLook)
        transitions += fleet.take(event, at: time, queryName: queryName)
        return steps
    }

    /// Judges the rules up to the last event, and for a while after it.
    ///
    /// - Parameter onLook: Gets the rules after each moment at which they were judged, and the end.
    /// - Returns: The moments at which something changed.
    public mutating func finish(
        after rest: Duration = .zero, onLook: (AlertEvaluator, MonitorTime) -> Void = { _, _ in }
    ) -> [Step] {
        guard let last else { return [] }
        let end = last + rest
        return advance(before: end) { onLook($0, end) } + [judge(at: end)].filter(\.isNews)
    }

    private mutating func advance(before time: MonitorTime, _ onLook: (AlertEvaluator) -> Void) -> [Step] {
        var steps: [Step] = []
        while let at = pace.next(before: time) {
            let step = judge(at: at)
            if step.isNews { steps.append(step) }
            pace.leaveOut(after: at, before: time, fleet, &evaluator)
            onLook(evaluator)
        }
        return steps
    }

    private mutating func judge(at time: MonitorTime) -> Step {
        transitions += fleet.advance(to: time)
        defer { transitions = [] }
        let step = evaluator.evaluate(evaluator.input(of: fleet, at: time))
        return Step(at: time, changes: step.changes, notifications: step.notifications, transitions: transitions)
    }
}

extension AlertReplay.Step {
    fileprivate var isNews: Bool { !changes.isEmpty || !notifications.isEmpty || !transitions.isEmpty }
}
