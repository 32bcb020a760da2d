import StructuredStreaming

/// Turns an analyzed plan into a ``PhysicalPlan`` and refuses what the engine cannot do yet, before anything runs.
struct IncrementalPlanner {
    /// Plans a query.
    static func plan(_ logical: LogicalPlan) throws -> PhysicalPlan {
        var steps: [PhysicalPlan.Step] = []
        let (scan, input) = try collect(logical, into: &steps)
        let split = steps.firstIndex { !$0.isRowWise } ?? steps.count
        var rowSteps = Array(steps[..<split])
        var resultSteps = Array(steps[split...])
        let scanColumns = try prune(input, &rowSteps, &resultSteps)
        for step in rowSteps + resultSteps { try ExpressionSupport.check(step) }
        try ExpressionSupport.check(scanColumns)
        return PhysicalPlan(
            scan: scan, scanColumns: scanColumns, rowSteps: rowSteps, resultSteps: resultSteps, schema: logical.schema)
    }

    /// Walks from the result down to the scan, and appends the steps in the order in which rows meet them.
    private static func collect(
        _ plan: LogicalPlan, into steps: inout [PhysicalPlan.Step]
    ) throws -> (PhysicalPlan.Scan, StructType) {
        switch plan {
        case .relation(let relation): return (.relation(relation), relation.schema)
        case .table(let name, _): return (.table(name), plan.schema)
        case .local(let schema, let rows): return (.local(schema, rows), schema)
        case .project(let expressions, let child):
            let scan = try collect(child, into: &steps)
            steps.append(.project(expressions, plan.schema))
            return scan
        case .filter(let condition, let child):
            let scan = try collect(child, into: &steps)
            steps.append(.filter(condition))
            return scan
        case .aggregate(let grouping, let outputs, let child):
            let scan = try collect(child, into: &steps)
            steps.append(.aggregate(HashAggregatePlan(grouping: grouping, outputs: outputs, schema: plan.schema)))
            return scan
        case .sort(let orders, let child):
            let scan = try collect(child, into: &steps)
            steps.append(.sort(orders))
            return scan
        case .limit(let count, let child):
            let scan = try collect(child, into: &steps)
            steps.append(.limit(count))
            return scan
        }
    }

    /// Keeps of the scan's columns those that a step up to the first projection or aggregation uses, and renumbers them there.
    private static func prune(
        _ input: StructType, _ rowSteps: inout [PhysicalPlan.Step], _ resultSteps: inout [PhysicalPlan.Step]
    ) throws -> StructType {
        var used: Set<Int> = []
        var reshaped = false
        var lastStep = 0
        let steps = rowSteps + resultSteps
        for (index, step) in steps.enumerated() where !reshaped {
            lastStep = index + 1
            switch step {
            case .filter(let condition): used.formUnion(condition.columnIndices)
            case .project(let expressions, _):
                for expression in expressions { used.formUnion(expression.columnIndices) }
                reshaped = true
            case .aggregate(let aggregate):
                for expression in aggregate.keys + aggregate.arguments.compactMap({ $0 }) {
                    used.formUnion(expression.columnIndices)
                }
                reshaped = true
            case .sort(let orders): for order in orders { used.formUnion(order.expression.columnIndices) }
            case .limit: break
            }
        }
        guard reshaped else { return input }
        let kept = used.sorted()
        var positions: [Int: Int] = [:]
        for (position, index) in kept.enumerated() { positions[index] = position }
        let renumbered = steps[..<lastStep].map { $0.renumbered(positions) } + steps[lastStep...]
        resultSteps = Array(renumbered[rowSteps.count...])
        rowSteps = Array(renumbered[..<rowSteps.count])
        return StructType(kept.map { input.fields[$0] })
    }
}

extension PhysicalPlan.Step {
    /// The step with the columns of its input at other positions.
    fileprivate func renumbered(_ positions: [Int: Int]) -> PhysicalPlan.Step {
        switch self {
        case .filter(let condition): return .filter(condition.renumbered(positions))
        case .project(let expressions, let schema):
            return .project(expressions.map { $0.renumbered(positions) }, schema)
        case .aggregate(var aggregate):
            aggregate.keys = aggregate.keys.map { $0.renumbered(positions) }
            aggregate.arguments = aggregate.arguments.map { $0?.renumbered(positions) }
            return .aggregate(aggregate)
        case .sort(let orders):
            return .sort(orders.map { .init($0.expression.renumbered(positions), ascending: $0.ascending) })
        case .limit: return self
        }
    }
}
