import StructuredStreaming

/// Arithmetic over columns, with ANSI rules: an overflow or a division by zero in a row that has a value fails the query.
enum Arithmetic {
    /// Applies an arithmetic operator to operands of one type; the result has type `type`.
    static func apply(
        _ operation: BinaryOperator, _ left: Operand, _ right: Operand, type: DataType, count: Int
    ) throws(EngineError) -> ColumnVector {
        let validity = combined(left.validity(count: count), right.validity(count: count))
        if PhysicalType(left.type) == .float64 || operation == .divide {
            return try floating(operation, left, right, type: type, validity: validity, count: count)
        }
        return try integral(operation, left, right, type: type, validity: validity, count: count)
    }

    /// The value with its sign turned.
    static func negate(_ operand: Operand, type: DataType, count: Int) throws(EngineError) -> ColumnVector {
        let validity = operand.validity(count: count)
        if PhysicalType(operand.type) == .float64 {
            let values = operand.doubles.map(count: count) { -$0 }
            return ColumnVector(type: type, storage: .float64(values), validity: validity)
        }
        return try integral(.subtract, .constant(.long(0), type), operand, type: type, validity: validity, count: count)
    }

    private static func floating(
        _ operation: BinaryOperator, _ left: Operand, _ right: Operand, type: DataType, validity: Bitmap?, count: Int
    ) throws(EngineError) -> ColumnVector {
        let a = left.doubles
        let b = right.doubles
        let values: [Double]
        switch operation {
        case .add: values = Lane.map(a, b, count: count) { $0 + $1 }
        case .subtract: values = Lane.map(a, b, count: count) { $0 - $1 }
        case .multiply: values = Lane.map(a, b, count: count) { $0 * $1 }
        case .divide, .remainder, .integralDivide:
            try refuseZero(b.map(count: count) { $0 == 0 }, validity, operation)
            if operation == .remainder {
                values = Lane.map(a, b, count: count) { $1 == 0 ? 0 : $0.truncatingRemainder(dividingBy: $1) }
            } else {
                values = Lane.map(a, b, count: count) { $1 == 0 ? 0 : $0 / $1 }
            }
        default: preconditionFailure("\(operation) is no arithmetic operator")
        }
        let storage: ColumnVector.Storage =
            type == .float ? .float64(values.map { Double(Float($0)) }) : .float64(values)
        return ColumnVector(type: type, storage: storage, validity: validity)
    }

    private static func integral(
        _ operation: BinaryOperator, _ left: Operand, _ right: Operand, type: DataType, validity: Bitmap?, count: Int
    ) throws(EngineError) -> ColumnVector {
        let a = left.integers
        let b = right.integers
        let pairs: [(partialValue: Int64, overflow: Bool)]
        switch operation {
        case .add: pairs = Lane.map(a, b, count: count) { $0.addingReportingOverflow($1) }
        case .subtract: pairs = Lane.map(a, b, count: count) { $0.subtractingReportingOverflow($1) }
        case .multiply: pairs = Lane.map(a, b, count: count) { $0.multipliedReportingOverflow(by: $1) }
        case .integralDivide, .remainder:
            try refuseZero(b.map(count: count) { $0 == 0 }, validity, operation)
            if operation == .remainder {
                // The smallest value by -1 overflows in hardware, yet its remainder is 0.
                pairs = Lane.map(a, b, count: count) { ($1 == 0 || $1 == -1) ? (0, false) : ($0 % $1, false) }
            } else {
                pairs = Lane.map(a, b, count: count) { $1 == 0 ? (0, false) : $0.dividedReportingOverflow(by: $1) }
            }
        default: preconditionFailure("\(operation) is no arithmetic operator")
        }
        let range = integerRange(type)
        var values = [Int64](repeating: 0, count: count)
        for row in 0..<count {
            let pair = pairs[row]
            if pair.overflow || !range.contains(pair.partialValue) {
                guard validity?[row] ?? true else { continue }
                throw EngineError(
                    .arithmetic, "the result of \(operation.rawValue) does not fit \(type.sql)",
                    hint: "cast an operand to a wider type, such as BIGINT or DOUBLE")
            }
            values[row] = pair.partialValue
        }
        return ColumnVector(type: type, storage: .int64(values), validity: validity)
    }

    private static func refuseZero(
        _ isZero: [Bool], _ validity: Bitmap?, _ operation: BinaryOperator
    ) throws(EngineError) {
        for row in isZero.indices where isZero[row] && (validity?[row] ?? true) {
            throw EngineError(
                .divideByZero, "division by zero in \(operation.rawValue)",
                hint: "use nullif(divisor, 0) to get null instead")
        }
    }
}

/// The values a type stored as integers can hold.
func integerRange(_ type: DataType) -> ClosedRange<Int64> {
    switch type {
    case .byte: Int64(Int8.min)...Int64(Int8.max)
    case .short: Int64(Int16.min)...Int64(Int16.max)
    case .integer, .date: Int64(Int32.min)...Int64(Int32.max)
    default: Int64.min...Int64.max
    }
}
