extension ExpressionParser {
    /// A constant, a name, a call, a `CASE`, a cast, or brackets.
    mutating func primary() throws(AnalysisError) -> Node {
        switch cursor.current.kind {
        case .symbol("-"):
            cursor.advance()
            return try number(negative: true)
        case .integer, .decimal: return try number(negative: false)
        case .string: return Node(expression: .literal(.string(strings()), .string), height: 1)
        case .symbol("("):
            cursor.advance()
            if cursor.isAt("SELECT") { throw cursor.unsupported("A subquery") }
            let inner = try nested()
            if cursor.isAt(symbol: ",") { throw cursor.unsupported("A row constructor") }
            try cursor.expect(symbol: ")")
            return inner
        case .word, .quotedName: return try word()
        case .symbol, .end: throw cursor.expected("an expression")
        }
    }

    private mutating func word() throws(AnalysisError) -> Node {
        switch cursor.keyword {
        case "TRUE", "FALSE":
            let value = cursor.isAt("TRUE")
            cursor.advance()
            return Node(expression: .literal(.boolean(value), .boolean), height: 1)
        case "NULL":
            cursor.advance()
            return Node(expression: .literal(.null, .null), height: 1)
        case "CASE": return try caseWhen()
        case "CAST": return try cast()
        case "DATE" where cursor.peek().isString: return try typedText(.date)
        case "TIMESTAMP" where cursor.peek().isString: return try typedText(.timestamp)
        case "INTERVAL" where !isEndOfName(cursor.peek()): throw cursor.unsupported("INTERVAL")
        case "EXISTS" where cursor.isAhead("SELECT", by: 2): throw cursor.unsupported("A subquery")
        case "TRY_CAST": throw cursor.unsupported("TRY_CAST")
        case "LIKE" where cursor.peek().kind == .symbol("("): return try call()
        case .some(let word) where ReservedWord.all.contains(word):
            throw cursor.expected("an expression", hint: Self.quoteHint)
        default: break
        }
        if cursor.peek().kind == .symbol("("), cursor.keyword != nil { return try call() }
        return Node(expression: try column(), height: 1)
    }

    /// `name`, `table.name`, `table.*`.
    private mutating func column() throws(AnalysisError) -> Expression {
        var parts: [String] = []
        repeat {
            if cursor.isAt(symbol: "*"), !parts.isEmpty { throw cursor.unsupported("'name.*'") }
            guard let part = name({ _ in true }) else { throw cursor.expected("a column name") }
            parts.append(part)
        } while cursor.skip(symbol: ".")
        if parts.count == 1 {
            // A dot inside the name must not be read as a path to a part.
            return .attribute(
                parts[0].contains(".") || parts[0].contains("`") ? AttributeName.quoted(parts[0]) : parts[0])
        }
        return .attribute(parts.map(AttributeName.quotedIfNeeded).joined(separator: "."))
    }

    // MARK: Constants

    /// Neighbouring texts are one.
    private mutating func strings() -> String {
        var result = ""
        while case .string(let text) = cursor.current.kind {
            result += text
            cursor.advance()
        }
        return result
    }

    private mutating func typedText(_ type: DataType) throws(AnalysisError) -> Node {
        cursor.advance()
        return Node(expression: .cast(.literal(.string(strings()), .string), type), height: 2)
    }

    private mutating func number(negative: Bool) throws(AnalysisError) -> Node {
        let token = cursor.current
        cursor.advance()
        let sign = negative ? "-" : ""
        switch token.kind {
        case .integer(let digits, let suffix):
            guard let value = Int64(sign + digits), let type = Self.integerType(value, suffix) else {
                throw AnalysisError(
                    "NUMERIC_VALUE_OUT_OF_RANGE",
                    "The number \(sign)\(digits)\(suffix) does not fit its type (\(cursor.source.position(token.offset))).",
                    hint: suffix.isEmpty ? "write \(digits)D for a double" : nil)
            }
            return Node(expression: .literal(.long(value), type), height: 1)
        case .decimal(let digits, let suffix):
            if suffix == "BD" { throw cursor.source.unsupported(token.offset, "A decimal constant (BD)") }
            guard let value = Double(sign + (digits.hasPrefix(".") ? "0" : "") + digits), value.isFinite else {
                throw AnalysisError(
                    "NUMERIC_VALUE_OUT_OF_RANGE",
                    "The number \(sign)\(digits)\(suffix) does not fit a double (\(cursor.source.position(token.offset)))."
                )
            }
            if suffix == "F" { return Node(expression: .literal(.double(Double(Float(value))), .float), height: 1) }
            return Node(expression: .literal(.double(value), .double), height: 1)
        case .word, .quotedName, .string, .symbol, .end: throw cursor.expected("a number")
        }
    }

