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

extension HashAggregatePlan {
    /// Rows of a result batch at most.
    static let resultRows = 8192

    /// The result rows of groups that are given as key rows and buffer values.
    func result(keys: [[Value]], buffers: [[Value]]) throws -> ColumnBatch {
        var fields = keySchema.fields
        for (function, type) in functions { fields.append(StructField(function.rawValue, type)) }
        let input = StructType(fields)
        let rows = zip(keys, buffers).map { key, buffer in key + aggregateValues(buffer) }
        let batch = ColumnBatch(schema: input, rows: rows)
        return try RowPipeline.project(batch, outputs, schema)
    }

    /// The aggregates' values from a group's buffers.
    private func aggregateValues(_ buffer: [Value]) -> [Value] {
        var values: [Value] = []
        var at = 0
        for (function, _) in functions {
            switch function {
            case .count, .sum, .min, .max:
                values.append(buffer[at])
                at += 1
            case .avg:
                if case .double(let sum) = buffer[at], case .long(let count) = buffer[at + 1], count > 0 {
                    values.append(.double(sum / Double(count)))
                } else {
                    values.append(.null)
                }
                at += 2
            }
        }
        return values
    }

    /// The result rows of a table of groups, some thousands at a time.
    func results(of table: GroupTable) throws -> [ColumnBatch] {
        var batches: [ColumnBatch] = []
        for start in stride(from: 0, to: table.count, by: Self.resultRows) {
            let groups = start..<min(start + Self.resultRows, table.count)
            let types = keySchema.fields.map(\.dataType)
            let keys = groups.map { UnsafeRow.decode(table.key($0), types: types) }
            let buffers = groups.map { group in table.buffers.map { $0[group] } }
            batches.append(try result(keys: keys, buffers: buffers))
        }
        return batches
    }
}
