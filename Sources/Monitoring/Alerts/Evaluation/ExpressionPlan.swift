/// Expressions prepared for evaluation: equal windows and conditions of several rules are one.
struct ExpressionPlan: Sendable {
    /// A step with its parts found: numbers point into the plan's lists.
    indirect enum Step: Sendable {
        case number(Double)
        case time
        case selection(Int)
        case vector(Step)
        case negated(Step)
        case binary(AlertExpression.BinaryOperator, Step, Step, isBool: Bool, projection: Int?)
        case call(AlertExpression.Function, Step, [Double], [MetricLabel])
        case window(AlertExpression.WindowFunction, Int)
        case aggregation(AlertExpression.Aggregation, Step, projection: Int)
    }

    struct Selection: Sendable {
        var metric: Int
        var matchers: [LabelMatcher]
    }

    struct Window: Sendable {
        var kind: WindowKind
        var inner: Step
        var milliseconds: Int64
        /// The same for the same window of whatever expression.
        var key: String
        /// How far back it and the windows in it look together, in milliseconds.
        var reach: Int64
    }

    private(set) var metrics: [String] = []
    private(set) var selections: [Selection] = []
    private(set) var windows: [Window] = []
    private(set) var projections: [AlertExpression.Matching] = []
    private(set) var roots: [Step] = []
    /// By expression: the windows and the selections that it reads.
    private(set) var windowsRead: [Set<Int>] = []
    private(set) var selectionsRead: [Set<Int>] = []
    private var known: [String: Int] = [:]

    /// The longest window in milliseconds; 0 without one.
    var longestWindow: Int64 { windows.map(\.milliseconds).max() ?? 0 }

    /// Prepares expressions; each is evaluated by its place among them.
    init(_ expressions: [AlertExpression]) {
        for expression in expressions {
            let root = step(expression.root)
            roots.append(root)
            var (windows, selections) = (Set<Int>(), Set<Int>())
            note(root, &windows, &selections)
            windowsRead.append(windows)
            selectionsRead.append(selections)
        }
    }

    private func note(_ step: Step, _ windows: inout Set<Int>, _ selections: inout Set<Int>) {
        switch step {
        case .number, .time: break
        case .selection(let index): selections.insert(index)
        case .vector(let inner), .negated(let inner), .call(_, let inner, _, _), .aggregation(_, let inner, _):
            note(inner, &windows, &selections)
        case .binary(_, let left, let right, _, _):
            note(left, &windows, &selections)
            note(right, &windows, &selections)
        case .window(_, let index):
            windows.insert(index)
            note(self.windows[index].inner, &windows, &selections)
        }
    }

    private mutating func step(_ node: AlertExpression.Node) -> Step {
        switch node {
        case .number(let value): return .number(value)
        case .time: return .time
        case .selector(let selector): return .selection(selection(selector))
        case .vector(let inner): return .vector(step(inner))
        case .negated(let inner): return .negated(step(inner))
        case .call(let function, let inner, let numbers):
            var labels: [MetricLabel] = []
            if function == .absent, case .selector(let selector) = inner {
                labels = selector.matchers.filter { $0.comparison == .equal }.map { MetricLabel($0.label, $0.value) }
            }
            return .call(function, step(inner), numbers, labels.normalized)
        case .binary(let sign, let left, let right, let isBool, let matching):
            return .binary(
                sign, step(left), step(right), isBool: isBool, projection: matching.map { projection($0) })
        case .aggregation(let aggregation, let inner, let matching):
            return .aggregation(aggregation, step(inner), projection: projection(matching))
        case .window(let function, let inner, let milliseconds):
            // Functions of one kind read the same slices.
            let kind = WindowKind(function)
            let key = "window \(kind) \(milliseconds) \(inner.text)"
            if let index = known[key] { return .window(function, index) }
            let inner = step(inner)
            var (within, selections) = (Set<Int>(), Set<Int>())
            note(inner, &within, &selections)
            let reach = milliseconds.addingSaturated(within.map { windows[$0].reach }.max() ?? 0)
            windows.append(Window(kind: kind, inner: inner, milliseconds: milliseconds, key: key, reach: reach))
            known[key] = windows.count - 1
            return .window(function, windows.count - 1)
        }
    }

    private mutating func selection(_ selector: AlertExpression.Selector) -> Int {
        let key = "selection \(selector.text)"
        if let index = known[key] { return index }
        if !metrics.contains(selector.metric) { metrics.append(selector.metric) }
        let metric = metrics.firstIndex(of: selector.metric) ?? 0
        selections.append(Selection(metric: metric, matchers: selector.matchers))
        known[key] = selections.count - 1
        return selections.count - 1
    }

    private mutating func projection(_ matching: AlertExpression.Matching) -> Int {
        if let index = projections.firstIndex(of: matching) { return index }
        projections.append(matching)
        return projections.count - 1
    }
}
