public import Monitoring

/// Reads rules from YAML: the form of Prometheus' rule files, and keys of our own beside it.
///
/// ```yaml
/// groups:
///   - name: orders
///     rules:
///       - alert: OrdersBehind
///         expr: streamgauge_query_lag_seconds{query="orders"} > 5m
///         keep_expr: streamgauge_query_lag_seconds{query="orders"} > 3m   # ours: goes on while this holds
///         for: 2m
///         keep_firing_for: 5m
///         no_data: keep                    # ours: resolve, keep or alert
///         no_data_for: 1h                  # ours
///         startup_grace: 1m                # ours
///         reason: Orders must be delivered within ten minutes.   # ours: for people
///         labels: {severity: critical}
///         annotations: {summary: "{{ $labels.query }} is {{ $value | humanizeDuration }} behind"}
/// inhibit_rules:                           # as Alertmanager's
///   - source_matchers: ['alertname="QueryStalled"']
///     target_matchers: ['severity="warning"']
///     equal: [id]
/// silences:
///   - matchers: ['query="orders"']
///     from: 2026-11-28T20:00:00Z
///     until: 2026-11-28T22:00:00Z
///     comment: Release
/// notify: {group_by: [alertname], group_wait: 3s, group_interval: 30s, group_burst: 10, repeat_interval: 4h, best_before: 15m}
/// ```
///
/// A key that is not known is a problem and not ignored: a misspelt `for` would make a rule fire at once.
public enum AlertRuleFile {
    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - text: The YAML.
    ///   - file: The name for messages.
    ///   - vocabulary: The metrics that there are.
    /// - Throws: An ``AlertFileError`` with every problem that was found.
    public static func rules(
        from text: String, file: String, vocabulary: AlertVocabulary = .standard
    ) throws(AlertFileError) -> AlertRules {
        var reader = AlertRuleReader(document: YAMLDocument(file: file, text: text), vocabulary: vocabulary)
        let rules = reader.read(text)
        if let error = reader.document.error { throw error }
        return rules
    }
}

/// Reads one file of rules.
struct AlertRuleReader {
    var document: YAMLDocument
    let vocabulary: AlertVocabulary

    mutating func read(_ text: String) -> AlertRules {
        var rules = AlertRules()
        let keys = ["groups", "inhibit_rules", "silences", "notify"]
        guard let root = document.root(of: text), let fields = document.fields(root, "a rules file", keys: keys) else {
            return rules
        }
        if let groups = fields["groups"] {
            for value in document.list(groups, "groups") {
                guard let group = group(value) else { continue }
                if rules.groups.contains(where: { $0.name == group.name }) {
                    document.report("the group \(group.name) is there twice", at: value)
                }
                rules.groups.append(group)
            }
        } else {
            document.report("a rules file needs the key groups", at: root)
        }
        if let list = fields["inhibit_rules"] {
            rules.inhibitions = document.list(list, "inhibit_rules").compactMap { inhibition($0) }
        }
        if let list = fields["silences"] {
            rules.silences = document.list(list, "silences").compactMap { silence($0) }
        }
        if let notify = fields["notify"] { rules.grouping = grouping(notify) }
        return rules
    }

    // MARK: Groups

    private mutating func group(_ value: YAMLDocument.Value) -> AlertRuleGroup? {
        guard let fields = document.fields(value, "a group", keys: ["name", "interval", "limit", "rules"]) else {
            return nil
        }
        guard let nameValue = fields["name"] else {
            document.report("a group needs a name", at: value)
            return nil
        }
        guard let name = document.text(nameValue, "a group's name") else { return nil }
        if name.isEmpty { document.report("a group's name must not be empty", at: nameValue) }
        var group = AlertRuleGroup(name: name, rules: [])
        group.interval = fields["interval"].flatMap { duration($0, "interval") }
        if let limit = fields["limit"], let text = document.text(limit, "limit") {
            group.limit = Int(text)
            if group.limit.map({ $0 < 0 }) ?? true { document.report("limit must be a number, 0 or more", at: limit) }
        }
        for value in fields["rules"].map({ document.list($0, "rules") }) ?? [] {
            if let rule = rule(value) { group.rules.append(rule) }
        }
        return group
    }

