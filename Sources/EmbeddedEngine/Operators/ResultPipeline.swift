import StructuredStreaming

/// Applies the steps that need all rows (and the row-wise ones between them) to a finished result.
struct ResultPipeline {
    let steps: ArraySlice<PhysicalPlan.Step>

    /// Whether each batch can be worked on by itself.
    var isRowWise: Bool { steps.allSatisfy(\.isRowWise) }

    /// The result after all steps.
    func apply(_ batches: [ColumnBatch]) throws -> [ColumnBatch] {
        var current = batches
        for step in steps {
            switch step {
            case .filter(let condition): current = try current.map { try RowPipeline.filter($0, condition) }
            case .project(let expressions, let schema):
                current = try current.map { try RowPipeline.project($0, expressions, schema) }
            case .aggregate(let plan): current = try Self.aggregate(current, plan)
            case .sort(let orders): current = try Self.sort(current, orders)
            case .limit(let count): current = Self.limit(current, count)
            }
        }
        return current
    }

    /// The groups of all rows, kept for this result only.
    static func aggregate(_ batches: [ColumnBatch], _ plan: HashAggregatePlan) throws -> [ColumnBatch] {
        let aggregate = HashAggregateExec(plan)
        for batch in batches { try aggregate.add(batch) }
        if plan.keys.isEmpty { aggregate.table.addEmptyKey() }
        return try plan.results(of: aggregate.table)
    }

    /// All rows in order; rows that are equal keep theirs.
    static func sort(_ batches: [ColumnBatch], _ orders: [LogicalPlan.SortOrder]) throws -> [ColumnBatch] {
        guard let schema = batches.first?.schema else { return batches }
        var rows: [(keys: [Value], row: [Value])] = []
        for batch in batches {
            let evaluator = ExpressionEvaluator(batch)
            let keys = try orders.map { try evaluator.column($0.expression) }
            for index in 0..<batch.rowCount { rows.append((keys.map { $0[index] }, batch.row(index))) }
        }
        let ascending = orders.map(\.ascending)
        let sorted = rows.enumerated().sorted { left, right in
            for (position, isAscending) in ascending.enumerated() {
                let order = left.element.keys[position].order(to: right.element.keys[position])
                if order != 0 { return isAscending ? order < 0 : order > 0 }
            }
            return left.offset < right.offset
        }
        return [ColumnBatch(schema: schema, rows: sorted.map(\.element.row))]
    }

    /// The first rows.
    static func limit(_ batches: [ColumnBatch], _ count: Int) -> [ColumnBatch] {
        var left = count
        var kept: [ColumnBatch] = []
        for batch in batches where left > 0 {
            let taken = min(left, batch.rowCount)
            kept.append(taken == batch.rowCount ? batch : batch.gathered((0..<Int32(taken)).map { $0 }))
            left -= taken
        }
        return kept
    }
}

extension Value {
    /// Negative, 0 or positive as this value comes before, with or after another of its type; null comes first.
    func order(to other: Value) -> Int {
        switch (self, other) {
        case (.null, .null): return 0
        case (.null, _): return -1
        case (_, .null): return 1
        case (.boolean(let left), .boolean(let right)): return (left ? 1 : 0) - (right ? 1 : 0)
        case (.string(let left), .string(let right)):
            if left == right { return 0 }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        case (.binary(let left), .binary(let right)):
            if left == right { return 0 }
            return left.lexicographicallyPrecedes(right) ? -1 : 1
        default:
            if let left = integer, let right = other.integer { return left < right ? -1 : left == right ? 0 : 1 }
            return Comparison.order(floating ?? 0, other.floating ?? 0)
        }
    }
}
