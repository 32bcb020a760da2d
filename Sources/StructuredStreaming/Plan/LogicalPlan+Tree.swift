extension LogicalPlan {
    /// The plan as a tree, the result first, one line a step.
    ///
    /// ```
    /// Sort [count DESC]
    /// +- Aggregate [gt], [gt, count(1) AS count]
    ///    +- Relation json [gt: string] data/activity-data (streaming)
    /// ```
    public var treeString: String {
        var result = ""
        var indentation = ""
        var next: LogicalPlan? = self
        while let node = next {
            let branch = indentation.isEmpty ? "" : String(indentation.dropLast(3)) + "+- "
            result += branch + node.line + "\n"
            indentation += "   "
            next = node.child
        }
        return result
    }

    /// This step, without those below it.
    private var line: String {
        switch self {
        case .relation(let relation):
            "Relation \(relation.format) [\(Self.columns(relation.schema))] \(relation.paths.joined(separator: ", "))"
                + (relation.isStreaming ? " (streaming)" : "")
        case .table(let name, _): "Table \(name)"
        case .local(let schema, let rows): "LocalRelation [\(Self.columns(schema))], \(rows.count) rows"
        case .project(let outputs, _): "Project [\(Self.list(outputs))]"
        case .filter(let condition, _): "Filter \(condition.text)"
        case .aggregate(let grouping, let outputs, _):
            "Aggregate [\(Self.list(grouping))], [\(Self.list(outputs))]"
        case .sort(let orders, _):
            "Sort [" + orders.map { $0.expression.text + ($0.ascending ? " ASC" : " DESC") }.joined(separator: ", ")
                + "]"
        case .limit(let count, _): "Limit \(count)"
        }
    }

    private static func columns(_ schema: StructType) -> String {
        schema.fields.map { "\($0.name): \($0.dataType.simpleString)" }.joined(separator: ", ")
    }

    private static func list(_ expressions: [Expression]) -> String {
        expressions.map { expression in
            if case .alias(let child, let name) = expression { return "\(child.text) AS \(name)" }
            return expression.text
        }.joined(separator: ", ")
    }
}
