/// Reads tokens into a checked expression: what it accepts can be evaluated.
struct AlertExpressionParser {
    /// A part of the expression with what it is.
    struct Typed {
        enum Kind { case number, series, window }

        var node: AlertExpression.Node
        var kind: Kind
        /// The labels that its series have.
        var labels: Set<String> = []
        var position: TextPosition
        /// The window's length, of one.
        var milliseconds: Int64 = 0

        var name: String {
            switch kind {
            case .number: "a number"
            case .series: "a set of series"
            case .window: "a window"
            }
        }
    }

    private static let maximumDepth = 100
    /// The tree is as high as there are operators in a row.
    private static let maximumOperators = 500
    let tokens: [AlertToken]
    let vocabulary: AlertVocabulary
    var index = 0
    private var depth = 0
    private var operators = 0

    init(tokens: [AlertToken], vocabulary: AlertVocabulary) {
        self.tokens = tokens
        self.vocabulary = vocabulary
    }

    var current: AlertToken { tokens[min(index, tokens.count - 1)] }

    /// The whole text, which must be a set of series: an alert stands for each.
    mutating func whole() throws(AlertExpressionError) -> Typed {
        if current.kind == .end { throw current.position.error("the expression is empty") }
        let typed = try expression(above: 0)
        guard current.kind == .end else { throw unexpected("an operator or the end") }
        guard typed.kind == .series else {
            let hint =
                typed.kind == .number ? "; vector(…) makes one of it" : "; apply avg_over_time or another function"
            throw typed.position.error("the expression is \(typed.name), and a rule needs a set of series\(hint)")
        }
        return typed
    }

    // MARK: Operators

    /// Operators that bind more tightly than a precedence, and their operands.
    mutating func expression(above precedence: Int) throws(AlertExpressionError) -> Typed {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw current.position.error("the expression is nested more than \(Self.maximumDepth) deep")
        }
        var left = try unary()
        while let sign = binaryOperator, sign.precedence > precedence {
            let position = current.position
            operators += 1
            guard operators <= Self.maximumOperators else {
                throw position.error("the expression has more than \(Self.maximumOperators) operators")
            }
            index += 1
            let isBool = try readBool(sign)
            let matching = try readMatching()
            // Power binds to the right.
            let right = try expression(above: sign == .power ? sign.precedence - 1 : sign.precedence)
            left = try combine(left, sign, right, isBool: isBool, matching, at: position)
        }
        return left
    }

    private var binaryOperator: AlertExpression.BinaryOperator? {
        switch current.kind {
        case .sign(let sign): AlertExpression.BinaryOperator(rawValue: sign)
        case .word(let word): AlertExpression.BinaryOperator(rawValue: word.lowercased())
        default: nil
        }
    }

    private mutating func readBool(_ sign: AlertExpression.BinaryOperator) throws(AlertExpressionError) -> Bool {
        guard current.kind == .word("bool") else { return false }
        guard sign.isComparison else { throw current.position.error("bool stands after a comparison only") }
        index += 1
        return true
    }

    private mutating func readMatching() throws(AlertExpressionError) -> AlertExpression.Matching? {
        guard case .word(let word) = current.kind, word == "on" || word == "ignoring" else { return nil }
        index += 1
        let matching = AlertExpression.Matching(isOn: word == "on", labels: try labelList())
        if case .word(let word) = current.kind, word.hasPrefix("group_") {
            throw current.position.error("\(word) is not understood: series meet one to one")
        }
        return matching
    }

    /// `-x ^ y` is `-(x ^ y)`; all other operators bind less tightly than the sign.
    private mutating func unary() throws(AlertExpressionError) -> Typed {
        guard case .sign(let sign) = current.kind, sign == "-" || sign == "+" else { return try operand() }
        let position = current.position
        index += 1
        var inner = try expression(above: AlertExpression.BinaryOperator.power.precedence - 1)
        guard inner.kind != .window else { throw position.error("a window has no sign") }
        guard sign == "-" else { return inner }
        if case .number(let value) = inner.node {
            inner.node = .number(-value)
        } else {
            inner.node = .negated(inner.node)
        }
        inner.position = position
        return inner
    }

    private func combine(
        _ left: Typed, _ sign: AlertExpression.BinaryOperator, _ right: Typed, isBool: Bool,
        _ matching: AlertExpression.Matching?, at position: TextPosition
    ) throws(AlertExpressionError) -> Typed {
        for side in [left, right] where side.kind == .window {
            throw side.position.error("a window can only be given to a function such as rate or avg_over_time")
        }
        let isBetweenSeries = left.kind == .series && right.kind == .series
        if sign.isSetOperator, !isBetweenSeries {
            throw position.error(
                "\(sign.rawValue) needs a set of series on both sides; \(left.kind == .series ? "the right" : "the left") one is a number"
            )
        }
        if matching != nil, !isBetweenSeries {
            throw position.error("on and ignoring need a set of series on both sides")
        }
        if sign.isComparison, left.kind == .number, right.kind == .number, !isBool {
            throw position.error("a comparison of two numbers needs bool: \(sign.rawValue) bool")
        }
        if let matching, isBetweenSeries {
            for label in matching.labels where !left.labels.contains(label) && !right.labels.contains(label) {
                let known = left.labels.union(right.labels)
                throw position.error(
                    "neither side has a label \(label)\(NearestWord.question(label, in: known.sorted()))")
            }
        }
        if isBetweenSeries, matching == nil, sign != .or, left.labels != right.labels {
            throw position.error(Self.mismatch(left.labels, right.labels, sign))
        }
        return Typed(
            node: .binary(sign, left.node, right.node, isBool: isBool, matching),
            kind: left.kind == .number && right.kind == .number ? .number : .series,
            labels: Self.labels(left, sign, right, matching), position: left.position)
    }

    /// Series whose labels differ never meet, which nobody means.
    private static func mismatch(
        _ left: Set<String>, _ right: Set<String>, _ sign: AlertExpression.BinaryOperator
    ) -> String {
        let common = left.intersection(right).sorted().joined(separator: ", ")
        func list(_ labels: Set<String>) -> String {
            labels.isEmpty ? "no labels" : "the labels " + labels.sorted().joined(separator: ", ")
        }
        return "no series can meet here: the left side has \(list(left)), the right side \(list(right)); "
            + "write \(sign.rawValue) on (\(common))"
    }

    private static func labels(
        _ left: Typed, _ sign: AlertExpression.BinaryOperator, _ right: Typed, _ matching: AlertExpression.Matching?
    ) -> Set<String> {
        if left.kind != .series { return right.labels }
        if right.kind != .series { return left.labels }
        switch sign {
        case .or: return left.labels.union(right.labels)
        case .and, .unless: return left.labels
        default: return matching.map { matching in left.labels.filter(matching.keeps) } ?? left.labels
        }
    }

    // MARK: Lists

    mutating func labelList() throws(AlertExpressionError) -> [String] {
        try take("(")
        var labels: [String] = []
        while current.kind != .sign(")") {
            guard case .word(let label) = current.kind else { throw unexpected("a label's name or )") }
            if !labels.contains(label) { labels.append(label) }
            index += 1
            guard current.kind == .sign(",") else { break }
            index += 1
        }
        try take(")")
        return labels
    }

    mutating func take(_ sign: String) throws(AlertExpressionError) {
        guard current.kind == .sign(sign) else { throw unexpected(sign) }
        index += 1
    }

    func unexpected(_ expected: String) -> AlertExpressionError {
        current.position.error("found \(current.description) where \(expected) was expected")
    }
}