    /// The type of a whole number; nil when it does not fit the one its suffix names.
    private static func integerType(_ value: Int64, _ suffix: String) -> DataType? {
        switch suffix {
        case "L": .long
        case "S": Int16(exactly: value) == nil ? nil : .short
        case "Y": Int8(exactly: value) == nil ? nil : .byte
        default: Int32(exactly: value) == nil ? .long : .integer
        }
    }

    // MARK: CASE, CAST, calls

    private mutating func caseWhen() throws(AnalysisError) -> Node {
        cursor.advance()
        let subject = cursor.isAt("WHEN") ? nil : try nested()
        var branches: [Expression.WhenBranch] = []
        var parts: [Node] = []
        repeat {
            try cursor.expect("WHEN")
            var condition = try nested()
            if let subject {
                condition = try node(.binary(.equal, subject.expression, condition.expression), [subject, condition])
            }
            try cursor.expect("THEN")
            let value = try nested()
            branches.append(.init(condition.expression, value.expression))
            parts += [condition, value]
        } while cursor.isAt("WHEN")
        let otherwise = cursor.skip("ELSE") ? try nested() : nil
        try cursor.expect("END")
        if let otherwise { parts.append(otherwise) }
        return try node(.caseWhen(branches, otherwise: otherwise?.expression), parts)
    }

    private mutating func cast() throws(AnalysisError) -> Node {
        cursor.advance()
        try cursor.expect(symbol: "(")
        let value = try nested()
        try cursor.expect("AS")
        let type = try type()
        try cursor.expect(symbol: ")")
        return try node(.cast(value.expression, type), [value])
    }

    private mutating func call() throws(AnalysisError) -> Node {
        let start = cursor.current.offset
        guard case .word(let spelled) = cursor.current.kind else { throw cursor.expected("a function name") }
        let name = spelled.lowercased()
        cursor.advance()
        cursor.advance()
        if cursor.isAt("DISTINCT") { throw cursor.unsupported("DISTINCT in an aggregate function") }
        let isStar = cursor.isAt(symbol: "*")
        var arguments: [Node] = []
        if isStar {
            cursor.advance()
            try cursor.expect(symbol: ")")
        } else if !cursor.skip(symbol: ")") {
            arguments = try self.arguments()
        }
        if cursor.isAt("OVER") { throw cursor.unsupported("OVER") }
        if cursor.isAt("FILTER"), cursor.peek().kind == .symbol("(") { throw cursor.unsupported("FILTER") }
        if isStar {
            guard name == "count" else {
                throw cursor.source.error(start, near: "'\(spelled)(*)'", "only count takes '*'")
            }
            return Node(expression: .aggregate(.count, nil), height: 1)
        }
        return try node(try call(name, spelled: spelled, arguments.map(\.expression), start), arguments, levels: 2)
    }

    private func call(
        _ name: String, spelled: String, _ arguments: [Expression], _ start: Int
    ) throws(AnalysisError) -> Expression {
        if ["rollup", "cube", "window", "session_window", "grouping", "struct", "array", "map"].contains(name) {
            throw cursor.source.unsupported(start, "\(name)(…)")
        }
        if let function = AggregateFunction(rawValue: name == "mean" ? "avg" : name) {
            guard arguments.count == 1 else {
                if function == .count, arguments.count > 1 {
                    throw cursor.source.unsupported(start, "count of several expressions")
                }
                throw AnalysisError(
                    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                    "The `\(name)` requires 1 parameters but the actual number is \(arguments.count) "
                        + "(\(cursor.source.position(start))).")
            }
            return .aggregate(function, arguments[0])
        }
        // A type's name is also a function that casts.
        if arguments.count == 1, Self.castingNames.contains(name), let type = try? DataType(sql: name) {
            return .cast(arguments[0], type)
        }
        return .function(name, arguments)
    }

    private static let castingNames: Set<String> = [
        "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp",
    ]

    private func isEndOfName(_ token: Token) -> Bool {
        switch token.kind {
        case .symbol, .end: true
        case .word(let word): ReservedWord.all.contains(word.uppercased())
        case .quotedName, .integer, .decimal, .string: false
        }
    }
}

extension Token {
    /// Whether this is a number.
    var isNumber: Bool {
        switch kind {
        case .integer, .decimal: true
        case .word, .quotedName, .string, .symbol, .end: false
        }
    }

    /// Whether this is a text constant.
    var isString: Bool {
        if case .string = kind { return true }
        return false
    }
}

extension TokenCursor {
    /// A later word in capitals; nil for another token.
    func keyword(ahead: Int) -> String? {
        if case .word(let word) = peek(ahead).kind { return word.uppercased() }
        return nil
    }
}

extension Expression {
    /// An expression from SQL text, such as `a + 1 AS b` or `count(*)`. Throws `PARSE_SYNTAX_ERROR` with the place in the
    /// text; names and types are looked at later, by the analyzer.
    public init(sql: String) throws(AnalysisError) {
        var parser = ExpressionParser(try TokenCursor(sql))
        self = try parser.namedExpression()
        try parser.cursor.expectEnd()
    }
}
