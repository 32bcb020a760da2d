extension Analyzer {
    /// Other spellings of functions.
    private static let synonyms: [String: String] = [
        "power": "pow", "ceiling": "ceil", "signum": "sign", "ucase": "upper", "lcase": "lower", "len": "length",
        "char_length": "length", "character_length": "length", "substr": "substring", "log": "ln", "nvl": "coalesce",
        "ifnull": "coalesce",
    ]

    /// Functions that are rewritten into other expressions.
    private static let rewritten = ["if", "nullif", "between", "isnull", "isnotnull"]

    /// Every name a call can use, for suggestions.
    static var functionNames: [String] {
        ScalarFunction.allCases.map(\.rawValue) + AggregateFunction.allCases.map(\.rawValue)
            + synonyms.keys.sorted() + rewritten
    }

    /// A call whose arguments are resolved: the function looked up, the arguments counted and given their types.
    func typedCall(_ name: String, _ arguments: [Expression]) throws(AnalysisError) -> Expression {
        let lowered = name.lowercased()
        if Self.rewritten.contains(lowered) { return try rewrittenCall(lowered, arguments) }
        // The other spellings need what the named functions need, except that these two take two arguments.
        if lowered == "nvl" || lowered == "ifnull" { try require(lowered, arguments, 2...2) }
        guard let function = ScalarFunction(rawValue: Self.synonyms[lowered] ?? lowered) else {
            let near = NameSuggestion.nearest(to: lowered, among: Self.functionNames)
            throw AnalysisError(
                "UNRESOLVED_ROUTINE", "Cannot resolve routine `\(name)`.",
                hint: near.isEmpty ? nil : "did you mean \(near.prefix(3).joined(separator: ", "))?")
        }
        return try typed(function, spelled: lowered, arguments)
    }

    private func typed(
        _ function: ScalarFunction, spelled name: String, _ arguments: [Expression]
    ) throws(AnalysisError) -> Expression {
        let whole = Expression.function(name, arguments)
        func call(_ arguments: [Expression]) -> Expression { .function(function.rawValue, arguments) }
        switch function {
        case .abs:
            try require(name, arguments, 1...1)
            return call([try number(arguments[0], in: whole)])
        case .round:
            try require(name, arguments, 1...2)
            return call([try number(arguments[0], in: whole), try scale(arguments, in: whole)])
        case .floor, .ceil:
            try require(name, arguments, 1...1)
            let value = try number(arguments[0], in: whole)
            return call([TypeCoercion.coerce(value, to: value.dataType.isIntegral ? .long : .double)])
        case .sqrt, .exp, .ln, .log10, .sign, .isnan:
            try require(name, arguments, 1...1)
            return call(try all(arguments, as: .double, in: whole))
        case .pow:
            try require(name, arguments, 2...2)
            return call(try all(arguments, as: .double, in: whole))
        case .upper, .lower, .trim, .ltrim, .rtrim:
            try require(name, arguments, 1...1)
            return call(try all(arguments, as: .string, in: whole))
        case .length:
            try require(name, arguments, 1...1)
            if arguments[0].dataType == .binary { return call(arguments) }
            return call(try all(arguments, as: .string, in: whole))
        case .like, .startswith, .endswith, .contains:
            try require(name, arguments, 2...2)
            return call(try all(arguments, as: .string, in: whole))
        case .concat:
            return call(try all(arguments, as: .string, in: whole))
        case .substring:
            try require(name, arguments, 2...3)
            return call(try substringArguments(arguments, in: whole))
        case .coalesce:
            try require(name, arguments, 1...Int.max)
            return call(try common(arguments, name, promotingStrings: true, in: whole))
        case .greatest, .least:
            try require(name, arguments, 2...Int.max)
            let typed = try common(arguments, name, promotingStrings: false, in: whole)
            try requireComparable(typed[0].dataType, in: whole)
            return call(typed)
        }
    }

    private func rewrittenCall(_ name: String, _ arguments: [Expression]) throws(AnalysisError) -> Expression {
        switch name {
        case "if":
            try require(name, arguments, 3...3)
            return try typedCase([.init(arguments[0], arguments[1])], otherwise: arguments[2])
        case "nullif":
            try require(name, arguments, 2...2)
            let equal = try typed(.equal, arguments[0], arguments[1])
            return try typedCase([.init(equal, .literal(.null, .null))], otherwise: arguments[0])
        case "between":
            try require(name, arguments, 3...3)
            return .binary(
                .and, try typed(.greaterOrEqual, arguments[0], arguments[1]),
                try typed(.lessOrEqual, arguments[0], arguments[2]))
        default:
            try require(name, arguments, 1...1)
            return .unary(name == "isnull" ? .isNull : .isNotNull, arguments[0])
        }
    }

    /// An aggregate function over a resolved argument.
    func typedAggregate(_ function: AggregateFunction, _ argument: Expression?) throws(AnalysisError) -> Expression {
        let whole = Expression.aggregate(function, argument)
        guard let argument else {
            guard function == .count else { throw wrongCount(function.rawValue, "1", actual: 0) }
            return whole
        }
        switch function {
        case .count:
            // Counting a constant that is not null counts rows.
            if case .literal(let value, _) = argument, value != .null { return .aggregate(.count, nil) }
            return whole
        case .min, .max:
            try requireComparable(argument.dataType, in: whole)
            return whole
        case .sum, .avg: return .aggregate(function, try number(argument, in: whole))
        }
    }

    // MARK: Arguments

    /// Every argument as one atomic type that its own type turns into by itself.
    private func all(
        _ arguments: [Expression], as type: DataType, in whole: Expression
    ) throws(AnalysisError) -> [Expression] {
        var result: [Expression] = []
        for (index, argument) in arguments.enumerated() {
            let given = argument.dataType
            let fits =
                given == type || given == .null || (type == .string && given.isAtomic)
                || (type.isNumeric && (given.isNumeric || given == .string))
            guard fits else { throw unexpectedInput(whole, position: index + 1, requires: quoted(type), argument) }
            result.append(TypeCoercion.coerce(argument, to: type))
        }
        return result
    }

    /// A number; a text is read as a double, a decimal goes on as one.
    private func number(_ argument: Expression, in whole: Expression) throws(AnalysisError) -> Expression {
        switch argument.dataType {
        case .string, .null, .decimal: return TypeCoercion.coerce(argument, to: .double)
        case let type where type.isNumeric: return argument
        default: throw unexpectedInput(whole, position: 1, requires: "\"NUMERIC\"", argument)
        }
    }

    private func scale(_ arguments: [Expression], in whole: Expression) throws(AnalysisError) -> Expression {
        guard arguments.count == 2 else { return .literal(.long(0), .integer) }
        guard case .literal(.long(let scale), _) = arguments[1] else {
            throw .mismatch(
                "NON_FOLDABLE_INPUT", whole,
                "the input `scale` should be a foldable \"INT\" expression; however, got \"\(arguments[1].text)\"")
        }
        return .literal(.long(scale), .integer)
    }

    private func substringArguments(
        _ arguments: [Expression], in whole: Expression
    ) throws(AnalysisError) -> [Expression] {
        let text = try all([arguments[0]], as: .string, in: whole)
        let length = arguments.count == 3 ? arguments[2] : .literal(.long(Int64(Int32.max)), .integer)
        return text + (try all([arguments[1], length], as: .integer, in: whole))
    }

    private func common(
        _ arguments: [Expression], _ name: String, promotingStrings: Bool, in whole: Expression
    ) throws(AnalysisError) -> [Expression] {
        guard let type = TypeCoercion.common(arguments.map(\.dataType), promotingStrings: promotingStrings) else {
            throw .mismatch(
                "DATA_DIFF_TYPES", whole,
                "input to `\(name)` should all be the same type, but it's [\(typeList(arguments))]")
        }
        return arguments.map { TypeCoercion.coerce($0, to: type) }
    }

    private func require(
        _ name: String, _ arguments: [Expression], _ counts: ClosedRange<Int>
    ) throws(AnalysisError) {
        guard !counts.contains(arguments.count) else { return }
        let wanted =
            if counts.upperBound == .max {
                "> \(counts.lowerBound - 1)"
            } else if counts.lowerBound == counts.upperBound {
                "\(counts.lowerBound)"
            } else {
                "[\(counts.lowerBound), \(counts.upperBound)]"
            }
        throw wrongCount(name, wanted, actual: arguments.count)
    }

    private func wrongCount(_ name: String, _ wanted: String, actual: Int) -> AnalysisError {
        AnalysisError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            "The `\(name)` requires \(wanted) parameters but the actual number is \(actual).")
    }
}
