extension Expression {
    /// The value's type. Meaningful for an analyzed expression; a name not yet looked up is `void`.
    public var dataType: DataType {
        switch self {
        case .attribute, .star: .null
        case .column(_, _, let type, _): type
        case .literal(_, let type): type
        case .alias(let child, _): child.dataType
        case .cast(_, let type): type
        case .unary(let operation, let child): operation == .negate ? child.dataType : .boolean
        case .binary(let operation, let left, _): operation.resultType(operands: left.dataType)
        case .isIn: .boolean
        case .caseWhen(let branches, let otherwise):
            branches.lazy.map(\.value.dataType).first { $0 != .null } ?? otherwise?.dataType ?? .null
        case .function(let name, let arguments):
            ScalarFunction(rawValue: name)?.resultType(of: arguments.map(\.dataType)) ?? .null
        case .aggregate(let function, let argument): function.resultType(of: argument?.dataType)
        }
    }

    /// Whether the value can be null. Meaningful for an analyzed expression.
    public var nullable: Bool {
        switch self {
        case .attribute, .star: true
        case .column(_, _, _, let nullable): nullable
        case .literal(let value, _): value == .null
        case .alias(let child, _): child.nullable
        case .cast(let child, let type): child.nullable || Self.castMayLose(child.dataType, type)
        case .unary(.isNull, _), .unary(.isNotNull, _): false
        case .unary(_, let child): child.nullable
        case .binary(.nullSafeEqual, _, _): false
        // Spark calls every quotient nullable, also where division by zero fails instead of giving null.
        case .binary(.divide, _, _), .binary(.integralDivide, _, _), .binary(.remainder, _, _): true
        case .binary(_, let left, let right): left.nullable || right.nullable
        case .isIn(let value, let list): value.nullable || list.contains(where: \.nullable)
        case .caseWhen(let branches, let otherwise):
            branches.contains(where: \.value.nullable) || (otherwise?.nullable ?? true)
        case .function(let name, let arguments):
            ScalarFunction(rawValue: name)?.isNullable(arguments.map(\.nullable)) ?? true
        case .aggregate(let function, _): function != .count
        }
    }

    /// Whether Spark calls a cast nullable although its value is not: a text may be no value of the type, a fraction no whole
    /// number, also where that fails the query.
    private static func castMayLose(_ from: DataType, _ to: DataType) -> Bool {
        switch (from, to) {
        case (.string, .string), (.string, .binary): false
        case (.string, _): true
        default: from.isFractional && (to.isIntegral || to == .timestamp)
        }
    }

    /// The output column this expression makes.
    public var field: StructField { StructField(name, dataType, nullable: nullable) }

    /// Whether an aggregate function is somewhere inside.
    public var containsAggregate: Bool {
        if case .aggregate = self { return true }
        return children.contains(where: \.containsAggregate)
    }

    /// The operands, in order.
    public var children: [Expression] {
        switch self {
        case .attribute, .star, .column, .literal: []
        case .alias(let child, _), .cast(let child, _), .unary(_, let child): [child]
        case .binary(_, let left, let right): [left, right]
        case .isIn(let value, let list): [value] + list
        case .caseWhen(let branches, let otherwise):
            branches.flatMap { [$0.condition, $0.value] } + (otherwise.map { [$0] } ?? [])
        case .function(_, let arguments): arguments
        case .aggregate(_, let argument): argument.map { [$0] } ?? []
        }
    }

    /// The same node with its operands replaced, from left to right.
    public func mapChildren<Failure>(
        _ transform: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> Expression {
        switch self {
        case .attribute, .star, .column, .literal: return self
        case .alias(let child, let name): return .alias(try transform(child), name)
        case .cast(let child, let type): return .cast(try transform(child), type)
        case .unary(let operation, let child): return .unary(operation, try transform(child))
        case .binary(let operation, let left, let right):
            return .binary(operation, try transform(left), try transform(right))
        case .isIn(let value, let list):
            let newValue = try transform(value)
            var newList: [Expression] = []
            for item in list { newList.append(try transform(item)) }
            return .isIn(newValue, newList)
        case .caseWhen(let branches, let otherwise):
            var newBranches: [WhenBranch] = []
            for branch in branches {
                newBranches.append(WhenBranch(try transform(branch.condition), try transform(branch.value)))
            }
            guard let otherwise else { return .caseWhen(newBranches, otherwise: nil) }
            return .caseWhen(newBranches, otherwise: try transform(otherwise))
        case .function(let name, let arguments):
            var newArguments: [Expression] = []
            for argument in arguments { newArguments.append(try transform(argument)) }
            return .function(name, newArguments)
        case .aggregate(let function, let argument):
            guard let argument else { return self }
            return .aggregate(function, try transform(argument))
        }
    }
}

extension BinaryOperator {
    /// Whether it gives a number.
    public var isArithmetic: Bool {
        switch self {
        case .add, .subtract, .multiply, .divide, .integralDivide, .remainder: true
        case .equal, .nullSafeEqual, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or: false
        }
    }

    /// Whether it compares two values of one type.
    public var isComparison: Bool { !isArithmetic && self != .and && self != .or }

    /// The result's type, given the common type of the analyzed operands.
    func resultType(operands: DataType) -> DataType {
        switch self {
        case .add, .subtract, .multiply, .remainder: operands
        case .divide: .double
        case .integralDivide: .long
        case .equal, .nullSafeEqual, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or: .boolean
        }
    }
}

extension AggregateFunction {
    /// The result's type for an argument's type; nil is `count(*)`.
    func resultType(of argument: DataType?) -> DataType {
        switch self {
        case .count: .long
        case .sum: (argument ?? .null).isIntegral ? .long : .double
        case .avg: .double
        case .min, .max: argument ?? .null
        }
    }
}