    mutating func duration(_ value: YAMLDocument.Value, _ what: String) -> Duration? { document.duration(value, what) }

    // MARK: Notices

    private mutating func matchers(_ value: YAMLDocument.Value, _ what: String) -> [LabelMatcher] {
        document.matchers(value, what)
    }

    private mutating func inhibition(_ value: YAMLDocument.Value) -> AlertInhibition? {
        let keys = ["source_matchers", "target_matchers", "equal"]
        guard let fields = document.fields(value, "an inhibition", keys: keys) else { return nil }
        guard let source = fields["source_matchers"], let target = fields["target_matchers"] else {
            document.report("an inhibition needs source_matchers and target_matchers", at: value)
            return nil
        }
        let inhibition = AlertInhibition(
            source: matchers(source, "source_matchers"), target: matchers(target, "target_matchers"),
            equal: fields["equal"].map { document.texts($0, "equal") } ?? [])
        for (list, what) in [(source, "source_matchers"), (target, "target_matchers")]
        where document.list(list, what).isEmpty {
            document.report("an inhibition without \(what) would be about every alert", at: list)
        }
        return inhibition
    }

    private mutating func silence(_ value: YAMLDocument.Value) -> AlertSilence? {
        guard
            let fields = document.fields(value, "a silence", keys: ["matchers", "from", "until", "comment"])
        else { return nil }
        guard let list = fields["matchers"] else {
            document.report("a silence needs matchers", at: value)
            return nil
        }
        let silence = AlertSilence(
            matchers: matchers(list, "matchers"), startsAt: fields["from"].flatMap { time($0, "from") },
            endsAt: fields["until"].flatMap { time($0, "until") },
            comment: fields["comment"].flatMap { document.text($0, "comment") })
        if let start = silence.startsAt, let end = silence.endsAt, end <= start, let until = fields["until"] {
            document.report("until must be later than from: this silence never covers anything", at: until)
        }
        if document.list(list, "matchers").isEmpty {
            document.report("a silence without a matcher would cover everything", at: list)
        }
        return silence
    }

    private mutating func time(_ value: YAMLDocument.Value, _ what: String) -> MonitorTime? {
        guard let text = document.text(value, what) else { return nil }
        if let time = MonitorTime(text: text) { return time }
        document.report("\(what) must be a time such as 2026-11-28T20:00:00Z, not \(text.prefix(40))", at: value)
        return nil
    }

    private mutating func grouping(_ value: YAMLDocument.Value) -> AlertGrouping {
        var grouping = AlertGrouping()
        let keys = ["group_by", "group_wait", "group_interval", "group_burst", "repeat_interval", "best_before"]
        guard let fields = document.fields(value, "notify", keys: keys) else { return grouping }
        if let list = fields["group_by"] { grouping.labels = document.texts(list, "group_by") }
        if let wait = fields["group_wait"].flatMap({ duration($0, "group_wait") }) { grouping.wait = wait }
        if let interval = fields["group_interval"].flatMap({ duration($0, "group_interval") }) {
            grouping.interval = interval
        }
        if let burst = fields["group_burst"], let text = document.text(burst, "group_burst") {
            grouping.burst = Int(text) ?? -1
            if grouping.burst < 0 { document.report("group_burst must be a number, 0 or more", at: burst) }
        }
        if let time = fields["repeat_interval"].flatMap({ duration($0, "repeat_interval") }) {
            // Never, as 0 would be all the time.
            grouping.repeatInterval = time == .zero ? nil : time
        }
        if let time = fields["best_before"].flatMap({ duration($0, "best_before") }) { grouping.bestBefore = time }
        return grouping
    }
}

/// The nearest of a few words.
enum WordDistance {
    static func nearest(_ word: String, _ words: [String]) -> String? {
        AlertVocabulary.nearest(to: word, in: words)
    }
}
