public import Monitoring

/// Tests of rules, in the form of `promtool test rules`: series or recorded events, and the alerts that must fire at certain times.
///
/// ```yaml
/// rule_files: [rules.yml]
/// evaluation_interval: 15s
/// tests:
///   - name: behind for long enough
///     interval: 15s
///     input_series:
///       - series: streamgauge_query_lag_seconds{query="orders",id="1"}
///         values: 0x4 400+10x20
///     alert_rule_test:
///       - eval_time: 5m
///         alertname: OrdersBehind
///         exp_alerts:
///           - exp_labels: {query: orders, id: "1", severity: critical}
///   - name: a recorded evening                # ours: events in place of series
///     input_events: evening.jsonl
///     alert_rule_test: [{eval_time: 2h, alertname: OrdersBehind, exp_alerts: []}]
/// ```
///
/// Values are Prometheus': `1 2 3`, `_` for none, `stale`, `1+2x3` for 1 3 5 7, `4x2` for 4 4 4, `_x3`. As there, a series keeps its
/// value for five minutes after its last sample. Annotations are compared where they are given.
public struct AlertTestFile: Sendable, Hashable {
    /// An alert that must fire.
    public struct ExpectedAlert: Sendable, Hashable {
        /// Its labels without `alertname`.
        public var labels: [String: String]
        /// Its texts; nil: whatever they are.
        public var annotations: [String: String]?
    }

    /// What must be at one time.
    public struct Expectation: Sendable, Hashable {
        /// The line in the file.
        public var line: Int
        /// Milliseconds from the beginning.
        public var milliseconds: Int64
        /// The rule's name.
        public var alertName: String
        /// The alerts of this name that fire then, all of them.
        public var alerts: [ExpectedAlert]
    }

    /// One series with its values, the first at the beginning.
    public struct InputSeries: Sendable, Hashable {
        /// What a value says.
        public enum Value: Sendable, Hashable {
            /// A number.
            case number(Double)
            /// No sample here.
            case missing
            /// The series ends here.
            case stale
        }

        /// Metric and labels.
        public var series: AlertSample
        /// The values.
        public var values: [Value]
    }

    /// One test.
    public struct Test: Sendable, Hashable {
        /// Its name; empty where it has none.
        public var name: String
        /// The line in the file.
        public var line: Int
        /// Milliseconds between two values of a series.
        public var interval: Int64
        /// The series.
        public var series: [InputSeries]
        /// A file of events in their place, as it is written; nil for none.
        public var events: String?
        /// What must be.
        public var expectations: [Expectation]
    }

    /// The rule files as they are written, relative to this file.
    public var ruleFiles: [String]
    /// Milliseconds between two evaluations.
    public var evaluationInterval: Int64
    /// The tests.
    public var tests: [Test]

    /// Whether a text is a file of tests and not one of rules.
    public static func isTestFile(_ text: String) -> Bool {
        text.split(separator: "\n").contains { $0.hasPrefix("tests:") }
    }

    /// Reads a file's text.
    ///
    /// - Throws: An ``AlertFileError`` with every problem that was found.
    public init(from text: String, file: String, vocabulary: AlertVocabulary = .standard) throws(AlertFileError) {
        var reader = AlertTestReader(
            rules: AlertRuleReader(document: YAMLDocument(file: file, text: text), vocabulary: vocabulary))
        (ruleFiles, evaluationInterval, tests) = reader.read(text)
        if let error = reader.rules.document.error { throw error }
    }
}

/// Reads one file of tests.
struct AlertTestReader {
    var rules: AlertRuleReader

    mutating func read(_ text: String) -> ([String], Int64, [AlertTestFile.Test]) {
        let keys = ["rule_files", "evaluation_interval", "tests"]
        guard let root = rules.document.root(of: text),
            let fields = rules.document.fields(root, "a test file", keys: keys)
        else { return ([], 0, []) }
        for key in ["rule_files", "tests"] where fields[key] == nil {
            rules.document.report("a test file needs the key \(key)", at: root)
        }
        let files = fields["rule_files"].map { rules.document.texts($0, "rule_files") } ?? []
        let interval = fields["evaluation_interval"].flatMap { milliseconds($0, "evaluation_interval") } ?? 60_000
        let tests = fields["tests"].map { rules.document.list($0, "tests") } ?? []
        return (files, interval, tests.compactMap { test($0) })
    }

    private mutating func milliseconds(_ value: YAMLDocument.Value, _ what: String, minimum: Int64 = 1) -> Int64? {
        guard let duration = rules.duration(value, what) else { return nil }
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds < minimum else { return milliseconds }
        rules.document.report("\(what) must be above 0", at: value)
        return nil
    }

