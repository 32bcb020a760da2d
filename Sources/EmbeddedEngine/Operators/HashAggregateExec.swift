import StructuredStreaming

/// A worker's part of a grouped aggregation: takes in batches, holds the groups.
///
/// Used by one thread at a time.
final class HashAggregateExec {
    private let plan: HashAggregatePlan
    /// The groups so far.
    let table: GroupTable

    init(_ plan: HashAggregatePlan) {
        self.plan = plan
        table = GroupTable(keyTypes: plan.keySchema.fields.map(\.dataType), fields: plan.fields)
    }

    /// Takes in a batch.
    func add(_ batch: ColumnBatch) throws {
        guard batch.rowCount > 0 else { return }
        let evaluator = ExpressionEvaluator(batch)
        var keys: [ColumnVector] = []
        for key in plan.keys { keys.append(try evaluator.column(key)) }
        var arguments: [ColumnVector?] = []
        for argument in plan.arguments {
            if let argument { arguments.append(try evaluator.column(argument)) } else { arguments.append(nil) }
        }
        try table.add(keys: keys, arguments: arguments, rowCount: batch.rowCount)
    }
}
