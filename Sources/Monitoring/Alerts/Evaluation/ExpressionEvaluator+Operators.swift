import Foundation

extension ExpressionEvaluator {
    /// What an operator makes of both sides.
    mutating func combine(
        _ left: Value, _ sign: AlertExpression.BinaryOperator, _ right: Value, isBool: Bool, _ projection: Int?
    ) throws(Failure) -> Value {
        switch (left, right) {
        case (.number(let left), .number(let right)):
            return .number(Self.result(left, sign, right, isBool: true) ?? 0)
        case (.series(let series), .number(let number)):
            return .series(
                series.compactMap { sample in
                    Self.result(sample.value, sign, number, isBool: isBool).map {
                        Sample(labels: sample.labels, value: $0)
                    }
                })
        case (.number(let number), .series(let series)):
            return .series(
                series.compactMap { sample in
                    guard let value = Self.result(number, sign, sample.value, isBool: isBool) else { return nil }
                    // What a comparison keeps is the series' value, on whichever side it stands.
                    let isKept = sign.isComparison && !isBool
                    return Sample(labels: sample.labels, value: isKept ? sample.value : value)
                })
        case (.series(let left), .series(let right)):
            if sign.isSetOperator { return .series(join(left, sign, right, projection)) }
            return .series(try meet(left, sign, right, isBool: isBool, projection))
        }
    }

    /// `and`, `or`, `unless`.
    private mutating func join(
        _ left: [Sample], _ sign: AlertExpression.BinaryOperator, _ right: [Sample], _ projection: Int?
    ) -> [Sample] {
        let leftKeys = left.map { project(projection, $0.labels) }
        let rightKeys = right.map { project(projection, $0.labels) }
        var marks = takeMarks()
        if sign == .or {
            for key in leftKeys { marks[key] = 1 }
            var result = left
            for (sample, key) in zip(right, rightKeys) where marks[key] < 0 { result.append(sample) }
            giveBack(marks, cleared: leftKeys)
            return result
        }
        for key in rightKeys { marks[key] = 1 }
        let wanted = sign == .and
        var result: [Sample] = []
        for (sample, key) in zip(left, leftKeys) where (marks[key] == 1) == wanted { result.append(sample) }
        giveBack(marks, cleared: rightKeys)
        return result
    }

    /// Arithmetic and comparisons: each series of one side with the one of the other that has the same labels. As in Prometheus nothing is
    /// ambiguous where one side is empty, nor on the left what a comparison does not keep.
    private mutating func meet(
        _ left: [Sample], _ sign: AlertExpression.BinaryOperator, _ right: [Sample], isBool: Bool, _ projection: Int?
    ) throws(Failure) -> [Sample] {
        guard !left.isEmpty, !right.isEmpty else { return [] }
        let leftKeys = left.map { project(projection, $0.labels) }
        let rightKeys = right.map { project(projection, $0.labels) }
        var marks = takeMarks()
        for (index, key) in rightKeys.enumerated() {
            guard marks[key] < 0 else { throw ambiguity(key, "right", sign) }
            marks[key] = index
        }
        var result: [Sample] = []
        for (sample, key) in zip(left, leftKeys) where marks[key] >= 0 {
            let partner = marks[key] % right.count
            guard let value = Self.result(sample.value, sign, right[partner].value, isBool: isBool) else { continue }
            guard marks[key] < right.count else { throw ambiguity(key, "left", sign) }
            // Beyond the list: this one has been met.
            marks[key] = right.count + partner
            let isKept = sign.isComparison && !isBool && projection == nil
            result.append(Sample(labels: isKept ? sample.labels : key, value: value))
        }
        giveBack(marks, cleared: rightKeys)
        return result
    }

    private func ambiguity(_ key: Int, _ side: String, _ sign: AlertExpression.BinaryOperator) -> Failure {
        let labels = samples.labels.labels(of: key).map { LabelMatcher($0.name, equals: $0.value).text }
        return Failure(
            message:
                "several series on the \(side) of \(sign.rawValue) have the labels {\(labels.joined(separator: ", "))}")
    }

    /// What an operator makes of two numbers; nil where a comparison does not hold.
    private static func result(
        _ left: Double, _ sign: AlertExpression.BinaryOperator, _ right: Double, isBool: Bool
    ) -> Double? {
        switch sign {
        case .plus: return left + right
        case .minus: return left - right
        case .times: return left * right
        case .divided: return left / right
        case .modulo: return left.truncatingRemainder(dividingBy: right)
        case .power: return pow(left, right)
        case .equal: return kept(left, left == right, isBool)
        case .notEqual: return kept(left, left != right, isBool)
        case .greater: return kept(left, left > right, isBool)
        case .less: return kept(left, left < right, isBool)
        case .greaterOrEqual: return kept(left, left >= right, isBool)
        case .lessOrEqual: return kept(left, left <= right, isBool)
        case .and, .or, .unless: return nil
        }
    }

    private static func kept(_ value: Double, _ holds: Bool, _ isBool: Bool) -> Double? {
        isBool ? (holds ? 1 : 0) : (holds ? value : nil)
    }

    /// Series put together by the labels that a projection leaves, in the order in which the groups come.
    mutating func aggregate(
        _ aggregation: AlertExpression.Aggregation, _ series: [Sample], _ projection: Int
    ) -> [Sample] {
        let keys = series.map { project(projection, $0.labels) }
        var marks = takeMarks()
        var groups: [Sample] = []
        var counts: [Double] = []
        for (sample, key) in zip(series, keys) {
            guard marks[key] >= 0 else {
                marks[key] = groups.count
                groups.append(Sample(labels: key, value: sample.value))
                counts.append(1)
                continue
            }
            let place = marks[key]
            counts[place] += 1
            switch aggregation {
            case .sum, .avg: groups[place].value += sample.value
            case .max: groups[place].value = max(groups[place].value, sample.value)
            case .min: groups[place].value = min(groups[place].value, sample.value)
            case .count: break
            }
        }
        giveBack(marks, cleared: keys)
        for place in groups.indices {
            if aggregation == .count { groups[place].value = counts[place] }
            if aggregation == .avg { groups[place].value /= counts[place] }
        }
        return groups
    }
}
