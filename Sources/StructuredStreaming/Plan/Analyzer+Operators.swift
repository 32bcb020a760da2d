extension Analyzer {
    /// An operator whose operands are resolved, with the casts its types ask for.
    func typed(_ operation: BinaryOperator, _ left: Expression, _ right: Expression) throws(AnalysisError) -> Expression
    {
        let whole = Expression.binary(operation, left, right)
        switch operation {
        case .and, .or:
            return .binary(
                operation, try condition(left, in: whole, other: right), try condition(right, in: whole, other: left))
        case .divide:
            _ = try arithmeticType(left, right, in: whole)
            return .binary(operation, TypeCoercion.coerce(left, to: .double), TypeCoercion.coerce(right, to: .double))
        case .integralDivide:
            let type = try arithmeticType(left, right, in: whole)
            guard type.isIntegral || left.dataType == right.dataType else { throw differentTypes(whole, left, right) }
            guard type.isIntegral || type == .null else {
                throw .mismatch("BINARY_OP_WRONG_TYPE", whole, "div requires integers, not \(quoted(type))")
            }
            return .binary(operation, TypeCoercion.coerce(left, to: .long), TypeCoercion.coerce(right, to: .long))
        case .add, .subtract, .multiply, .remainder:
            let type = try arithmeticType(left, right, in: whole)
            return .binary(operation, TypeCoercion.coerce(left, to: type), TypeCoercion.coerce(right, to: type))
        case .equal, .nullSafeEqual, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let type = TypeCoercion.common(left.dataType, right.dataType) else {
                throw differentTypes(whole, left, right)
            }
            try requireComparable(type, in: whole)
            return .binary(operation, TypeCoercion.coerce(left, to: type), TypeCoercion.coerce(right, to: type))
        }
    }

    /// `-value` and the logical operators with one operand.
    func typed(_ operation: UnaryOperator, _ child: Expression) throws(AnalysisError) -> Expression {
        let whole = Expression.unary(operation, child)
        switch operation {
        case .isNull, .isNotNull: return whole
        case .not:
            guard child.dataType == .boolean || child.dataType == .null || child.dataType == .string else {
                throw unexpectedInput(whole, position: 1, requires: "\"BOOLEAN\"", child)
            }
            return .unary(.not, TypeCoercion.coerce(child, to: .boolean))
        case .negate:
            if case .literal(.long(let value), let type) = child, value != .min {
                return .literal(.long(-value), type == .long && value == 2_147_483_648 ? .integer : type)
            }
            if case .literal(.double(let value), let type) = child { return .literal(.double(-value), type) }
            let type = child.dataType == .string || child.dataType == .null ? .double : child.dataType
            guard type.isNumeric else { throw unexpectedInput(whole, position: 1, requires: "\"NUMERIC\"", child) }
            return .unary(.negate, TypeCoercion.coerce(child, to: type))
        }
    }

    /// `value IN (…)` with all sides of one type.
    func typedIn(_ value: Expression, _ list: [Expression]) throws(AnalysisError) -> Expression {
        let whole = Expression.isIn(value, list)
        guard let type = TypeCoercion.common(([value] + list).map(\.dataType)) else {
            throw .mismatch(
                "DATA_DIFF_TYPES", whole,
                "input to `in` should all be the same type, but it's [\(typeList([value] + list))]")
        }
        try requireComparable(type, in: whole)
        return .isIn(TypeCoercion.coerce(value, to: type), list.map { TypeCoercion.coerce($0, to: type) })
    }

    /// `CASE` with Boolean conditions and values of one type.
    func typedCase(
        _ branches: [Expression.WhenBranch], otherwise: Expression?
    ) throws(AnalysisError) -> Expression {
        let whole = Expression.caseWhen(branches, otherwise: otherwise)
        let values = branches.map(\.value) + (otherwise.map { [$0] } ?? [])
        guard let type = TypeCoercion.common(values.map(\.dataType)) else {
            throw .mismatch(
                "DATA_DIFF_TYPES", whole,
                "input to `casewhen` should all be the same type, but it's [\(typeList(values))]")
        }
        var typed: [Expression.WhenBranch] = []
        for (index, branch) in branches.enumerated() {
            guard branch.condition.dataType == .boolean || branch.condition.dataType == .null else {
                throw unexpectedInput(whole, position: index * 2 + 1, requires: "\"BOOLEAN\"", branch.condition)
            }
            typed.append(
                .init(
                    TypeCoercion.coerce(branch.condition, to: .boolean), TypeCoercion.coerce(branch.value, to: type)))
        }
        return .caseWhen(typed, otherwise: otherwise.map { TypeCoercion.coerce($0, to: type) })
    }

    /// A conversion that is possible for some value.
    func typedCast(_ child: Expression, _ type: DataType) throws(AnalysisError) -> Expression {
        guard TypeCoercion.canCast(child.dataType, type) else {
            throw .mismatch(
                castRefusal(child.dataType, type), .cast(child, type),
                "cannot cast \(quoted(child.dataType)) to \(quoted(type))")
        }
        return child.dataType == type ? child : .cast(child, type)
    }

    /// Spark's class for a refused cast: it tells where a function or a setting would do what the cast does not.
    private func castRefusal(_ from: DataType, _ to: DataType) -> String {
        switch (from, to) {
        case (.date, _) where to.isNumeric, (_, .date) where from.isNumeric: "CAST_WITH_FUNC_SUGGESTION"
        case (.timestamp, .boolean), (.boolean, .timestamp): "CAST_WITH_CONF_SUGGESTION"
        default: "CAST_WITHOUT_SUGGESTION"
        }
    }

    /// The type arithmetic is done in.
    private func arithmeticType(
        _ left: Expression, _ right: Expression, in whole: Expression
    ) throws(AnalysisError) -> DataType {
        let (leftType, rightType) = (left.dataType, right.dataType)
        if leftType == .null, rightType == .null { return .double }
        if let type = TypeCoercion.common(leftType, rightType), type.isNumeric {
            return TypeCoercion.widerNumber(type, type) ?? type
        }
        // A text is read as what stands beside it, so both are of one type then: one that is no number.
        let isOneType = leftType == rightType || leftType == .string || rightType == .string
        guard !isOneType, leftType != .null, rightType != .null else {
            throw .mismatch(
                "BINARY_OP_WRONG_TYPE", whole,
                "the binary operator requires the input type \"NUMERIC\", not "
                    + quoted(leftType == .null || leftType == .string ? rightType : leftType))
        }
        throw differentTypes(whole, left, right)
    }

    private func condition(
        _ operand: Expression, in whole: Expression, other: Expression
    ) throws(AnalysisError) -> Expression {
        switch operand.dataType {
        case .boolean, .null: return TypeCoercion.coerce(operand, to: .boolean)
        // A text is read as a truth value beside one.
        case .string where other.dataType == .boolean: return TypeCoercion.coerce(operand, to: .boolean)
        default:
            if other.dataType != operand.dataType { throw differentTypes(whole, operand, other) }
            throw .mismatch(
                "BINARY_OP_WRONG_TYPE", whole,
                "the binary operator requires the input type \"BOOLEAN\", not \(quoted(operand.dataType))")
        }
    }

    /// Whether values can be told apart and put in order.
    func requireComparable(_ type: DataType, in whole: Expression) throws(AnalysisError) {
        guard type.isAtomic else {
            throw .mismatch(
                "INVALID_ORDERING_TYPE", whole, "values of type \(quoted(type)) cannot be compared or sorted")
        }
    }

    func differentTypes(_ whole: Expression, _ left: Expression, _ right: Expression) -> AnalysisError {
        .mismatch(
            "BINARY_OP_DIFF_TYPES", whole,
            "the left and right operands of the binary operator have incompatible types "
                + "(\(quoted(left.dataType)) and \(quoted(right.dataType)))")
    }

    func unexpectedInput(
        _ whole: Expression, position: Int, requires type: String, _ argument: Expression
    ) -> AnalysisError {
        .mismatch(
            "UNEXPECTED_INPUT_TYPE", whole,
            "parameter \(position) requires the \(type) type, however \"\(argument.text)\" has the type "
                + quoted(argument.dataType))
    }

    func typeList(_ expressions: [Expression]) -> String {
        expressions.map { quoted($0.dataType) }.joined(separator: ", ")
    }

    func quoted(_ type: DataType) -> String { "\"\(type.sql)\"" }
}

extension AnalysisError {
    /// A type that does not fit, in Spark's words.
    static func mismatch(_ kind: String, _ expression: Expression, _ reason: String) -> AnalysisError {
        AnalysisError(
            "DATATYPE_MISMATCH.\(kind)", "Cannot resolve \"\(expression.text)\" due to data type mismatch: \(reason)")
    }
}
