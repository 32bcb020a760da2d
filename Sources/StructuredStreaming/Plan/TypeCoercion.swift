/// Which type operands of different types meet in: Spark's ANSI rules.
///
/// Decimals take part in arithmetic and comparisons as doubles.
enum TypeCoercion {
    /// The type both numbers fit in.
    static func widerNumber(_ left: DataType, _ right: DataType) -> DataType? {
        guard left.isNumeric, right.isNumeric else { return nil }
        if left == right, left != .float { return isDecimal(left) ? .double : left }
        if isDecimal(left) || isDecimal(right) { return .double }
        if left == .double || right == .double { return .double }
        // A float holds fewer digits than an integer: the two meet in a double.
        if left == .float || right == .float { return left == right ? .float : .double }
        let order: [DataType] = [.byte, .short, .integer, .long]
        return order.last { $0 == left || $0 == right }
    }

    /// The type of a text's counterpart: what the text is read as.
    static func promotedString(against other: DataType) -> DataType? {
        if other.isIntegral { return .long }
        if other.isFractional { return .double }
        switch other {
        case .boolean, .date, .timestamp, .timestampNTZ, .binary: return other
        default: return nil
        }
    }

    /// The type two values are compared or returned in; nil when they do not meet.
    static func common(_ left: DataType, _ right: DataType, promotingStrings: Bool = true) -> DataType? {
        if left == right { return left }
        if left == .null { return right }
        if right == .null { return left }
        if let number = widerNumber(left, right) { return number }
        if left.isDatetime, right.isDatetime {
            return left == .timestamp || right == .timestamp ? .timestamp : .timestampNTZ
        }
        guard promotingStrings else { return nil }
        if left == .string { return promotedString(against: right) }
        if right == .string { return promotedString(against: left) }
        return nil
    }

    /// The common type of all; nil when they do not meet.
    static func common(_ types: [DataType], promotingStrings: Bool = true) -> DataType? {
        var result = DataType.null
        for type in types {
            guard let wider = common(result, type, promotingStrings: promotingStrings) else { return nil }
            result = wider
        }
        return result
    }

    /// The expression as a value of the type: itself, a constant of that type, or a cast.
    static func coerce(_ expression: Expression, to type: DataType) -> Expression {
        guard expression.dataType != type else { return expression }
        switch (expression, type) {
        case (.literal(.null, _), _): return .literal(.null, type)
        case (.literal(.long(let value), _), .double): return .literal(.double(Double(value)), .double)
        case (.literal(.long(let value), let old), .long) where old.isIntegral: return .literal(.long(value), .long)
        default: return .cast(expression, type)
        }
    }

    /// Whether a value of the first type can be cast to the second at all; a single value may still fail.
    static func canCast(_ from: DataType, _ to: DataType) -> Bool {
        if from == to || from == .null { return true }
        switch (from, to) {
        case (.array(let old, _), .array(let new, _)): return canCast(old, new)
        case (.map(let oldKey, let oldValue, _), .map(let newKey, let newValue, _)):
            return canCast(oldKey, newKey) && canCast(oldValue, newValue)
        case (.structure(let old), .structure(let new)):
            return old.fields.count == new.fields.count
                && zip(old.fields, new.fields).allSatisfy { canCast($0.dataType, $1.dataType) }
        case (_, .string): return true
        case (.string, _): return to.isAtomic && to != .null
        case (.boolean, _): return to.isNumeric
        case (_, .boolean): return from.isNumeric
        case (.timestamp, _), (_, .timestamp):
            return (from.isDatetime || from.isNumeric) && (to.isDatetime || to.isNumeric)
        default: return (from.isNumeric && to.isNumeric) || (from.isDatetime && to.isDatetime)
        }
    }

    private static func isDecimal(_ type: DataType) -> Bool {
        if case .decimal = type { return true }
        return false
    }
}
