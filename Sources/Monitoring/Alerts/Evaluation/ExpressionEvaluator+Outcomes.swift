extension ExpressionEvaluator {
    /// What all comparisons of all expressions say of a moment, and which series there are; nothing is kept of it.
    ///
    /// - Returns: Numbers that are equal for moments of which the same is said; nil where an expression cannot be evaluated.
    func outcomes(of input: AlertInput, steady: Int64) -> [Int]? {
        var copy = self
        copy.begin(input, steady: steady)
        copy.outcomes = copy.samples.values.flatMap { [$0.count] + $0.map(\.labels) }
        for expression in plan.roots.indices {
            do throws(Failure) { _ = try copy.evaluate(expression) } catch { return nil }
        }
        return copy.outcomes
    }

    mutating func note(outcome: Value, isBool: Bool) {
        switch outcome {
        case .number(let number): outcomes?.append(number > 0 ? 1 : 0)
        case .series(let series):
            outcomes?.append(series.count)
            for sample in series { outcomes?.append(isBool && sample.value > 0 ? ~sample.labels : sample.labels) }
        }
    }
}
