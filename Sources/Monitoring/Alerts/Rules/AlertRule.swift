/// What makes an alert, as a rules file says it.
public struct AlertRule: Sendable, Hashable {
    /// What happens to an alert whose series are gone.
    public enum NoDataPolicy: String, Sendable, Hashable, Codable, CaseIterable {
        /// It resolves, as in Prometheus: where nothing is known nothing is wrong.
        case resolve
        /// It stays what it is for ``AlertRule/noDataFor``, and resolves then.
        case keep
        /// It stays what it is, and where nothing at all is known to the rule for ``AlertRule/noDataFor`` an alert of its own with
        /// the label `no_data="true"` fires.
        case alert
    }

    /// The alert's name.
    public var name: String
    /// For which series there is an alert.
    public var expression: AlertExpression
    /// While an alert fires, it goes on as long as this holds for it, so that a value at the threshold does not flap.
    public var keepExpression: AlertExpression?
    /// How long the expression must hold before the alert fires.
    public var holdFor: Duration
    /// How long the alert goes on firing after the expression has ceased to hold.
    public var keepFiringFor: Duration
    /// Labels added to those of the series.
    public var labels: [AlertLabel]
    /// Texts for people.
    public var annotations: [AlertLabel]
    /// What happens when the series are gone.
    public var noData: NoDataPolicy
    /// The time that ``noData`` needs.
    public var noDataFor: Duration
    /// No alert of this rule fires for so long after the evaluator began; `for` counts meanwhile.
    public var startupGrace: Duration
    /// Why the rule is there, and what to do; for people.
    public var reason: String?

    /// Describes a rule.
    public init(
        name: String, expression: AlertExpression, keepExpression: AlertExpression? = nil, holdFor: Duration = .zero,
        keepFiringFor: Duration = .zero, labels: [AlertLabel] = [], annotations: [AlertLabel] = [],
        noData: NoDataPolicy = .resolve, noDataFor: Duration = .seconds(3600), startupGrace: Duration = .zero,
        reason: String? = nil
    ) {
        self.name = name
        self.expression = expression
        self.keepExpression = keepExpression
        self.holdFor = holdFor
        self.keepFiringFor = keepFiringFor
        self.labels = labels
        self.annotations = annotations
        self.noData = noData
        self.noDataFor = noDataFor
        self.startupGrace = startupGrace
        self.reason = reason
    }

    /// Whether it asks for a query's state.
    var judgesState: Bool { expression.metrics.contains("streamgauge_query_state") }

    /// Whether its alerts are found in the same way as those of another.
    func asksTheSame(as other: AlertRule) -> Bool {
        expression == other.expression && keepExpression == other.keepExpression
    }
}

/// A label or annotation that a rule gives.
public struct AlertLabel: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its text.
    public var value: AlertTemplate

    /// Describes one.
    public init(_ name: String, _ value: AlertTemplate) {
        self.name = name
        self.value = value
    }
}

/// Rules that are evaluated together.
public struct AlertRuleGroup: Sendable, Hashable {
    /// The group's name, one of its kind.
    public var name: String
    /// How often they are evaluated at most; nil: at each moment.
    public var interval: Duration?
    /// More alerts than this of one rule are an error of the rule; nil or 0: no limit.
    public var limit: Int?
    /// The rules in their order.
    public var rules: [AlertRule]

    /// Describes a group.
    public init(name: String, interval: Duration? = nil, limit: Int? = nil, rules: [AlertRule]) {
        self.name = name
        self.interval = interval
        self.limit = limit
        self.rules = rules
    }
}

/// Alerts that are not worth a notice while another one fires.
public struct AlertInhibition: Sendable, Hashable {
    /// What the other alert must meet.
    public var source: [LabelMatcher]
    /// What the alert must meet that is held back.
    public var target: [LabelMatcher]
    /// Labels that must be the same on both.
    public var equal: [String]

    /// Describes an inhibition.
    public init(source: [LabelMatcher], target: [LabelMatcher], equal: [String] = []) {
        self.source = source
        self.target = target
        self.equal = equal
    }
}

/// Alerts that nobody wants to hear of for a while.
public struct AlertSilence: Sendable, Hashable {
    /// What an alert must meet.
    public var matchers: [LabelMatcher]
    /// From when; nil: always has been.
    public var startsAt: MonitorTime?
    /// Until when; nil: for good.
    public var endsAt: MonitorTime?
    /// Why.
    public var comment: String?

    /// Describes a silence.
    public init(
        matchers: [LabelMatcher], startsAt: MonitorTime? = nil, endsAt: MonitorTime? = nil, comment: String? = nil
    ) {
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.comment = comment
    }

    /// Whether it holds for these labels at a moment.
    public func covers(_ labels: [MetricLabel], at time: MonitorTime) -> Bool {
        if let startsAt, time < startsAt { return false }
        if let endsAt, endsAt <= time { return false }
        return matchers.allSatisfy { $0.accepts(labels) }
    }
}

/// How alerts are put together into notices.
public struct AlertGrouping: Sendable, Hashable {
    /// Alerts with the same values of these labels go out together.
    public var labels: [String] = ["alertname"]
    /// How long the first notice of a group waits for more.
    public var wait: Duration = .seconds(3)
    /// How long the next one waits after the one before, when something has changed; ``burst`` says when it need not.
    public var interval: Duration = .seconds(30)
    /// Notices of a group that tell of alerts nobody has heard of and wait for ``wait`` only; each ``interval`` gives one of them back. 0 has
    /// all wait for the interval, as Alertmanager does.
    public var burst = 10
    /// How long until a notice of what still fires is repeated; nil: never.
    public var repeatInterval: Duration? = .seconds(14_400)
    /// A notice that could not be delivered for so long is not worth delivering.
    public var bestBefore: Duration = .seconds(900)

    /// The defaults.
    public init() {}
}

/// All that a rules file says.
public struct AlertRules: Sendable, Hashable {
    /// The groups in their order.
    public var groups: [AlertRuleGroup]
    /// What holds others back.
    public var inhibitions: [AlertInhibition]
    /// What is not told.
    public var silences: [AlertSilence]
    /// How notices are put together.
    public var grouping: AlertGrouping

    /// Describes rules.
    public init(
        groups: [AlertRuleGroup] = [], inhibitions: [AlertInhibition] = [], silences: [AlertSilence] = [],
        grouping: AlertGrouping = AlertGrouping()
    ) {
        self.groups = groups
        self.inhibitions = inhibitions
        self.silences = silences
        self.grouping = grouping
    }

    /// All rules in their order.
    public var rules: [AlertRule] { groups.flatMap(\.rules) }
}
