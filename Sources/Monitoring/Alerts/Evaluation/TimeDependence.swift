/// How the parts of an expression change while nothing is heard and no query changes its state.
///
/// Ages grow then, and all else stands still. What is compared with a fixed number can change its side once only; where all comparisons
/// give the same at two moments, they give the same at each moment in between.
enum TimeDependence: Sendable, Hashable {
    /// It stays the same.
    case none
    /// It grows, or it shrinks.
    case monotonic
    /// Nothing is known of it.
    case any

    /// Metrics that grow by themselves.
    static let ages: Set<String> = [
        "streamgauge_query_state_age_seconds", "streamgauge_query_last_event_age_seconds",
        "streamgauge_query_last_progress_age_seconds", "streamgauge_query_watermark_delay_seconds",
        "streamgauge_feed_last_event_age_seconds",
    ]

    /// The greater of two: one of them alone says how both together change.
    static func worse(_ left: TimeDependence, _ right: TimeDependence) -> TimeDependence {
        if left == .none { return right }
        return right == .none ? left : .any
    }
}

extension ExpressionPlan {
    /// How an expression's values change with time alone.
    func timeDependence(_ expression: Int) -> TimeDependence { dependence(roots[expression]) }

    private func dependence(_ step: Step) -> TimeDependence {
        switch step {
        case .number: .none
        case .time: .monotonic
        case .selection(let index): TimeDependence.ages.contains(metrics[selections[index].metric]) ? .monotonic : .none
        case .vector(let inner), .negated(let inner): dependence(inner)
        case .call(let function, let inner, _, _): call(function, dependence(inner))
        case .binary(let sign, let left, let right, let isBool, _): binary(sign, left, right, isBool: isBool)
        // What a window holds of a comparison may have been another before.
        case .window(_, let index): isTimeless(windows[index].inner) ? .none : .any
        case .aggregation(let aggregation, let inner, _):
            dependence(inner) == .none || (aggregation == .count && dependence(inner) != .any) ? .none : .any
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
        case .or: return first == .none && second == .none ? .none : .monotonic
        case .plus, .minus, .times: return TimeDependence.worse(first, second)
        case .divided:
            if case .number(let divisor) = right, divisor != 0 { return first }
            return first == .none && second == .none ? .none : .any
        case .modulo, .power: return first == .none && second == .none ? .none : .any
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual:
            // An equality holds for a moment; two that change may change their order more than once.
            let isStill = first == .none && second == .none
            if !isStill, sign == .equal || sign == .notEqual { return .any }
            if first != .none && second != .none { return .any }
            return isBool ? .none : first == .none && isNumber(left) ? second : first
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
