public import FoundationEssentials

/// Judges all rules at one moment after another: pending, firing, resolved, and whom to tell.
///
/// ```swift
/// var evaluator = AlertEvaluator(rules: rules)
/// let step = evaluator.evaluate(AlertInput(at: now, queries: fleet.snapshots(at: now)))
/// for notification in step.notifications { channel.send(notification) }
/// ```
///
/// A pure value, like everything here: the same moments give the same alerts, whether they come from a clock or a recorded file.
/// Call it about once a second. Whether a query stands, idles or is behind has been judged by its ``QueryMonitor``, so a run's first
/// trigger and the first after a restart count for nothing here either.
public struct AlertEvaluator: Sendable {
    /// A rule and what has come of it.
    struct RuleState: Sendable {
        var group: String
        /// The rule's name; of several rules with one name in a group the later ones with their number.
        var key: String
        var rule: AlertRule
        var interval: Int64
        var limit: Int
        var expression: Int
        var keep: Int?
        /// The rule's own labels, where they are the same for all alerts; in the order of their names.
        var constantLabels: [MetricLabel]?
        /// By all labels.
        var records: [[MetricLabel]: AlertRecord] = [:]
        var error: String?
        /// Time since the rule was judged last.
        var waited: Int64 = 0
        var isJudged = false
        /// How long nothing at all has been known to it.
        var missing: Int64 = 0
    }

    /// A rule as pages show it.
    public struct RuleStatus: Sendable, Hashable, Codable {
        /// The group's name.
        public var group: String
        /// The rule's name.
        public var name: String
        /// The expression.
        public var expr: String
        /// How long it must hold.
        public var forSeconds: Double
        /// How long the alert goes on afterwards.
        public var keepFiringForSeconds: Double
        /// The rule's labels as they are written.
        public var labels: [String: String]
        /// Why it is there.
        public var reason: String?
        /// Why it could not be evaluated the last time.
        public var error: String?
    }

    /// The rules.
    public internal(set) var rules: AlertRules
    /// While true nothing is told: old events are being read. Alerts that still fire afterwards are told then.
    public var isReplaying: Bool
    let settings: AlertSettings
    var states: [RuleState] = []
    var engine: ExpressionEvaluator
    var notifier: AlertNotifier
    /// Alerts whose rule is gone, until that is told.
    var orphans: [AlertRecord] = []
    var changes: [Alert] = []
    var clock: MonitorTime?
    /// The time that has been counted.
    private(set) var steady: Int64 = 0
    /// What was heard since of queries whose alerts it was given.
    var begun: EvaluationStart

    /// An evaluator that has seen nothing, or begins where another one stopped.
    ///
    /// - Parameters:
    ///   - rules: What to judge.
    ///   - settings: What is normal.
    ///   - state: What was known before a restart.
    ///   - isReplaying: Whether old events are read first; set ``isReplaying`` to false after them.
    public init(
        rules: AlertRules, settings: AlertSettings = AlertSettings(), restoring state: AlertEvaluatorState? = nil,
        isReplaying: Bool = false
    ) {
        self.rules = rules
        self.settings = settings
        self.isReplaying = isReplaying
        // Of a form that a later version wrote nothing is known here.
        let state = state.flatMap { $0.version == AlertEvaluatorState.currentVersion ? $0 : nil }
        notifier = AlertNotifier(groups: state?.groups ?? [])
        begun = EvaluationStart(state)
        (states, engine) = Self.prepare(rules)
        for entry in state?.alerts ?? [] {
            var record = entry.record
            record.isRestored = true
            place(record, group: entry.group, rule: entry.rule)
        }
    }

    /// Takes other rules. Alerts of rules that stay go on as they are, and so do the windows that they look back on; alerts of other
    /// rules resolve.
    public mutating func replaceRules(_ rules: AlertRules) {
        let old = states
        self.rules = rules
        (states, engine) = Self.prepare(rules, continuing: engine)
        for state in old {
            if let index = index(group: state.group, rule: state.key), states[index].rule.asksTheSame(as: state.rule) {
                (states[index].isJudged, states[index].waited) = (state.isJudged, state.waited)
                states[index].missing = state.missing
            }
            for record in state.records.values { place(record, group: state.group, rule: state.key) }
        }
        noteEmptyWindows()
    }

