/// How the parts of an expression change while nothing is heard and no query changes its state.
///
/// Ages grow then, and all else stands still. What is compared with a fixed number can change its side once only; where all comparisons
/// give the same at two moments, they give the same at each moment in between.
enum TimeDependence: Sendable, Hashable {
    /// It stays the same.
    case none
    /// It grows, or stays for a while.
    case growing
    /// It shrinks, or stays for a while.
    case shrinking
    /// Each series does one of these.
    case monotonic
    /// Nothing is known of it.
    case any

    /// Metrics that grow by themselves.
    static let ages: Set<String> = [
        "streamgauge_query_state_age_seconds", "streamgauge_query_last_event_age_seconds",
        "streamgauge_query_last_progress_age_seconds", "streamgauge_query_watermark_delay_seconds",
        "streamgauge_feed_last_event_age_seconds",
    ]

    /// The same with its sign changed.
    var negated: TimeDependence {
        switch self {
        case .growing: .shrinking
        case .shrinking: .growing
        case .none, .monotonic, .any: self
        }
    }

    /// The same times a number.
    func times(_ factor: Double) -> TimeDependence { factor < 0 ? negated : self }

    /// What several series have together, of which each changes so.
    var together: TimeDependence { self == .monotonic ? .any : self }

    /// A sum of two.
    static func + (left: TimeDependence, right: TimeDependence) -> TimeDependence {
        if left == .none { return right }
        if right == .none { return left }
        return left == right ? left.together : .any
    }
}

extension ExpressionPlan {
    /// How an expression's values change with time alone.
    func timeDependence(_ expression: Int) -> TimeDependence { dependence(roots[expression]) }

    private func dependence(_ step: Step) -> TimeDependence {
        switch step {
        case .number: .none
        case .time: .growing
        case .selection(let index): TimeDependence.ages.contains(metrics[selections[index].metric]) ? .growing : .none
        case .vector(let inner): dependence(inner)
        case .negated(let inner): dependence(inner).negated
        case .call(let function, let inner, _, _): call(function, dependence(inner))
        case .binary(let sign, let left, let right, let isBool, _): binary(sign, left, right, isBool: isBool)
        // What a window holds of a comparison may have been another before.
        case .window(_, let index): isTimeless(windows[index].inner) ? .none : .any
        case .aggregation(.count, let inner, _): dependence(inner) == .any ? .any : .none
        case .aggregation(_, let inner, _): dependence(inner).together
        }
    }

    private func call(_ function: AlertExpression.Function, _ inner: TimeDependence) -> TimeDependence {
        switch function {
        case .absent: inner == .any ? .any : .none
        case .abs: inner == .none ? .none : .any
        case .ceil, .floor, .round, .clampMinimum, .clampMaximum: inner
        }
    }

    private func binary(
        _ sign: AlertExpression.BinaryOperator, _ left: Step, _ right: Step, isBool: Bool
    ) -> TimeDependence {
        let (first, second) = (dependence(left), dependence(right))
        if first == .any || second == .any { return .any }
        switch sign {
        case .and, .unless: return first
        case .or: return either(first, second)
        case .plus: return first + second
        case .minus: return first + second.negated
        case .times: return product(first, left, second, right)
        case .divided:
            // What divides must not go through zero.
            if second != .none { return .any }
            if constant(right) == 0 { return first == .none ? .none : .any }
            return product(first, left, second, right)
        case .modulo, .power: return first == .none && second == .none ? .none : .any
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual:
            // An equality holds for a moment; two that change may change their order more than once.
            let isStill = first == .none && second == .none
            if !isStill, sign == .equal || sign == .notEqual { return .any }
            if first != .none && second != .none { return .any }
            return isBool ? .none : first == .none && isNumber(left) ? second : first
        }
    }

    private func either(_ first: TimeDependence, _ second: TimeDependence) -> TimeDependence {
        if first == .none || first == second { return second }
        return second == .none ? first : .monotonic
    }

    /// Two multiplied or divided, of which one at least must stand still: its sign says where the other goes.
    private func product(
        _ first: TimeDependence, _ left: Step, _ second: TimeDependence, _ right: Step
    ) -> TimeDependence {
        if first != .none, second != .none { return .any }
        if first == .none, second == .none { return .none }
        guard let factor = constant(first == .none ? left : right) else { return .monotonic }
        return (first == .none ? second : first).times(factor)
    }

    private func constant(_ step: Step) -> Double? {
        switch step {
        case .number(let number): number
        case .negated(let inner): constant(inner).map(-)
        default: nil
        }
    }

    /// A comparison keeps the values of the series, on whichever side it stands.
    private func isNumber(_ step: Step) -> Bool {
        switch step {
        case .number, .time: true
        case .negated(let inner): isNumber(inner)
        case .call(_, let inner, _, _): isNumber(inner)
        case .binary(_, let left, let right, _, _): isNumber(left) && isNumber(right)
        case .selection, .vector, .window, .aggregation: false
        }
    }

    /// Whether no part of it changes with time alone.
    private func isTimeless(_ step: Step) -> Bool {
        switch step {
        case .number: true
        case .time: false
        case .selection(let index): !TimeDependence.ages.contains(metrics[selections[index].metric])
        case .vector(let inner), .negated(let inner): isTimeless(inner)
        case .call(_, let inner, _, _), .aggregation(_, let inner, _): isTimeless(inner)
        case .binary(_, let left, let right, _, _): isTimeless(left) && isTimeless(right)
        case .window(_, let index): isTimeless(windows[index].inner)
        }
    }
}
