/// Turns a plan as written into one that can be run: names looked up, types made to fit, aggregates checked.
///
/// In the result no expression holds a name or a star; every ``Expression/column(index:name:type:nullable:)`` points into
/// the child's ``LogicalPlan/schema``; operands have the types their operators need; every output has a name. Analyzing an
/// analyzed plan changes nothing. Names are compared without regard to case, as Spark does by default.
public struct Analyzer: Sendable {
    /// How deep expressions and plans may nest.
    static let maximumDepth = 400

    private let tableSchema: @Sendable (String) throws -> StructType

    /// Creates an analyzer that asks the closure for the schemas of named tables.
    public init(tableSchema: @escaping @Sendable (String) throws -> StructType) {
        self.tableSchema = tableSchema
    }

    /// The plan, resolved. Throws what is wrong with it, under Spark's error class.
    public func analyze(_ plan: LogicalPlan) throws(AnalysisError) -> LogicalPlan {
        try analyze(plan, depth: 0)
    }

    private func analyze(_ plan: LogicalPlan, depth: Int) throws(AnalysisError) -> LogicalPlan {
        guard depth < Self.maximumDepth else {
            throw AnalysisError(
                "FAILED_TO_PARSE_TOO_COMPLEX", "The plan has more than \(Self.maximumDepth) steps one above another.",
                hint: "split the query")
        }
        switch plan {
        case .relation(let relation):
            try requireDistinct(relation.schema.names)
            return plan
        case .local(let schema, _):
            try requireDistinct(schema.names)
            return plan
        case .table(let name, _): return .table(name, schema: try schema(ofTable: name))
        case .project(let outputs, let child):
            return try analyzeProject(outputs, over: try analyze(child, depth: depth + 1))
        case .filter(let condition, let child):
            return try analyzeFilter(condition, over: try analyze(child, depth: depth + 1))
        case .aggregate(let grouping, let outputs, let child):
            return try analyzeAggregate(grouping, outputs, over: try analyze(child, depth: depth + 1))
        case .sort(let orders, let child):
            return try analyzeSort(orders, over: try analyze(child, depth: depth + 1))
        case .limit(let count, let child):
            guard count >= 0 else {
                throw AnalysisError(
                    "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE",
                    "The limit expression must be equal to or greater than 0, but got \(count).")
            }
            return .limit(count, try analyze(child, depth: depth + 1))
        }
    }

    private func schema(ofTable name: String) throws(AnalysisError) -> StructType {
        do {
            return try tableSchema(name)
        } catch let error as AnalysisError {
            throw error
        } catch {
            throw AnalysisError("TABLE_OR_VIEW_NOT_FOUND", "The table or view `\(name)` cannot be found: \(error)")
        }
    }

    /// Columns of a source must differ by more than case, or none of them could be named.
    private func requireDistinct(_ names: [String]) throws(AnalysisError) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name.lowercased()).inserted {
            throw AnalysisError(
                "COLUMN_ALREADY_EXISTS",
                "The column `\(name.lowercased())` already exists. Choose another name or rename the existing column.")
        }
    }

    private func analyzeProject(_ outputs: [Expression], over child: LogicalPlan) throws(AnalysisError) -> LogicalPlan {
        let expanded = expandStars(outputs, child.schema)
        guard !expanded.contains(where: \.containsAggregate) else {
            return try analyzeAggregate([], expanded, over: child)
        }
        var resolved: [Expression] = []
        for output in expanded { resolved.append(try resolveOutput(output, child.schema)) }
        return .project(resolved, child)
    }

    private func analyzeFilter(_ condition: Expression, over child: LogicalPlan) throws(AnalysisError) -> LogicalPlan {
        let (resolved, extended) = try resolve(condition, reachingBelow: child) {
            AnalysisError(
                "INVALID_WHERE_CONDITION",
                "The WHERE condition \"\(condition.text)\" contains an aggregate function.",
                hint: "use HAVING, or aggregate first and filter the result")
        }
        guard resolved.dataType == .boolean || resolved.dataType == .null else {
            throw .mismatch(
                "FILTER_NOT_BOOLEAN", condition,
                "filter expression \"\(condition.text)\" of type \(quoted(resolved.dataType)) is not a boolean")
        }
        let filtered = LogicalPlan.filter(TypeCoercion.coerce(resolved, to: .boolean), extended)
        return dropHidden(from: filtered, keeping: child.schema)
    }

    private func analyzeSort(
        _ orders: [LogicalPlan.SortOrder], over child: LogicalPlan
    ) throws(AnalysisError) -> LogicalPlan {
        var extended = child
        var resolved: [LogicalPlan.SortOrder] = []
        for order in orders {
            let expression: Expression
            if let column = try ordinal(order.expression, of: child.schema.fields.count, clause: "ORDER BY") {
                expression = columns(of: child.schema)[column]
            } else {
                (expression, extended) = try resolve(order.expression, reachingBelow: extended) {
                    AnalysisError(
                        "UNSUPPORTED_EXPR_FOR_OPERATOR",
                        "ORDER BY \"\(order.expression.text)\" contains an aggregate function, but the query has none.")
                }
            }
            try requireComparable(expression.dataType, in: order.expression)
            resolved.append(.init(expression, ascending: order.ascending))
        }
        return dropHidden(from: .sort(resolved, extended), keeping: child.schema)
    }

    /// The 0-based position an integer constant stands for in `GROUP BY` and `ORDER BY`; nil for any other expression.
    func ordinal(_ expression: Expression, of count: Int, clause: String) throws(AnalysisError) -> Int? {
        guard case .literal(.long(let position), .integer) = expression else { return nil }
        guard position >= 1, position <= count else {
            throw AnalysisError(
                "\(clause == "ORDER BY" ? "ORDER_BY" : "GROUP_BY")_POS_OUT_OF_RANGE",
                "\(clause) position \(position) is not in select list (valid range is [1, \(count)]).")
        }
        return Int(position) - 1
    }
}
