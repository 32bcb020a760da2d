/// When judging on and on changes nothing, so that moments can be left out.
///
/// At rest every alert fires whose expression holds, and nothing is counted towards anything: no `for`, no `keep_firing_for`, no missing
/// data. What is judged at even moments then comes back to the same after each ``period(_:)``, but for the calendar.
extension AlertEvaluator {
    /// Whether nothing will happen as long as all expressions find what they have found.
    var isAtRest: Bool {
        guard orphans.isEmpty, begun.isEmpty,
            isReplaying || (notifier.groups.isEmpty && !states.contains(where: \.hasAlerts))
        else { return false }
        return states.allSatisfy { isAtRest($0) }
    }

    /// The rules for which no moment of a replay can be left out now.
    public var restless: [String] { states.filter { !isAtRest($0) }.map(\.rule.name) }

    private func isAtRest(_ state: RuleState) -> Bool {
        guard state.isJudged, state.error == nil, steady >= state.rule.startupGrace.nonNegativeMilliseconds else {
            return false
        }
        let found = engine.plan.timeDependence(state.expression)
        let kept = state.keep.map { engine.plan.timeDependence($0) } ?? .none
        // Labels may say a value.
        guard found != .any, kept != .any, state.constantLabels != nil || found == .none else { return false }
        let isMissing = state.missing > 0 && state.missing < state.rule.noDataFor.nonNegativeMilliseconds
        return !(state.rule.noData == .alert && isMissing) && state.records.values.allSatisfy(\.isSteady)
    }

    /// How long nothing may have changed before what windows hold, and when rules are judged, is the same again and again.
    func memory(_ step: Int64) -> Int64 {
        let windows = engine.plan.windows.map { $0.reach.addingSaturated($0.milliseconds / 16) }.max() ?? 0
        return windows.addingSaturated(pause(step)).addingSaturated(texts(step)).addingSaturated(4 * step)
    }

    /// How long it takes until each rule has been judged twice.
    func pause(_ step: Int64) -> Int64 {
        let longest = states.map { cycle($0.interval, of: step) }.max() ?? step
        return longest.addingSaturated(longest)
    }

    /// The longest time between two writings of an alert's texts.
    func texts(_ step: Int64) -> Int64 { states.map { cycle(textAge, of: cycle($0.interval, of: step)) }.max() ?? step }

    /// After so many milliseconds of even steps the evaluator is as it was: rules are judged, texts written and slices of windows begun
    /// at the same places. Nil where that is too long.
    func period(_ step: Int64) -> Int64? {
        var period: Int64 = step
        func include(_ length: Int64) {
            let (product, overflow) = (period / Self.divisor(period, length)).multipliedReportingOverflow(by: length)
            period = overflow ? .max : product
        }
        for state in states where period < .max {
            let judged = cycle(state.interval, of: step)
            include(judged)
            if period < .max { include(cycle(textAge, of: judged)) }
        }
        for window in engine.plan.windows where period < .max { include(max(1, window.milliseconds / 32)) }
        return period < .max ? period : nil
    }

    private var textAge: Int64 { settings.textAge.nonNegativeMilliseconds }

    /// The length rounded up to whole steps, at least one.
    private func cycle(_ length: Int64, of step: Int64) -> Int64 {
        let count = max(1, length / step + (length % step == 0 ? 0 : 1))
        let (cycle, overflow) = count.multipliedReportingOverflow(by: step)
        return overflow ? .max : cycle
    }

    private static func divisor(_ left: Int64, _ right: Int64) -> Int64 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }

    /// What the expressions would find, as numbers to compare; nil where one cannot be evaluated.
    func outcomes(of input: AlertInput) -> [Int]? { engine.outcomes(of: input, steady: steady) }

    /// Says that whole periods at rest have gone by without being judged: to all that is counted they have not been.
    mutating func leaveOut(until time: MonitorTime) { clock = time }
}

extension AlertEvaluator.RuleState {
    fileprivate var hasAlerts: Bool { !records.isEmpty }
}

extension AlertRecord {
    /// Whether it fires, and nothing is counted towards its end.
    fileprivate var isSteady: Bool {
        alert.state == .firing && clearMilliseconds == nil && missingMilliseconds == nil && !isRestored
    }
}
