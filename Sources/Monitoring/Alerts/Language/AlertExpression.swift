/// An expression over metrics: what a rule asks. A subset of Prometheus' language, so that every rule can be given to it.
///
/// ```
/// streamgauge_query_lag_seconds > 5m and on (query, id) streamgauge_query_state{state="behind"} == 1
/// increase(streamgauge_query_restarts_total[15m]) >= 3
/// sum by (query) (max_over_time(streamgauge_source_lag_records[10m])) > 1e6
/// ```
///
/// A comparison keeps the series for which it holds; `and` keeps those that are on both sides, `unless` those that are not, `or`
/// adds those that are missing. Where two series meet, all their labels are equal, or those that `on (…)` names, or all but those
/// that `ignoring (…)` names. Numbers may have a unit: `5m` is 300 (seconds), `2GiB` is a number of bytes.
public struct AlertExpression: Sendable, Hashable {
    /// The expression as it was written.
    public let text: String
    let root: Node
    /// The names of the labels that the series of the result have.
    public let labelNames: Set<String>

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - text: The expression.
    ///   - vocabulary: The metrics that there are.
    /// - Throws: An ``AlertExpressionError`` with the place and what was expected there.
    public init(_ text: String, vocabulary: AlertVocabulary = .standard) throws(AlertExpressionError) {
        var parser = AlertExpressionParser(tokens: try AlertLexer.tokens(of: text), vocabulary: vocabulary)
        let typed = try parser.whole()
        self.text = text
        root = typed.node
        labelNames = typed.labels
    }

    /// The series it reads, each as Prometheus would be asked for it, in the order of the text.
    public var selectorTexts: [String] {
        var texts: [String] = []
        root.forEachSelector { if !texts.contains($0.text) { texts.append($0.text) } }
        return texts
    }

    /// The metrics it reads.
    public var metrics: Set<String> {
        var names: Set<String> = []
        root.forEachSelector { names.insert($0.metric) }
        return names
    }

    /// The expression in Prometheus' language.
    public var prometheusText: String { root.text }

    indirect enum Node: Sendable, Hashable {
        case number(Double)
        case time
        case selector(Selector)
        /// A scalar as a series without labels.
        case vector(Node)
        case negated(Node)
        case binary(BinaryOperator, Node, Node, isBool: Bool, Matching?)
        case call(Function, Node, [Double])
        case window(WindowFunction, Node, milliseconds: Int64)
        case aggregation(Aggregation, Node, Matching)
    }

    struct Selector: Sendable, Hashable {
        var metric: String
        var matchers: [LabelMatcher]
    }

    enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
        case or, and, unless
        case equal = "=="
        case notEqual = "!="
        case greater = ">"
        case less = "<"
        case greaterOrEqual = ">="
        case lessOrEqual = "<="
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divided = "/"
        case modulo = "%"
        case power = "^"

        var precedence: Int {
            switch self {
            case .or: 1
            case .and, .unless: 2
            case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual: 3
            case .plus, .minus: 4
            case .times, .divided, .modulo: 5
            case .power: 6
            }
        }

        var isComparison: Bool { precedence == 3 }
        var isSetOperator: Bool { precedence < 3 }
    }

    /// Which labels count where series meet or are put together.
    struct Matching: Sendable, Hashable {
        /// `on` and `by`; otherwise `ignoring` and `without`.
        var isOn: Bool
        var labels: [String]

        func keeps(_ label: String) -> Bool { labels.contains(label) == isOn }
    }

    enum Function: String, Sendable, Hashable, CaseIterable {
        case abs, absent, ceil, floor, round
        case clampMinimum = "clamp_min"
        case clampMaximum = "clamp_max"

        /// Numbers behind the series.
        var numbers: Int { self == .clampMinimum || self == .clampMaximum ? 1 : 0 }
    }

    enum WindowFunction: String, Sendable, Hashable, CaseIterable {
        case rate, increase, delta
        case average = "avg_over_time"
        case maximum = "max_over_time"
        case minimum = "min_over_time"
        case last = "last_over_time"

        /// It counts what a counter grew by.
        var isForCounters: Bool { self == .rate || self == .increase }
    }

    enum Aggregation: String, Sendable, Hashable, CaseIterable {
        case sum, max, min, count, avg
    }
}

extension AlertExpression.Node {
    func forEachSelector(_ body: (AlertExpression.Selector) -> Void) {
        switch self {
        case .number, .time: break
        case .selector(let selector): body(selector)
        case .vector(let node), .negated(let node), .call(_, let node, _), .window(_, let node, _),
            .aggregation(_, let node, _):
            node.forEachSelector(body)
        case .binary(_, let left, let right, _, _):
            left.forEachSelector(body)
            right.forEachSelector(body)
        }
    }

    /// In Prometheus' language, with no more parentheses than it needs.
    var text: String { text(inside: 0) }

    private func text(inside precedence: Int) -> String {
        switch self {
        case .number(let value):
            return value < 0 && precedence > 5 ? "(\(AlertNumber.text(value)))" : AlertNumber.text(value)
        case .time: return "time()"
        case .selector(let selector): return selector.text
        case .vector(let node): return "vector(\(node.text))"
        case .negated(let node):
            let inner = node.text(inside: 6)
            return precedence > 5 ? "(-\(inner))" : "-\(inner)"
        case .call(let function, let node, let numbers):
            return "\(function.rawValue)(\(([node.text] + numbers.map(AlertNumber.text)).joined(separator: ", ")))"
        case .window(let function, let node, let milliseconds):
            let range = AlertNumber.durationText(milliseconds: milliseconds)
            if case .selector(let selector) = node { return "\(function.rawValue)(\(selector.text)[\(range)])" }
            return "\(function.rawValue)((\(node.text))[\(range):])"
        case .aggregation(let aggregation, let node, let matching):
            let by = matching.isOn && matching.labels.isEmpty
            let labels = by ? "" : " \(matching.isOn ? "by" : "without") (\(matching.labels.joined(separator: ", "))) "
            return "\(aggregation.rawValue)\(labels)(\(node.text))"
        case .binary(let sign, let left, let right, let isBool, let matching):
            // Power binds to the right, all others to the left.
            let own = sign.precedence
            let leftText = left.text(inside: sign == .power ? own + 1 : own)
            let rightText = right.text(inside: sign == .power ? own : own + 1)
            var middle = sign.rawValue + (isBool ? " bool" : "")
            if let matching {
                middle += " \(matching.isOn ? "on" : "ignoring") (\(matching.labels.joined(separator: ", ")))"
            }
            let text = "\(leftText) \(middle) \(rightText)"
            return own < precedence ? "(\(text))" : text
        }
    }
}

extension AlertExpression.Selector {
    var text: String {
        matchers.isEmpty ? metric : "\(metric){\(matchers.map(\.text).joined(separator: ","))}"
    }
}