    private func hasEmptyWindow(_ index: Int) -> Bool {
        engine.hasEmptyWindow(states[index].expression)
            || (states[index].keep.map { engine.hasEmptyWindow($0) } ?? false)
    }

    private func index(group: String, rule: String) -> Int? {
        states.firstIndex { $0.group == group && $0.key == rule }
    }

    /// Alerts of rules that look back on what is not known any more are as those from before a restart.
    private mutating func noteEmptyWindows() {
        for index in states.indices where hasEmptyWindow(index) {
            for key in states[index].records.keys { states[index].records[key]?.isRestored = true }
        }
    }

    private mutating func place(_ record: AlertRecord, group: String, rule: String) {
        guard let index = index(group: group, rule: rule) else {
            if record.isActive || record.told == .firing { orphans.append(record) }
            return
        }
        states[index].records[record.labels] = record
    }

    private static func prepare(
        _ rules: AlertRules, continuing engine: ExpressionEvaluator? = nil
    ) -> ([RuleState], ExpressionEvaluator) {
        var expressions: [AlertExpression] = []
        var states: [RuleState] = []
        for group in rules.groups {
            var names: [String: Int] = [:]
            for rule in group.rules {
                names[rule.name, default: 0] += 1
                let number = names[rule.name].flatMap { $0 > 1 ? "#\($0)" : nil } ?? ""
                var state = RuleState(
                    group: group.name, key: rule.name + number, rule: rule,
                    interval: group.interval?.nonNegativeMilliseconds ?? 0,
                    limit: group.limit ?? 0, expression: expressions.count)
                expressions.append(rule.expression)
                if let keep = rule.keepExpression {
                    state.keep = expressions.count
                    expressions.append(keep)
                }
                if rule.labels.allSatisfy(\.value.isConstant) {
                    let own = rule.labels.map { MetricLabel($0.name, $0.value.text) }
                    state.constantLabels = ([MetricLabel("alertname", rule.name)] + own).normalized
                }
                states.append(state)
            }
        }
        return (states, ExpressionEvaluator(expressions, continuing: engine))
    }

    // MARK: Evaluating

    /// Whether a rule is about single partitions: ``AlertInput/series`` is to have those of ``PartitionLagSeries`` then, which nobody needs
    /// otherwise.
    public var asksForPartitions: Bool { engine.asks(for: PartitionLagSeries.family.name) }

    /// What is known of a fleet's queries, as far as the rules ask for it.
    ///
    /// - Parameter series: Further series; one that is of single partitions is in the place of the fleet's.
    public func input(of fleet: QueryFleet, at time: MonitorTime, series: [AlertSample] = []) -> AlertInput {
        var series = series
        if asksForPartitions, !series.contains(where: { $0.metric == PartitionLagSeries.family.name }) {
            fleet.forEachMonitor { series += PartitionLagSeries.samples(of: $0) }
        }
        return AlertInput(at: time, queries: fleet.snapshots(at: time), series: series)
    }

    /// Judges all rules.
    ///
    /// - Parameter input: What is known at a moment. One before the last says that the clock was set: no time has gone by then.
    @discardableResult
    public mutating func evaluate(_ input: AlertInput) -> AlertStep {
        let elapsed = advance(to: input.at)
        changes = []
        engine.begin(input, steady: steady)
        var presence = SeriesPresence(input)
        begun.note(input, elapsed)
        for index in states.indices {
            states[index].waited += elapsed
            guard !states[index].isJudged || states[index].waited >= states[index].interval else { continue }
            judge(index, input, &presence)
            states[index].isJudged = true
            states[index].waited = 0
        }
        if presence.isBlind { engine.noteBlindness() }
        endOrphans(at: input.at)
        forgetResolved(elapsed)
        var step = AlertStep(changes: changes)
        step.notifications = notify(at: input.at, elapsed)
        return step
    }