    private mutating func test(_ value: YAMLDocument.Value) -> AlertTestFile.Test? {
        let keys = ["name", "interval", "input_series", "input_events", "alert_rule_test"]
        guard let fields = rules.document.fields(value, "a test", keys: keys) else { return nil }
        let name = fields["name"].flatMap { rules.document.text($0, "name") } ?? ""
        var test = AlertTestFile.Test(
            name: name, line: value.line, interval: 60_000, series: [], events: nil, expectations: [])
        if let interval = fields["interval"].flatMap({ milliseconds($0, "interval") }) { test.interval = interval }
        if let list = fields["input_series"] {
            test.series = rules.document.list(list, "input_series").compactMap { series($0) }
        }
        test.events = fields["input_events"].flatMap { rules.document.text($0, "input_events") }
        if test.events == nil, fields["input_series"] == nil {
            rules.document.report("a test needs input_series or input_events", at: value)
        }
        let expectations = fields["alert_rule_test"].map { rules.document.list($0, "alert_rule_test") } ?? []
        test.expectations = expectations.compactMap { expectation($0) }
        if test.expectations.isEmpty {
            rules.document.report("a test without alert_rule_test tests nothing", at: value)
        }
        return test
    }

    private mutating func expectation(_ value: YAMLDocument.Value) -> AlertTestFile.Expectation? {
        let keys = ["eval_time", "alertname", "exp_alerts"]
        guard let fields = rules.document.fields(value, "an alert_rule_test", keys: keys) else { return nil }
        guard let time = fields["eval_time"], let name = fields["alertname"] else {
            rules.document.report("an alert_rule_test needs eval_time and alertname", at: value)
            return nil
        }
        guard let milliseconds = milliseconds(time, "eval_time", minimum: 0),
            let name = rules.document.text(name, "alertname")
        else { return nil }
        let alerts = fields["exp_alerts"].map { rules.document.list($0, "exp_alerts") } ?? []
        return AlertTestFile.Expectation(
            line: value.line, milliseconds: milliseconds, alertName: name, alerts: alerts.compactMap { alert($0) })
    }

    private mutating func alert(_ value: YAMLDocument.Value) -> AlertTestFile.ExpectedAlert? {
        let keys = ["exp_labels", "exp_annotations"]
        guard let fields = rules.document.fields(value, "an expected alert", keys: keys) else { return nil }
        return AlertTestFile.ExpectedAlert(
            labels: fields["exp_labels"].map { texts($0, "exp_labels") } ?? [:],
            annotations: fields["exp_annotations"].map { texts($0, "exp_annotations") })
    }

    private mutating func texts(_ value: YAMLDocument.Value, _ what: String) -> [String: String] {
        var texts: [String: String] = [:]
        for entry in rules.document.entries(value, what) ?? [] {
            texts[entry.key] = rules.document.text(entry.value, entry.key)
        }
        return texts
    }

    // MARK: Series

    private mutating func series(_ value: YAMLDocument.Value) -> AlertTestFile.InputSeries? {
        guard let fields = rules.document.fields(value, "a series", keys: ["series", "values"]) else { return nil }
        guard let nameValue = fields["series"], let valuesValue = fields["values"] else {
            rules.document.report("a series needs series and values", at: value)
            return nil
        }
        guard let name = rules.document.text(nameValue, "series"),
            let text = rules.document.text(valuesValue, "values")
        else { return nil }
        var values: [AlertTestFile.InputSeries.Value] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            guard let more = Self.values(of: word), values.count + more.count <= 1_000_000 else {
                rules.document.report("values: cannot read \(word.prefix(40))", at: valuesValue)
                return nil
            }
            values += more
        }
        do {
            let sample = try AlertSample(parsing: name, vocabulary: rules.vocabulary)
            return AlertTestFile.InputSeries(series: sample, values: values)
        } catch {
            let place = rules.document.place(in: nameValue, line: error.line, column: error.column)
            rules.document.report("series: \(error.message)", line: place.line, column: place.column)
            return nil
        }
    }

    /// `3`, `_`, `stale`, `_x2`, `4x2`, `1+2x3`, `9-1x3`.
    static func values(of word: Substring) -> [AlertTestFile.InputSeries.Value]? {
        if word == "stale" { return [.stale] }
        var base = word
        var times: Int?
        if let at = word.lastIndex(of: "x") {
            guard let count = Int(word[word.index(after: at)...]), (0...100_000).contains(count) else { return nil }
            times = count
            base = word[..<at]
        }
        if base == "_" { return Array(repeating: .missing, count: times.map { max(1, $0) } ?? 1) }
        if let number = Double(base), number.isFinite {
            return Array(repeating: .number(number), count: (times ?? 0) + 1)
        }
        // The sign of the step is the last that is neither the first character nor an exponent's.
        guard let times,
            let sign = base.indices.dropFirst().last(where: { index in
                "+-".contains(base[index]) && !"eE".contains(base[base.index(before: index)])
            }),
            let start = Double(base[..<sign]), let step = Double(base[base.index(after: sign)...]), start.isFinite,
            step.isFinite
        else { return nil }
        return (0...times).map { .number(start + (base[sign] == "-" ? -step : step) * Double($0)) }
    }
}
