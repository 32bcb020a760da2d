import StructuredStreaming

/// Applies row-wise steps to one batch after the other.
struct RowPipeline: Sendable {
    let steps: [PhysicalPlan.Step]

    /// The batch after all steps.
    func apply(_ batch: ColumnBatch) throws -> ColumnBatch {
        var current = batch
        for step in steps {
            switch step {
            case .filter(let condition): current = try Self.filter(current, condition)
            case .project(let expressions, let schema): current = try Self.project(current, expressions, schema)
            case .aggregate, .sort, .limit: preconditionFailure("only row-wise steps belong into a row pipeline")
            }
        }
        return current
    }

    /// The rows for which the condition is true.
    static func filter(_ batch: ColumnBatch, _ condition: Expression) throws -> ColumnBatch {
        guard batch.rowCount > 0 else { return batch }
        let selected = Logic.selected(try ExpressionEvaluator(batch).column(condition))
        return selected.count == batch.rowCount ? batch : batch.gathered(selected)
    }

    /// The values of the expressions.
    static func project(
        _ batch: ColumnBatch, _ expressions: [Expression], _ schema: StructType
    ) throws -> ColumnBatch {
        let evaluator = ExpressionEvaluator(batch)
        var columns: [ColumnVector] = []
        columns.reserveCapacity(expressions.count)
        for expression in expressions { columns.append(try evaluator.column(expression)) }
        return ColumnBatch(schema: schema, columns: columns, rowCount: batch.rowCount)
    }
}
