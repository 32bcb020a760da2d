import StreamingMetrics

/// A condition on one label: `state="stalled"`, `query=~"orders.*"`. A label that is not there counts as empty.
public struct LabelMatcher: Sendable, Hashable {
    /// How it compares.
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        /// The value is this text.
        case equal = "="
        /// The value is another text.
        case notEqual = "!="
        /// The whole value fits the pattern.
        case matches = "=~"
        /// The whole value does not fit the pattern.
        case doesNotMatch = "!~"
    }

    /// The label's name.
    public let label: String
    /// How it compares.
    public let comparison: Comparison
    /// The text or pattern.
    public let value: String
    private let pattern: LabelPattern?

    /// Describes a condition.
    ///
    /// - Throws: An ``AlertExpressionError`` without a place of its own where the pattern cannot be read.
    public init(_ label: String, _ comparison: Comparison, _ value: String) throws(AlertExpressionError) {
        self.label = label
        self.comparison = comparison
        self.value = value
        guard comparison == .matches || comparison == .doesNotMatch else {
            pattern = nil
            return
        }
        do {
            pattern = try LabelPattern(value)
        } catch {
            throw TextPosition().error("the pattern \"\(value.prefix(utf8Bytes: 100))\" has \(error.message)")
        }
    }

    /// A condition of equality, which cannot fail.
    public init(_ label: String, equals value: String) {
        self.label = label
        comparison = .equal
        self.value = value
        pattern = nil
    }

    /// Whether a value meets it.
    public func accepts(_ text: String) -> Bool {
        switch comparison {
        case .equal: text == value
        case .notEqual: text != value
        case .matches: pattern?.matches(text) == true
        case .doesNotMatch: pattern?.matches(text) == false
        }
    }

    /// Whether a set of labels meets it.
    public func accepts(_ labels: [MetricLabel]) -> Bool {
        accepts(labels.first { $0.name == label }?.value ?? "")
    }

    /// The condition as it is written.
    public var text: String { "\(label)\(comparison.rawValue)\(Self.quoted(value))" }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension LabelMatcher {
    /// Reads a condition such as `severity="critical"`.
    public init(parsing text: String) throws(AlertExpressionError) {
        let tokens = try AlertLexer.tokens(of: text)
        var parser = AlertExpressionParser(tokens: tokens, vocabulary: AlertVocabulary())
        self = try parser.looseMatcher()
        guard parser.current.kind == .end else { throw parser.unexpected("the end") }
    }
}

extension AlertSample {
    /// Reads the name of a series, such as `streamgauge_queries{state="idle"}`; its value is 0.
    public init(
        parsing text: String, vocabulary: AlertVocabulary = .standard
    ) throws(AlertExpressionError) {
        let expression = try AlertExpression(text, vocabulary: vocabulary)
        guard case .selector(let selector) = expression.root,
            selector.matchers.allSatisfy({ $0.comparison == .equal })
        else { throw TextPosition().error("a series is a metric and its labels, such as metric{label=\"value\"}") }
        self.init(selector.metric, selector.matchers.map { MetricLabel($0.label, $0.value) }.normalized, 0)
    }
}

extension MonitorTime {
    /// Reads a time such as `2026-11-28T20:00:00Z`, or with milliseconds; nil where the text is none.
    public init?(text: String) {
        let whole = text.hasSuffix("Z") && !text.contains(".") ? text.dropLast() + ".000Z" : text[...]
        guard let milliseconds = ProgressTimestamp(text: String(whole)).millisecondsSinceEpoch else { return nil }
        self.init(millisecondsSinceEpoch: milliseconds)
    }
}
