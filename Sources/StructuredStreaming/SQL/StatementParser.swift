/// Reads one `SELECT` statement into a plan.
struct StatementParser {
    /// The plan of a table's name, or an error.
    typealias TableResolver = (String) throws(AnalysisError) -> LogicalPlan

    private var parser: ExpressionParser
    private let table: TableResolver

    init(_ sql: String, table: @escaping TableResolver) throws(AnalysisError) {
        parser = ExpressionParser(try TokenCursor(sql))
        self.table = table
    }

    /// The clauses of a statement, before they are put together.
    private struct Clauses {
        var outputs: [Expression] = []
        var source = LogicalPlan.local(StructType([]), [[]])
        var qualifier: String?
        var condition: Expression?
        var grouping: [Expression]?
        var having: Expression?
        var orders: [LogicalPlan.SortOrder] = []
        var limit: Int?
    }

    /// The whole text as one statement.
    mutating func statement() throws(AnalysisError) -> LogicalPlan {
        try requireSelect()
        var clauses = Clauses()
        if parser.cursor.isAt("DISTINCT") { throw parser.cursor.unsupported("SELECT DISTINCT") }
        _ = parser.cursor.skip("ALL")
        repeat { clauses.outputs.append(try parser.namedExpression()) } while parser.cursor.skip(symbol: ",")
        if parser.cursor.skip("FROM") { (clauses.source, clauses.qualifier) = try relation() }
        if parser.cursor.skip("WHERE") { clauses.condition = try parser.expression() }
        if parser.cursor.skip("GROUP") { clauses.grouping = try grouping() }
        if parser.cursor.skip("HAVING") { clauses.having = try parser.expression() }
        if parser.cursor.skip("ORDER") { clauses.orders = try orders() }
        if parser.cursor.skip("LIMIT"), !parser.cursor.skip("ALL") { clauses.limit = try limit() }
        if let word = parser.cursor.keyword, let what = Self.unsupportedClauses[word] {
            throw parser.cursor.unsupported(what)
        }
        try expectEnd(after: clauses)
        return plan(clauses)
    }

    private mutating func requireSelect() throws(AnalysisError) {
        if parser.cursor.skip("SELECT") { return }
        let others = [
            "WITH", "INSERT", "CREATE", "DROP", "VALUES", "TABLE", "SHOW", "DESCRIBE", "EXPLAIN", "FROM", "SET",
        ]
        if let word = parser.cursor.keyword, others.contains(word) {
            throw parser.cursor.unsupported("A statement that begins with \(word)")
        }
        throw parser.cursor.expected("SELECT")
    }

    /// What could have come next, said in the order of the clauses.
    private func expectEnd(after clauses: Clauses) throws(AnalysisError) {
        var cursor = parser.cursor
        while cursor.skip(symbol: ";") {}
        guard cursor.current.kind != .end else { return }
        var choices: [String] = []
        if clauses.qualifier == nil { choices.append("FROM") }
        if clauses.condition == nil, clauses.grouping == nil { choices.append("WHERE") }
        if clauses.grouping == nil { choices.append("GROUP BY") }
        choices += ["ORDER BY", "LIMIT"]
        throw parser.cursor.expected("\(choices.joined(separator: ", ")) or end of input")
    }

    private static let unsupportedClauses: [String: String] = [
        "JOIN": "JOIN", "INNER": "JOIN", "LEFT": "JOIN", "RIGHT": "JOIN", "FULL": "JOIN", "CROSS": "JOIN",
        "NATURAL": "JOIN", "ON": "JOIN", "LATERAL": "LATERAL VIEW", "UNION": "UNION", "INTERSECT": "INTERSECT",
        "EXCEPT": "EXCEPT", "MINUS": "MINUS", "WINDOW": "WINDOW", "OFFSET": "OFFSET", "SORT": "SORT BY",
        "CLUSTER": "CLUSTER BY", "DISTRIBUTE": "DISTRIBUTE BY", "PIVOT": "PIVOT", "UNPIVOT": "UNPIVOT",
        "TABLESAMPLE": "TABLESAMPLE", "QUALIFY": "QUALIFY",
    ]

    // MARK: Clauses

    private mutating func relation() throws(AnalysisError) -> (LogicalPlan, qualifier: String) {
        if parser.cursor.isAt(symbol: "(") { throw parser.cursor.unsupported("A subquery") }
        var parts: [String] = []
        repeat {
            guard let part = parser.name({ !ReservedWord.all.contains($0) }) else {
                throw parser.cursor.expected("a table name")
            }
            parts.append(part)
        } while parser.cursor.skip(symbol: ".")
        if parser.cursor.isAt(symbol: "(") { throw parser.cursor.unsupported("A table function") }
        let plan = try table(parts.joined(separator: "."))
        if let word = parser.cursor.keyword, let what = Self.unsupportedClauses[word] {
            throw parser.cursor.unsupported(what)
        }
        let hasAs = parser.cursor.skip("AS")
        let alias = parser.name { !ReservedWord.all.contains($0) }
        if hasAs, alias == nil { throw parser.cursor.expected("an alias") }
        if parser.cursor.isAt(symbol: ",") { throw parser.cursor.unsupported("JOIN (several tables in FROM)") }
        return (plan, alias ?? parts[parts.count - 1])
    }

