import StructuredStreaming

/// Computes analyzed expressions over the rows of one batch, a whole column at a time.
struct ExpressionEvaluator {
    private let batch: ColumnBatch

    /// An evaluator over a batch.
    init(_ batch: ColumnBatch) { self.batch = batch }

    /// The expression's values.
    func column(_ expression: Expression) throws(EngineError) -> ColumnVector {
        try operand(expression).vector(count: batch.rowCount)
    }

    /// The expression's values, or the one value of a constant.
    func operand(_ expression: Expression) throws(EngineError) -> Operand {
        let count = batch.rowCount
        switch expression {
        case .column(let index, _, _, _): return .vector(batch.columns[index])
        case .literal(let value, let type): return .constant(value, type)
        case .alias(let child, _): return try operand(child)
        case .cast(let child, let type): return try Cast.apply(try operand(child), to: type, count: count)
        case .unary(let operation, let child):
            return .vector(try unary(operation, try operand(child), type: expression.dataType))
        case .binary(.and, let left, let right): return .vector(try connect(left, right, deciding: false))
        case .binary(.or, let left, let right): return .vector(try connect(left, right, deciding: true))
        case .binary(let operation, let left, let right):
            let a = try operand(left)
            let b = try operand(right)
            if operation.isComparison { return .vector(Comparison.apply(operation, a, b, count: count)) }
            return .vector(try Arithmetic.apply(operation, a, b, type: expression.dataType, count: count))
        case .isIn(let value, let candidates): return .vector(try isIn(value, candidates))
        case .caseWhen(let branches, let otherwise):
            return .vector(try caseWhen(branches, otherwise, type: expression.dataType))
        case .function(let name, let arguments):
            return .vector(try function(name, arguments, type: expression.dataType))
        case .attribute, .star, .aggregate:
            preconditionFailure("the analyzer leaves no names, and the planner no aggregates, to be evaluated")
        }
    }

    private func unary(
        _ operation: UnaryOperator, _ child: Operand, type: DataType
    ) throws(EngineError) -> ColumnVector {
        let count = batch.rowCount
        switch operation {
        case .not: return Logic.not(child, count: count)
        case .isNull: return Logic.isNull(child, wanted: true, count: count)
        case .isNotNull: return Logic.isNull(child, wanted: false, count: count)
        case .negate: return try Arithmetic.negate(child, type: type, count: count)
        }
    }

    /// `AND` and `OR`. The right side is asked only for rows that the left one leaves open, since it may fail for the others,
    /// as in `x <> 0 AND 1 / x > 2`.
    private func connect(
        _ left: Expression, _ right: Expression, deciding: Bool
    ) throws(EngineError) -> ColumnVector {
        let first = try column(left)
        guard right.canFail, case .boolean(let values) = first.storage else {
            return Logic.connect(first, try column(right), deciding: deciding)
        }
        let open = values.indices.filter { !(first.isValid($0) && values[$0] == deciding) }.map(Int32.init)
        let second = try ExpressionEvaluator(batch.gathered(open)).column(right)
        var assembly = RowAssembly(type: .boolean, count: batch.rowCount)
        assembly.fill(open, from: second)
        let decided = ColumnVector.constant(.boolean(deciding), .boolean, count: batch.rowCount)
        let openRows = Set(open)
        assembly.fill((0..<Int32(batch.rowCount)).filter { !openRows.contains($0) }, sameRowsOf: decided)
        return Logic.connect(first, assembly.finish(), deciding: deciding)
    }

    private func isIn(_ value: Expression, _ candidates: [Expression]) throws(EngineError) -> ColumnVector {
        let needle = try operand(value)
        var result = ColumnVector.constant(.boolean(false), .boolean, count: batch.rowCount)
        for candidate in candidates {
            let match = Comparison.apply(.equal, needle, try operand(candidate), count: batch.rowCount)
            result = Logic.connect(result, match, deciding: true)
        }
        return result
    }

    /// Each branch is computed only for the rows that reach it.
    private func caseWhen(
        _ branches: [Expression.WhenBranch], _ otherwise: Expression?, type: DataType
    ) throws(EngineError) -> ColumnVector {
        var assembly = RowAssembly(type: type, count: batch.rowCount)
        var open = (0..<Int32(batch.rowCount)).map { $0 }
        for branch in branches where !open.isEmpty {
            let rows = batch.gathered(open)
            let taken = Logic.selected(try ExpressionEvaluator(rows).column(branch.condition))
            let value = try ExpressionEvaluator(rows.gathered(taken)).column(branch.value)
            assembly.fill(taken.map { open[Int($0)] }, from: value)
            let takenRows = Set(taken)
            open = open.indices.filter { !takenRows.contains(Int32($0)) }.map { open[$0] }
        }
        if let otherwise, !open.isEmpty {
            assembly.fill(open, from: try ExpressionEvaluator(batch.gathered(open)).column(otherwise))
        }
        return assembly.finish()
    }

    private func function(
        _ name: String, _ arguments: [Expression], type: DataType
    ) throws(EngineError) -> ColumnVector {
        guard let function = ScalarFunction(rawValue: name) else {
            preconditionFailure("the analyzer lets only known functions through, not \(name)")
        }
        if function == .coalesce {
            let branches = arguments.map { Expression.WhenBranch(.unary(.isNotNull, $0), $0) }
            return try caseWhen(branches, nil, type: type)
        }
        var operands: [Operand] = []
        for argument in arguments { operands.append(try operand(argument)) }
        return try FunctionKernels.apply(function, operands, type: type, count: batch.rowCount)
    }
}

extension Expression {
    /// Whether computing it can fail for some row: arithmetic that overflows, division, conversion of text.
    fileprivate var canFail: Bool {
        switch self {
        case .binary(let operation, _, _) where operation.isArithmetic: true
        case .cast, .unary(.negate, _), .function: true
        default: children.contains(where: \.canFail)
        }
    }
}

/// A column put together from parts that each know their rows.
struct RowAssembly {
    private let type: DataType
    private var values: [Value]

    /// `count` rows, all null until they are filled.
    init(type: DataType, count: Int) {
        self.type = type
        values = [Value](repeating: .null, count: count)
    }

    /// Row `rows[i]` becomes row `i` of the part.
    mutating func fill(_ rows: [Int32], from part: ColumnVector) {
        for (at, row) in rows.enumerated() { values[Int(row)] = part[at] }
    }

    /// The given rows become the same rows of the part.
    mutating func fill(_ rows: [Int32], sameRowsOf part: ColumnVector) {
        for row in rows { values[Int(row)] = part[Int(row)] }
    }

    /// The column.
    func finish() -> ColumnVector {
        var builder = ColumnBuilder(type)
        for value in values { builder.append(value) }
        return builder.finish()
    }
}
