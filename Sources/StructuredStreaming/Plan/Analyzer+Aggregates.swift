extension Analyzer {
    /// Groups and outputs resolved; every output is made of groups and aggregates.
    func analyzeAggregate(
        _ grouping: [Expression], _ outputs: [Expression], over child: LogicalPlan
    ) throws(AnalysisError) -> LogicalPlan {
        let schema = child.schema
        if outputs.contains(.star), grouping.contains(where: \.isConstant) {
            throw AnalysisError(
                "STAR_GROUP_BY_POS",
                "Star (*) is not allowed in a select list when GROUP BY an ordinal position is used.")
        }
        let expanded = expandStars(outputs, schema)
        var groups: [Expression] = []
        for group in grouping {
            let resolved = try resolveGroup(group, outputs: expanded, schema)
            if case .map = resolved.dataType {
                throw AnalysisError(
                    "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
                    "The expression \"\(group.text)\" of type \(quoted(resolved.dataType)) cannot be used in GROUP BY.")
            }
            if !groups.contains(resolved) { groups.append(resolved) }
        }
        var resolvedOutputs: [Expression] = []
        for output in expanded {
            let resolved = try resolve(output, schema)
            try requireGrouped(resolved, groups)
            resolvedOutputs.append(try named(resolved, as: output))
        }
        return .aggregate(grouping: groups, outputs: resolvedOutputs, child)
    }

    /// A grouping expression: a position in the select list, a column, or the alias of an output.
    private func resolveGroup(
        _ group: Expression, outputs: [Expression], _ schema: StructType
    ) throws(AnalysisError) -> Expression {
        let position = try ordinal(group, of: outputs.count, clause: "GROUP BY")
        let source = position.map { outputs[$0] } ?? aliased(group, outputs, schema) ?? group
        let resolved = try resolve(source, schema)
        guard !resolved.containsAggregate else {
            if let position {
                throw AnalysisError(
                    "GROUP_BY_POS_AGGREGATE",
                    "GROUP BY \(position + 1) refers to an expression \(source.text) that contains an aggregate function."
                )
            }
            throw AnalysisError(
                "GROUP_BY_AGGREGATE", "Aggregate functions are not allowed in GROUP BY, but found \(source.text).")
        }
        return resolved
    }

    /// The output an alias in `GROUP BY` stands for; a column of the input of that name comes first.
    private func aliased(_ group: Expression, _ outputs: [Expression], _ schema: StructType) -> Expression? {
        guard case .attribute(let name) = group else { return nil }
        let wanted = AttributeName.unquoted(name).lowercased()
        guard !schema.names.contains(where: { $0.lowercased() == wanted }) else { return nil }
        for case .alias(let child, let alias) in outputs where alias.lowercased() == wanted { return child }
        return nil
    }

    /// Checks that a resolved expression has one value a group.
    private func requireGrouped(_ expression: Expression, _ groups: [Expression]) throws(AnalysisError) {
        if groups.contains(expression) { return }
        switch expression {
        case .aggregate(_, let argument):
            guard argument?.containsAggregate == true else { return }
            throw AnalysisError(
                "NESTED_AGGREGATE_FUNCTION",
                "It is not allowed to use an aggregate function in the argument of another aggregate function, in "
                    + "\"\(expression.text)\".", hint: "use two steps: aggregate, then aggregate the result")
        case .column(_, let name, _, _):
            guard !groups.isEmpty else {
                throw AnalysisError(
                    "MISSING_GROUP_BY",
                    "The query does not include a GROUP BY clause, but \"\(name)\" stands beside an aggregate function.",
                    hint: "add GROUP BY \(name)")
            }
            throw AnalysisError(
                "MISSING_AGGREGATION",
                "The non-aggregating expression \"\(name)\" is based on columns which are not participating in the "
                    + "GROUP BY clause.", hint: "add it to the GROUP BY, or aggregate it")
        default:
            for child in expression.children { try requireGrouped(child, groups) }
        }
    }

    // MARK: HAVING and ORDER BY

    /// An expression over a plan's columns that may also use what lies directly below: groups and aggregates of an
    /// aggregation (`HAVING`, `ORDER BY`), columns a projection left out (`ORDER BY`). Those are added to the plan as hidden
    /// columns at the end.
    func resolve(
        _ expression: Expression, reachingBelow plan: LogicalPlan, misplacedAggregate: () -> AnalysisError
    ) throws(AnalysisError) -> (Expression, LogicalPlan) {
        switch plan {
        case .filter(let condition, let inner):
            let (resolved, extended) = try resolve(
                expression, reachingBelow: inner, misplacedAggregate: misplacedAggregate)
            return (resolved, .filter(condition, extended))
        case .aggregate(let groups, var outputs, let child):
            let lifted = try lift(expression, into: &outputs, groups: groups, child.schema, depth: 0)
            let extended = LogicalPlan.aggregate(grouping: groups, outputs: outputs, child)
            return (try resolve(lifted, extended.schema), extended)
        case .project(let outputs, let child) where child.isAggregation && outputs.arePrefix(of: child.schema):
            // What HAVING hid is still there for ORDER BY; the caller hides it again.
            return try resolve(expression, reachingBelow: child, misplacedAggregate: misplacedAggregate)
        case .project(var outputs, let child) where !expression.containsAggregate:
            let lifted = try lift(expression, into: &outputs, groups: nil, child.schema, depth: 0)
            let extended = LogicalPlan.project(outputs, child)
            return (try resolve(lifted, extended.schema), extended)
        case .relation, .table, .local, .project, .sort, .limit:
            guard !expression.containsAggregate else { throw misplacedAggregate() }
            return (try resolve(expression, plan.schema), plan)
        }
    }

    /// Replaces names and aggregates by columns of the outputs, adding outputs where there is none.
    /// `groups` is nil over a projection, where every column of the child may be added.
    private func lift(
        _ expression: Expression, into outputs: inout [Expression], groups: [Expression]?, _ schema: StructType,
        depth: Int
    ) throws(AnalysisError) -> Expression {
        guard depth < Self.maximumDepth else { return expression }
        // Already a column of the outputs, from an earlier analysis.
        if case .column = expression { return expression }
        if case .attribute(let name) = expression {
            return try liftName(name, into: &outputs, groups: groups, schema)
        }
        if case .aggregate = expression {
            let resolved = try resolve(expression, schema)
            try requireGrouped(resolved, groups ?? [])
            return output(resolved, named: expression.text, in: &outputs)
        }
        if let groups, !expression.containsAggregate, case .some(let group) = groupEqual(to: expression, groups, schema)
        {
            return output(group, named: expression.text, in: &outputs)
        }
        var grown = outputs
        let lifted = try expression.mapChildren { child throws(AnalysisError) in
            try lift(child, into: &grown, groups: groups, schema, depth: depth + 1)
        }
        outputs = grown
        return lifted
    }

    private func liftName(
        _ name: String, into outputs: inout [Expression], groups: [Expression]?, _ schema: StructType
    ) throws(AnalysisError) -> Expression {
        let visible = StructType(outputs.map(\.field))
        let wanted = AttributeName.unquoted(name).lowercased()
        let count = visible.names.count { $0.lowercased() == wanted }
        // Looked up in the output first: an alias hides a column of the input.
        if count > 0 { return try resolve(.attribute(name), visible) }
        guard schema.names.contains(where: { $0.lowercased() == wanted }) else { throw unresolved(name, in: visible) }
        let resolved = try resolve(.attribute(name), schema)
        if let groups, !groups.contains(resolved) { throw unresolved(name, in: visible) }
        return output(resolved, named: name, in: &outputs)
    }

    private func groupEqual(to expression: Expression, _ groups: [Expression], _ schema: StructType) -> Expression? {
        // Columns count the outputs here, groups count the columns of the child.
        if expression.isConstant || expression.containsColumn { return nil }
        // Not resolvable here is no error: its parts may be names of outputs.
        guard let resolved = try? resolve(expression, schema), groups.contains(resolved) else { return nil }
        return resolved
    }

    /// The column of an output equal to a resolved expression, which is added if there is none.
    private func output(_ resolved: Expression, named name: String, in outputs: inout [Expression]) -> Expression {
        var index = outputs.count
        if let existing = outputs.firstIndex(where: { $0.withoutAlias == resolved }) {
            index = existing
        } else {
            outputs.append(resolved.isNamed && resolved.name == name ? resolved : .alias(resolved, name))
        }
        let field = outputs[index].field
        return .column(index: index, name: field.name, type: field.dataType, nullable: field.nullable)
    }

    /// The plan without the hidden columns after the wanted ones.
    func dropHidden(from plan: LogicalPlan, keeping schema: StructType) -> LogicalPlan {
        guard plan.schema.fields.count > schema.fields.count else { return plan }
        return .project(columns(of: schema), plan)
    }
}

extension Expression {
    /// Whether this is a literal.
    fileprivate var isConstant: Bool {
        if case .literal = self { return true }
        return false
    }

    /// Whether a resolved column is somewhere inside.
    fileprivate var containsColumn: Bool {
        if case .column = self { return true }
        return children.contains(where: \.containsColumn)
    }

    /// The expression an alias names, or itself.
    var withoutAlias: Expression {
        if case .alias(let child, _) = self { return child }
        return self
    }
}

extension LogicalPlan {
    /// Whether this is an aggregation, filtered or not.
    fileprivate var isAggregation: Bool {
        switch self {
        case .aggregate: true
        case .filter(_, let child): child.isAggregation
        case .relation, .table, .local, .project, .sort, .limit: false
        }
    }
}

extension [Expression] {
    /// Whether these are the first columns of a schema, in order and under their names.
    fileprivate func arePrefix(of schema: StructType) -> Bool {
        guard count <= schema.fields.count else { return false }
        return zip(indices, self).allSatisfy { position, output in
            guard case .column(position, schema.fields[position].name, _, _) = output else { return false }
            return true
        }
    }
}