    private mutating func grouping() throws(AnalysisError) -> [Expression] {
        try parser.cursor.expect("BY")
        if parser.cursor.isAt("ALL") || parser.cursor.isAhead("SETS") {
            throw parser.cursor.unsupported("GROUP BY ALL, GROUPING SETS")
        }
        var result = [try parser.expression()]
        while parser.cursor.skip(symbol: ",") { result.append(try parser.expression()) }
        if parser.cursor.isAt("WITH") { throw parser.cursor.unsupported("WITH ROLLUP, WITH CUBE") }
        return result
    }

    private mutating func orders() throws(AnalysisError) -> [LogicalPlan.SortOrder] {
        try parser.cursor.expect("BY")
        var result: [LogicalPlan.SortOrder] = []
        repeat {
            let expression = try parser.expression()
            let ascending = !parser.cursor.skip("DESC")
            if ascending { _ = parser.cursor.skip("ASC") }
            if parser.cursor.isAt("NULLS") {
                let natural = ascending ? "FIRST" : "LAST"
                guard parser.cursor.isAhead(natural) else {
                    throw parser.cursor.unsupported("NULLS other than \(natural)")
                }
                parser.cursor.advance()
                parser.cursor.advance()
            }
            result.append(.init(expression, ascending: ascending))
        } while parser.cursor.skip(symbol: ",")
        return result
    }

    private mutating func limit() throws(AnalysisError) -> Int {
        let isNegative = parser.cursor.skip(symbol: "-")
        guard case .integer(let digits, _) = parser.cursor.current.kind, let count = Int(digits) else {
            throw parser.cursor.expected("a whole number")
        }
        parser.cursor.advance()
        return isNegative ? -count : count
    }

    // MARK: The plan

    private func plan(_ clauses: Clauses) -> LogicalPlan {
        func unqualified(_ expression: Expression) -> Expression { expression.removingQualifier(clauses.qualifier) }
        var plan = clauses.source
        if let condition = clauses.condition { plan = .filter(unqualified(condition), plan) }
        let outputs = clauses.outputs.map(unqualified)
        if clauses.grouping != nil || clauses.having != nil || outputs.contains(where: \.containsAggregate) {
            plan = .aggregate(grouping: (clauses.grouping ?? []).map(unqualified), outputs: outputs, plan)
        } else {
            plan = .project(outputs, plan)
        }
        if let having = clauses.having { plan = .filter(unqualified(having), plan) }
        if !clauses.orders.isEmpty {
            plan = .sort(clauses.orders.map { .init(unqualified($0.expression), ascending: $0.ascending) }, plan)
        }
        if let limit = clauses.limit { plan = .limit(limit, plan) }
        return plan
    }
}

extension Expression {
    /// The expression with `table.column` as `column`. Its depth is bounded by the parser.
    fileprivate func removingQualifier(_ qualifier: String?) -> Expression {
        guard let qualifier else { return self }
        if case .attribute(let name) = self {
            let prefix = AttributeName.quotedIfNeeded(qualifier) + "."
            guard name.prefix(prefix.count).lowercased() == prefix.lowercased() else { return self }
            return .attribute(String(name.dropFirst(prefix.count)))
        }
        return mapChildren { $0.removingQualifier(qualifier) }
    }
}

extension LogicalPlan {
    /// The plan of a `SELECT` statement. Tables are asked of the closure by the name after `FROM`.
    /// Throws `PARSE_SYNTAX_ERROR` with the place in the text, `UNSUPPORTED_FEATURE.SQL`, or what the closure throws.
    public init(
        sql: String, table: @escaping (String) throws(AnalysisError) -> LogicalPlan
    ) throws(AnalysisError) {
        var parser = try StatementParser(sql, table: table)
        self = try parser.statement()
    }

    /// The plan of a `SELECT` statement over tables given by name, compared without regard to case.
    public init(sql: String, tables: [String: LogicalPlan]) throws(AnalysisError) {
        try self.init(sql: sql) { name throws(AnalysisError) in
            let lowered = name.lowercased()
            if let plan = tables.first(where: { $0.key.lowercased() == lowered })?.value { return plan }
            let known = tables.keys.sorted().map { "`\($0)`" }.joined(separator: ", ")
            throw AnalysisError(
                "TABLE_OR_VIEW_NOT_FOUND", "The table or view `\(name)` cannot be found.",
                hint: known.isEmpty ? nil : "known: \(known)")
        }
    }
}
