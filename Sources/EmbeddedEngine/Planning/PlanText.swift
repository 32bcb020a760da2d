import StructuredStreaming

/// A physical plan as text, the sink first, as `explain()` shows it.
enum PlanText {
    /// The plan with its sink.
    static func describe(_ plan: PhysicalPlan, sink: any StreamSink) -> String {
        var lines = ["WriteToMicroBatchDataSource \(sink.description)"]
        for step in plan.resultSteps.reversed() { lines.append(line(step)) }
        for step in plan.rowSteps.reversed() { lines.append(line(step)) }
        lines.append(scan(plan))
        let body = lines.enumerated().map { depth, text in
            depth == 0 ? text : String(repeating: "   ", count: depth - 1) + "+- " + text
        }
        return "== Physical Plan ==\n" + body.joined(separator: "\n")
    }

    private static func line(_ step: PhysicalPlan.Step) -> String {
        switch step {
        case .filter(let condition): "Filter (\(condition.name))"
        case .project(let expressions, _): "Project [\(expressions.map(\.name).joined(separator: ", "))]"
        case .aggregate(let plan):
            "HashAggregate(keys=[\(plan.keys.map(\.name).joined(separator: ", "))], "
                + "functions=[\(plan.functions.map(\.function.rawValue).joined(separator: ", "))])"
        case .sort(let orders):
            "Sort [\(orders.map { $0.expression.name + ($0.ascending ? " ASC" : " DESC") }.joined(separator: ", "))]"
        case .limit(let count): "Limit \(count)"
        }
    }

    private static func scan(_ plan: PhysicalPlan) -> String {
        let columns = plan.scanColumns.names.joined(separator: ", ")
        return switch plan.scan {
        case .relation(let relation): "Scan \(relation.format) [\(columns)] \(relation.paths.joined(separator: ", "))"
        case .table(let name): "Scan table \(name) [\(columns)]"
        case .local(_, let rows): "Scan \(rows.count) rows [\(columns)]"
        }
    }
}
