/// Reads SQL expressions by precedence: `OR`, `AND`, `NOT`, predicates (`IS`, `IN`, `BETWEEN`, `LIKE`), comparisons,
/// `+ - ||`, `* / % DIV`, signs.
struct ExpressionParser {
    var cursor: TokenCursor
    /// How deep the text nests here; bounds the parser's own recursion.
    private var depth = 0

    init(_ cursor: TokenCursor) { self.cursor = cursor }

    /// An expression and how high its tree is; long chains of operators are high without nesting in the text.
    struct Node {
        var expression: Expression
        var height: Int
    }

    /// An expression without an alias.
    mutating func expression() throws(AnalysisError) -> Expression { try disjunction().expression }

    /// An expression under an optional alias, as in a select list.
    mutating func namedExpression() throws(AnalysisError) -> Expression {
        if cursor.isAt(symbol: "*") {
            cursor.advance()
            return .star
        }
        let expression = try expression()
        if cursor.skip("AS") {
            guard let alias = name(Self.isName) else {
                throw cursor.expected("an alias", hint: Self.quoteHint)
            }
            return .alias(expression, alias)
        }
        if let alias = name({ !ReservedWord.all.contains($0) }) { return .alias(expression, alias) }
        return expression
    }

    // MARK: Logic

    private mutating func disjunction() throws(AnalysisError) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Analyzer.maximumDepth else { throw tooDeep() }
        var left = try conjunction()
        while cursor.skip("OR") {
            let right = try conjunction()
            left = try node(.binary(.or, left.expression, right.expression), [left, right])
        }
        return left
    }

    private mutating func conjunction() throws(AnalysisError) -> Node {
        var left = try negation()
        while cursor.skip("AND") {
            let right = try negation()
            left = try node(.binary(.and, left.expression, right.expression), [left, right])
        }
        return left
    }

    private mutating func negation() throws(AnalysisError) -> Node {
        var count = 0
        while cursor.isAt("NOT") || cursor.isAt(symbol: "!") {
            cursor.advance()
            count += 1
        }
        var result = try predicate()
        for _ in 0..<count { result = try node(.unary(.not, result.expression), [result]) }
        return result
    }

    private mutating func predicate() throws(AnalysisError) -> Node {
        let value = try binary(minimum: 0)
        if cursor.isAt("IS") { return try isPredicate(value) }
        let isNegated = cursor.isAt("NOT")
        guard let keyword = isNegated ? cursor.keyword(ahead: 1) : cursor.keyword else { return value }
        switch keyword {
        case "IN", "BETWEEN", "LIKE":
            if isNegated { cursor.advance() }
            cursor.advance()
            let result =
                switch keyword {
                case "IN": try inList(value)
                case "BETWEEN": try between(value)
                default: try like(value)
                }
            return isNegated ? try node(.unary(.not, result.expression), [result]) : result
        case "RLIKE", "REGEXP", "ILIKE": throw cursor.unsupported(keyword)
        default: return value
        }
    }

    private mutating func isPredicate(_ value: Node) throws(AnalysisError) -> Node {
        cursor.advance()
        let isNegated = cursor.skip("NOT")
        let result: Expression
        switch cursor.keyword {
        case "NULL": result = .unary(isNegated ? .isNotNull : .isNull, value.expression)
        case "TRUE", "FALSE":
            let equal = Expression.binary(
                .nullSafeEqual, value.expression, .literal(.boolean(cursor.isAt("TRUE")), .boolean))
            result = isNegated ? .unary(.not, equal) : equal
        case "DISTINCT":
            cursor.advance()
            try cursor.expect("FROM")
            let other = try binary(minimum: 0)
            let equal = Expression.binary(.nullSafeEqual, value.expression, other.expression)
            return try node(isNegated ? equal : .unary(.not, equal), [value, other], levels: 2)
        default: throw cursor.expected("NULL, TRUE, FALSE or DISTINCT FROM")
        }
        cursor.advance()
        return try node(result, [value], levels: 2)
    }

    private mutating func inList(_ value: Node) throws(AnalysisError) -> Node {
        try cursor.expect(symbol: "(")
        if cursor.isAt("SELECT") { throw cursor.unsupported("A subquery") }
        let list = try arguments()
        return try node(.isIn(value.expression, list.map(\.expression)), [value] + list)
    }

    private mutating func between(_ value: Node) throws(AnalysisError) -> Node {
        let low = try binary(minimum: 0)
        try cursor.expect("AND")
        let high = try binary(minimum: 0)
        // Two comparisons under one AND once analyzed.
        let call = Expression.function("between", [value.expression, low.expression, high.expression])
        return try node(call, [value, low, high], levels: 2)
    }

    private mutating func like(_ value: Node) throws(AnalysisError) -> Node {
        if let word = cursor.keyword, ["ANY", "SOME", "ALL"].contains(word) {
            throw cursor.unsupported("LIKE \(word)")
        }
        let pattern = try binary(minimum: 0)
        if cursor.isAt("ESCAPE") { throw cursor.unsupported("ESCAPE") }
        return try node(.function("like", [value.expression, pattern.expression]), [value, pattern])
    }

    // MARK: Values

    /// Comparisons and arithmetic, binding at least as tightly as the minimum.
    private mutating func binary(minimum: Int) throws(AnalysisError) -> Node {
        var left = try signed()
        while let (sign, precedence) = binaryOperator(), precedence >= minimum {
            cursor.advance()
            let right = try binary(minimum: precedence + 1)
            let expression: Expression =
                switch sign {
                case .operation(let operation): .binary(operation, left.expression, right.expression)
                case .concatenation: concatenation(left.expression, right.expression)
                }
            left = try node(expression, [left, right])
        }
        return left
    }

    private enum Sign {
        case operation(BinaryOperator)
        case concatenation
    }

    private func binaryOperator() -> (Sign, Int)? {
        switch cursor.current.kind {
        case .symbol(let symbol):
            switch symbol {
            case "=", "==": (.operation(.equal), 0)
            case "<=>": (.operation(.nullSafeEqual), 0)
            case "<>", "!=": (.operation(.notEqual), 0)
            case "<": (.operation(.less), 0)
            case "<=": (.operation(.lessOrEqual), 0)
            case ">": (.operation(.greater), 0)
            case ">=": (.operation(.greaterOrEqual), 0)
            case "+": (.operation(.add), 1)
            case "-": (.operation(.subtract), 1)
            case "||": (.concatenation, 1)
            case "*": (.operation(.multiply), 2)
            case "/": (.operation(.divide), 2)
            case "%": (.operation(.remainder), 2)
            default: nil
            }
        case .word: cursor.isAt("DIV") ? (.operation(.integralDivide), 2) : nil
        default: nil
        }
    }

    /// `a || b || c` is one call, as Spark names it.
    private func concatenation(_ left: Expression, _ right: Expression) -> Expression {
        .function("concat", [left, right])
    }

    private mutating func signed() throws(AnalysisError) -> Node {
        var minuses = 0
        while cursor.isAt(symbol: "-") || cursor.isAt(symbol: "+") {
            // A sign right before a number belongs to it: the smallest integer has no positive counterpart.
            if cursor.isAt(symbol: "-"), cursor.peek().isNumber { break }
            if cursor.isAt(symbol: "-") { minuses += 1 }
            cursor.advance()
        }
        var result = try postfix()
        for _ in 0..<minuses { result = try node(.unary(.negate, result.expression), [result]) }
        return result
    }

    private mutating func postfix() throws(AnalysisError) -> Node {
        var result = try primary()
        while true {
            if cursor.skip(symbol: "::") {
                result = try node(.cast(result.expression, try type()), [result])
            } else if cursor.isAt(symbol: "[") || cursor.isAt(symbol: "->") {
                throw cursor.unsupported("'\(cursor.isAt(symbol: "[") ? "[" : "->")'")
            } else {
                return result
            }
        }
    }

    // MARK: Building

    /// An expression over parts, refused when its tree grows too high for what walks it later.
    func node(_ expression: Expression, _ parts: [Node], levels: Int = 1) throws(AnalysisError) -> Node {
        let height = (parts.map(\.height).max() ?? 0) + levels
        guard height < Analyzer.maximumDepth else { throw tooDeep() }
        return Node(expression: expression, height: height)
    }

    /// Expressions up to the closing bracket, at least one.
    mutating func arguments() throws(AnalysisError) -> [Node] {
        var result = [try disjunction()]
        while cursor.skip(symbol: ",") { result.append(try disjunction()) }
        try cursor.expect(symbol: ")")
        return result
    }

    /// An expression inside brackets or a call.
    mutating func nested() throws(AnalysisError) -> Node { try disjunction() }

    /// A type, as after `AS` in a cast.
    mutating func type() throws(AnalysisError) -> DataType {
        var parser = TypeParser(cursor)
        let type = try parser.type()
        cursor = parser.cursor
        return type
    }

    /// The name here, if there is one that the condition allows (in capitals); goes past it.
    mutating func name(_ isAllowed: (String) -> Bool) -> String? {
        switch cursor.current.kind {
        case .quotedName(let name):
            cursor.advance()
            return name
        case .word(let word) where isAllowed(word.uppercased()):
            cursor.advance()
            return word
        default: return nil
        }
    }

    static let quoteHint = "a keyword used as a name is written in backquotes"

    /// Whether a word in capitals can be a name where a name must stand.
    private static func isName(_ word: String) -> Bool { word != "FROM" }

    private func tooDeep() -> AnalysisError {
        AnalysisError(
            "FAILED_TO_PARSE_TOO_COMPLEX",
            "The expression nests more than \(Analyzer.maximumDepth) levels deep "
                + "(\(cursor.source.position(cursor.current.offset))).",
            hint: "a long chain of OR can be written with IN")
    }
}
