import Monitoring

/// Rules judged second by second on values that a test gives.
struct AlertBench {
    var evaluator: AlertEvaluator
    private(set) var notifications: [AlertNotification] = []
    private(set) var changes: [Alert] = []
    private(set) var at: MonitorTime

    init(
        _ rules: [AlertRule], inhibitions: [AlertInhibition] = [], silences: [AlertSilence] = [],
        grouping: AlertGrouping = AlertGrouping(), settings: AlertSettings = AlertSettings(), at seconds: Double = 0,
        restoring state: AlertEvaluatorState? = nil, isReplaying: Bool = false
    ) {
        at = EventMaker.time(seconds)
        let rules = AlertRules(
            groups: [AlertRuleGroup(name: "test", rules: rules)], inhibitions: inhibitions, silences: silences,
            grouping: grouping)
        evaluator = AlertEvaluator(rules: rules, settings: settings, restoring: state, isReplaying: isReplaying)
    }

    /// One evaluation, so many seconds after the origin.
    @discardableResult
    mutating func step(at seconds: Double, _ samples: [AlertSample], feeds: [FeedStatus] = []) -> AlertStep {
        at = EventMaker.time(seconds)
        let step = evaluator.evaluate(AlertInput(at: at, feeds: feeds, series: samples))
        notifications += step.notifications
        changes += step.changes
        return step
    }

    /// An evaluation each second of a stretch with the same values.
    mutating func run(_ seconds: ClosedRange<Int>, _ samples: [AlertSample]) {
        for second in seconds { step(at: Double(second), samples) }
    }

    /// Alerts in a state.
    func alerts(_ state: Alert.State) -> [Alert] { evaluator.alerts.filter { $0.state == state } }

    /// The state of the only alert; nil where there is none.
    var state: Alert.State? { evaluator.alerts.first?.state }
}

/// Series that tests judge rules by.
enum Series {
    /// Seconds of lag of a query.
    static func lag(_ value: Double, query: String = "a") -> AlertSample {
        AlertSample("streamgauge_query_lag_seconds", labels(query), value)
    }

    static func rows(_ value: Double, query: String = "a") -> AlertSample {
        AlertSample("streamgauge_query_input_rows_total", labels(query), value)
    }

    static func duration(_ value: Double, query: String = "a") -> AlertSample {
        AlertSample("streamgauge_query_batch_duration_seconds", labels(query), value)
    }

    static func source(_ value: Double, query: String = "a", source: String) -> AlertSample {
        AlertSample("streamgauge_source_lag_records", labels(query) + [MetricLabel("source", source)], value)
    }

    static func state(_ state: String, _ value: Double, query: String = "a") -> AlertSample {
        AlertSample("streamgauge_query_state", labels(query) + [MetricLabel("state", state)], value)
    }

    private static func labels(_ query: String) -> [MetricLabel] {
        [MetricLabel("query", query), MetricLabel("id", "id-\(query)")]
    }
}

extension AlertRule {
    /// A rule of this expression with the name Test.
    static func test(_ expression: String, keep: String? = nil) throws -> AlertRule {
        AlertRule(
            name: "Test", expression: try AlertExpression(expression),
            keepExpression: try keep.map { try AlertExpression($0) })
    }
}