    private mutating func advance(to time: MonitorTime) -> Int64 {
        guard let clock else {
            clock = time
            return 0
        }
        self.clock = time
        let elapsed = time.millisecondsSinceEpoch.subtractingSaturated(clock.millisecondsSinceEpoch)
        if elapsed < 0 {
            for index in states.indices {
                for key in states[index].records.keys { states[index].records[key]?.move(by: elapsed) }
            }
            return 0
        }
        if let pause = settings.longestPause, elapsed > pause.nonNegativeMilliseconds {
            engine.forgetWindows()
            noteEmptyWindows()
            return 0
        }
        steady += elapsed
        return elapsed
    }

    private mutating func endOrphans(at time: MonitorTime) {
        for index in orphans.indices where orphans[index].isActive {
            orphans[index].alert.state = .resolved
            orphans[index].alert.resolvedAt = time
            orphans[index].alert.reason = "the rule is no longer there"
            changes.append(orphans[index].alert)
        }
        orphans.removeAll { $0.told != .firing }
    }

    /// Lets go of resolved alerts that were told, after a while; of too many the oldest.
    private mutating func forgetResolved(_ elapsed: Int64) {
        let retention = settings.resolvedRetention.nonNegativeMilliseconds
        var ages: [Int64] = []
        for index in states.indices where !states[index].records.isEmpty {
            for (key, record) in states[index].records where !record.isActive {
                let age = record.resolvedMilliseconds + elapsed
                states[index].records[key]?.resolvedMilliseconds = age
                guard record.told != .firing else { continue }
                if age > retention { states[index].records[key] = nil } else { ages.append(age) }
            }
        }
        guard ages.count > max(0, settings.maximumResolved) else { return }
        ages.sort()
        let oldest = ages[max(0, settings.maximumResolved)]
        for index in states.indices {
            states[index].records = states[index].records.filter {
                $0.value.isActive || $0.value.told == .firing || $0.value.resolvedMilliseconds < oldest
            }
        }
    }

    // MARK: Asking

    /// All alerts: those that fire, those that are pending, and those that resolved lately, each in the order of their beginnings.
    public var alerts: [Alert] {
        let order: [Alert.State: Int] = [.firing: 0, .pending: 1, .resolved: 2]
        return states.flatMap { $0.records.values.map(\.alert) }.sorted {
            (order[$0.state] ?? 3, $0.activeAt, $0.fingerprint) < (order[$1.state] ?? 3, $1.activeAt, $1.fingerprint)
        }
    }

    /// How many alerts fire for each query, by its id.
    public var firingByQuery: [UUID: Int] {
        var counts: [UUID: Int] = [:]
        for state in states {
            for record in state.records.values where record.alert.state == .firing {
                if let id = record.alert.labels["id"].flatMap({ UUID(uuidString: $0) }) { counts[id, default: 0] += 1 }
            }
        }
        return counts
    }

    /// Sets of labels that are kept in memory; bounded by the series there are and were in the longest window.
    public var knownSeries: Int { engine.labelCount }

    /// The rules as pages show them.
    public var ruleStatuses: [RuleStatus] {
        states.map { state in
            RuleStatus(
                group: state.group, name: state.rule.name, expr: state.rule.expression.text,
                forSeconds: Double(state.rule.holdFor.nonNegativeMilliseconds) / 1000,
                keepFiringForSeconds: Double(state.rule.keepFiringFor.nonNegativeMilliseconds) / 1000,
                labels: Dictionary(state.rule.labels.map { ($0.name, $0.value.text) }) { first, _ in first },
                reason: state.rule.reason, error: state.error)
        }
    }

    /// What to write down for the next start.
    public var state: AlertEvaluatorState {
        let entries = states.flatMap { state in
            state.records.values.filter { $0.isActive || $0.told == .firing }.map {
                AlertEvaluatorState.Entry(group: state.group, rule: state.key, record: $0)
            }
        }
        // Under no group, so that they are of no rule afterwards either.
        let untold = orphans.map { AlertEvaluatorState.Entry(group: "", rule: $0.alert.name, record: $0) }
        return AlertEvaluatorState(
            alerts: (entries + untold).sorted {
                ($0.group, $0.rule, $0.record.alert.fingerprint) < ($1.group, $1.rule, $1.record.alert.fingerprint)
            },
            groups: notifier.groups.values.sorted { $0.key < $1.key })
    }
}
