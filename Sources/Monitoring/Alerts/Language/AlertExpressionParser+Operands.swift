extension AlertExpressionParser {
    /// A number, a metric, a call or something in parentheses, and the window behind it.
    mutating func operand() throws(AlertExpressionError) -> Typed {
        let token = current
        var typed: Typed
        switch token.kind {
        case .number(let value, _):
            index += 1
            typed = Typed(node: .number(value), kind: .number, position: token.position)
        case .sign("("):
            index += 1
            typed = try expression(above: 0)
            try take(")")
            typed.position = token.position
        case .sign("{"): throw token.position.error("a metric's name was expected before {")
        case .word(let word):
            index += 1
            typed =
                current.kind == .sign("(") || isAggregation(word)
                ? try call(word, at: token.position) : try selector(word, at: token.position)
        default: throw unexpected("a metric, a number, a function or (")
        }
        while current.kind == .sign("[") { typed = try window(over: typed) }
        if current.kind == .word("offset") { throw current.position.error("offset is not understood") }
        return typed
    }

    private func isAggregation(_ word: String) -> Bool {
        guard AlertExpression.Aggregation(rawValue: word) != nil, case .word(let next) = current.kind else {
            return false
        }
        return next == "by" || next == "without"
    }

    // MARK: Metrics

    private mutating func selector(_ name: String, at position: TextPosition) throws(AlertExpressionError) -> Typed {
        if AlertExpression.BinaryOperator(rawValue: name) != nil {
            throw position.error("found \(name) where a metric, a number, a function or ( was expected")
        }
        guard let metric = vocabulary.metrics[name] else {
            throw position.error("there is no metric \(name)" + question(name))
        }
        var matchers: [LabelMatcher] = []
        if current.kind == .sign("{") {
            index += 1
            while current.kind != .sign("}") {
                matchers.append(try matcher(of: metric, name))
                guard current.kind == .sign(",") else { break }
                index += 1
            }
            try take("}")
        }
        return Typed(
            node: .selector(AlertExpression.Selector(metric: name, matchers: matchers)), kind: .series,
            labels: Set(metric.labels), position: position)
    }

    /// Without the prefix that all share the nearest is easier to find.
    private func question(_ name: String) -> String {
        let names = vocabulary.metrics.keys.sorted()
        if let whole = NearestWord.of(name, in: names) { return "; did you mean \(whole)?" }
        let endings = names.filter { $0.hasSuffix("_" + name) || $0.hasSuffix("_\(name)_total") }
        return endings.first.map { "; did you mean \($0)?" } ?? ""
    }

    private mutating func matcher(
        of metric: AlertVocabulary.Metric, _ name: String
    ) throws(AlertExpressionError) -> LabelMatcher {
        let position = current.position
        guard case .word(let label) = current.kind else { throw unexpected("a label's name or }") }
        guard metric.labels.contains(label) else {
            throw position.error("\(name) has no label \(label)\(NearestWord.question(label, in: metric.labels))")
        }
        let place = tokens[min(index + 2, tokens.count - 1)].position
        let matcher = try looseMatcher()
        let value = matcher.value
        if let values = metric.values[label], matcher.comparison == .equal || matcher.comparison == .notEqual,
            !values.contains(value)
        {
            let question = NearestWord.question(value, in: values)
            throw place.error(
                "\(label) is never \"\(value.prefix(utf8Bytes: 40))\"\(question.isEmpty ? "; it is one of \(values.joined(separator: ", "))" : question)"
            )
        }
        return matcher
    }

    /// A condition on a label of anything.
    mutating func looseMatcher() throws(AlertExpressionError) -> LabelMatcher {
        guard case .word(let label) = current.kind else { throw unexpected("a label's name") }
        index += 1
        guard case .sign(let sign) = current.kind, let comparison = LabelMatcher.Comparison(rawValue: sign) else {
            throw unexpected("=, !=, =~ or !~")
        }
        index += 1
        let place = current.position
        guard case .text(let value) = current.kind else { throw unexpected("a text in quotes") }
        index += 1
        do {
            return try LabelMatcher(label, comparison, value)
        } catch {
            throw place.error(error.message)
        }
    }

    // MARK: Windows

    private mutating func window(over inner: Typed) throws(AlertExpressionError) -> Typed {
        let position = current.position
        guard inner.kind == .series else {
            throw position.error("\(inner.name) has no window; it stands behind a set of series")
        }
        index += 1
        guard case .number(let seconds, isDuration: true) = current.kind else {
            throw unexpected("a duration such as 5m")
        }
        guard seconds >= 1 else { throw current.position.error("a window is 1s long or longer") }
        index += 1
        var isSubquery = false
        if current.kind == .sign(":") {
            index += 1
            isSubquery = true
            if case .number(_, isDuration: true) = current.kind {
                throw current.position.error(
                    "a window's step is that of the evaluation: write [\(AlertNumber.durationText(milliseconds: Int64(seconds * 1000))):]"
                )
            }
        }
        try take("]")
        if case .selector = inner.node {
        } else if !isSubquery {
            throw position.error("a window over an expression is written with a colon: [5m:]")
        }
        return Typed(
            node: inner.node, kind: .window, labels: inner.labels, position: inner.position,
            milliseconds: Int64((seconds * 1000).rounded()))
    }

    // MARK: Calls

    private mutating func call(_ name: String, at position: TextPosition) throws(AlertExpressionError) -> Typed {
        if let function = AlertExpression.WindowFunction(rawValue: name) { return try windowCall(function, position) }
        if let aggregation = AlertExpression.Aggregation(rawValue: name) { return try aggregate(aggregation, position) }
        if let function = AlertExpression.Function(rawValue: name) { return try plainCall(function, position) }
        switch name {
        case "time":
            try take("(")
            try take(")")
            return Typed(node: .time, kind: .number, position: position)
        case "vector":
            try take("(")
            let inner = try argument(.number, "a number")
            try take(")")
            return Typed(node: .vector(inner.node), kind: .series, position: position)
        default:
            let names =
                AlertExpression.WindowFunction.allCases.map(\.rawValue)
                + AlertExpression.Function.allCases.map(\.rawValue)
                + AlertExpression.Aggregation.allCases.map(\.rawValue) + ["time", "vector"]
            throw position.error("there is no function \(name)\(NearestWord.question(name, in: names))")
        }
    }

    private mutating func argument(_ kind: Typed.Kind, _ expected: String) throws(AlertExpressionError) -> Typed {
        if current.kind == .sign(")") { throw unexpected(expected) }
        let typed = try expression(above: 0)
        guard typed.kind == kind else {
            throw typed.position.error("found \(typed.name) where \(expected) was expected")
        }
        return typed
    }

    private mutating func windowCall(
        _ function: AlertExpression.WindowFunction, _ position: TextPosition
    ) throws(AlertExpressionError) -> Typed {
        try take("(")
        let inner = try argument(.window, "series with a window such as metric[5m]")
        try take(")")
        if case .selector(let selector) = inner.node, let metric = vocabulary.metrics[selector.metric] {
            if function.isForCounters, metric.kind != .counter {
                throw inner.position.error(
                    "\(function.rawValue) is for counters, and \(selector.metric) is a gauge: use delta or avg_over_time"
                )
            }
            if function == .delta, metric.kind == .counter {
                throw inner.position.error("delta is for gauges, and \(selector.metric) is a counter: use increase")
            }
        }
        return Typed(
            node: .window(function, inner.node, milliseconds: inner.milliseconds), kind: .series, labels: inner.labels,
            position: position)
    }

    private mutating func aggregate(
        _ aggregation: AlertExpression.Aggregation, _ position: TextPosition
    ) throws(AlertExpressionError) -> Typed {
        var matching = try grouping()
        try take("(")
        let inner = try argument(.series, "a set of series")
        try take(")")
        if let later = try grouping() {
            if matching != nil { throw position.error("\(aggregation.rawValue) has by or without twice") }
            matching = later
        }
        let by = matching ?? AlertExpression.Matching(isOn: true, labels: [])
        for label in by.labels where !inner.labels.contains(label) {
            throw position.error(
                "the series have no label \(label)\(NearestWord.question(label, in: inner.labels.sorted()))")
        }
        return Typed(
            node: .aggregation(aggregation, inner.node, by), kind: .series, labels: inner.labels.filter(by.keeps),
            position: position)
    }

    private mutating func grouping() throws(AlertExpressionError) -> AlertExpression.Matching? {
        guard case .word(let word) = current.kind, word == "by" || word == "without" else { return nil }
        index += 1
        return AlertExpression.Matching(isOn: word == "by", labels: try labelList())
    }

    private mutating func plainCall(
        _ function: AlertExpression.Function, _ position: TextPosition
    ) throws(AlertExpressionError) -> Typed {
        try take("(")
        let inner = try argument(.series, "a set of series")
        var numbers: [Double] = []
        for _ in 0..<function.numbers {
            try take(",")
            let place = current.position
            guard case .number(let value) = try argument(.number, "a number").node else {
                throw place.error("\(function.rawValue) needs a plain number here")
            }
            numbers.append(value)
        }
        try take(")")
        var labels = inner.labels
        if function == .absent {
            labels = []
            if case .selector(let selector) = inner.node {
                labels = Set(selector.matchers.lazy.filter { $0.comparison == .equal }.map(\.label))
            }
        }
        return Typed(node: .call(function, inner.node, numbers), kind: .series, labels: labels, position: position)
    }
}
