import Glibc
import StructuredStreaming

/// The scalar functions over columns; what each does is said at ``ScalarFunction``.
enum FunctionKernels {
    /// Applies a function to operands that have the types it wants.
    static func apply(
        _ function: ScalarFunction, _ operands: [Operand], type: DataType, count: Int
    ) throws(EngineError) -> ColumnVector {
        switch function {
        case .sqrt: return doubles(operands[0], count) { $0.squareRoot() }
        case .exp: return doubles(operands[0], count) { Glibc.exp($0) }
        case .sign: return doubles(operands[0], count) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        case .ln: return positive(operands[0], count) { Glibc.log($0) }
        case .log10: return positive(operands[0], count) { Glibc.log10($0) }
        case .pow:
            let validity = combined(operands[0].validity(count: count), operands[1].validity(count: count))
            let values = Lane.map(operands[0].doubles, operands[1].doubles, count: count) { Glibc.pow($0, $1) }
            return ColumnVector(type: .double, storage: .float64(values), validity: validity)
        case .isnan:
            let valid = operands[0].vector(count: count)
            let values = operands[0].doubles.map(count: count) { $0.isNaN }
            return ColumnVector(
                type: .boolean, storage: .boolean(values.indices.map { values[$0] && valid.isValid($0) }))
        case .abs: return try absolute(operands[0], type: type, count: count)
        case .floor, .ceil: return try whole(function, operands[0], count: count)
        case .round: return try rounded(operands, type: type, count: count)
        case .coalesce: preconditionFailure("coalesce is computed branch by branch")
        case .greatest, .least: return extreme(function, operands, type: type, count: count)
        case .upper, .lower, .length, .trim, .ltrim, .rtrim, .substring, .concat, .like, .startswith, .endswith,
            .contains:
            return TextKernels.apply(function, operands, type: type, count: count)
        }
    }

    private static func doubles(_ operand: Operand, _ count: Int, _ body: (Double) -> Double) -> ColumnVector {
        ColumnVector(
            type: .double, storage: .float64(operand.doubles.map(count: count, body)),
            validity: operand.validity(count: count))
    }

    /// A function that is null for what is not positive.
    private static func positive(_ operand: Operand, _ count: Int, _ body: (Double) -> Double) -> ColumnVector {
        let inputs = operand.doubles.map(count: count) { $0 }
        var validity = operand.validity(count: count) ?? Bitmap(repeating: true, count: count)
        for row in inputs.indices where inputs[row] <= 0 { validity[row] = false }
        return ColumnVector(
            type: .double, storage: .float64(inputs.map { $0 > 0 || $0.isNaN ? body($0) : 0 }),
            validity: validity.allSet ? nil : validity)
    }

    private static func absolute(_ operand: Operand, type: DataType, count: Int) throws(EngineError) -> ColumnVector {
        if PhysicalType(type) == .float64 {
            let values = operand.doubles.map(count: count) { Swift.abs($0) }
            return ColumnVector(type: type, storage: .float64(values), validity: operand.validity(count: count))
        }
        let values = operand.integers.map(count: count) { $0 }
        let validity = operand.validity(count: count)
        let largest = integerRange(type).upperBound
        for row in values.indices where values[row] < -largest && (validity?[row] ?? true) {
            throw EngineError(
                .arithmetic, "abs(\(values[row])) does not fit \(type.sql)", hint: "cast the argument to a wider type")
        }
        // The magnitude of a null row's value may not fit, so it is cut.
        let magnitudes = values.map { Int64(truncatingIfNeeded: $0.magnitude) }
        return ColumnVector(type: type, storage: .int64(magnitudes), validity: validity)
    }

    private static func whole(
        _ function: ScalarFunction, _ operand: Operand, count: Int
    ) throws(EngineError) -> ColumnVector {
        let validity = operand.validity(count: count)
        if PhysicalType(operand.type) == .int64 {
            return ColumnVector(
                type: .long, storage: .int64(operand.integers.map(count: count) { $0 }), validity: validity)
        }
        let inputs = operand.doubles.map(count: count) { function == .floor ? $0.rounded(.down) : $0.rounded(.up) }
        // As Java does it: NaN becomes 0, what is too large the largest value.
        let values = inputs.map { $0.isNaN ? 0 : Int64(exactly: $0) ?? ($0 < 0 ? Int64.min : Int64.max) }
        return ColumnVector(type: .long, storage: .int64(values), validity: validity)
    }

    private static func rounded(
        _ operands: [Operand], type: DataType, count: Int
    ) throws(EngineError) -> ColumnVector {
        var scale: Int64 = 0
        if operands.count > 1, case .constant(.long(let digits), _) = operands[1] { scale = digits }
        let validity = operands[0].validity(count: count)
        if PhysicalType(type) == .float64 {
            let values = operands[0].doubles.map(count: count) { DecimalRounding.halfUp($0, digits: Int(scale)) }
            return ColumnVector(type: type, storage: .float64(values), validity: validity)
        }
        let inputs = operands[0].integers.map(count: count) { $0 }
        guard scale < 0 else { return ColumnVector(type: type, storage: .int64(inputs), validity: validity) }
        var values: [Int64] = []
        values.reserveCapacity(count)
        for (row, input) in inputs.enumerated() {
            guard validity?[row] ?? true else {
                values.append(0)
                continue
            }
            guard let value = DecimalRounding.halfUp(input, digits: Int(scale)), integerRange(type).contains(value)
            else {
                throw EngineError(.arithmetic, "round(\(input), \(scale)) does not fit \(type.sql)")
            }
            values.append(value)
        }
        return ColumnVector(type: type, storage: .int64(values), validity: validity)
    }

    private static func extreme(
        _ function: ScalarFunction, _ operands: [Operand], type: DataType, count: Int
    ) -> ColumnVector {
        let columns = operands.map { $0.vector(count: count) }
        var builder = ColumnBuilder(type)
        for row in 0..<count {
            var best = Value.null
            for column in columns {
                let value = column[row]
                if value == .null { continue }
                let order = value.order(to: best)
                if best == .null || (function == .greatest ? order > 0 : order < 0) { best = value }
            }
            builder.append(best)
        }
        return builder.finish()
    }
}

/// Rounding half away from zero, on decimal digits.
enum DecimalRounding {
    /// A double rounded to so many digits after the point (before it, when negative).
    static func halfUp(_ value: Double, digits: Int) -> Double {
        guard value.isFinite, digits < 308, digits > -308 else { return digits <= -308 ? 0 : value }
        let factor = Glibc.pow(10, Double(Swift.abs(digits)))
        let scaled = digits >= 0 ? value * factor : value / factor
        guard scaled.isFinite else { return value }
        // The decimal text decides, not the binary value: 2.675 is a half although its double lies below.
        var rounded = scaled.rounded(.toNearestOrAwayFromZero)
        let half = Swift.abs(scaled - scaled.rounded(.towardZero))
        if half < 0.5, 0.5 - half < Swift.abs(scaled).ulp * 2 {
            rounded = scaled.rounded(.towardZero) + (scaled < 0 ? -1 : 1)
        }
        return digits >= 0 ? rounded / factor : rounded * factor
    }

    /// An integer rounded to tens, hundreds …; nil when the result has more than 64 bits.
    static func halfUp(_ value: Int64, digits: Int) -> Int64? {
        if digits < -18 { return 0 }
        var factor: Int64 = 1
        for _ in 0..<(-digits) { factor *= 10 }
        let remainder = value % factor
        let base = value - remainder
        guard Swift.abs(remainder) >= factor - Swift.abs(remainder), factor > 1 else { return base }
        let (result, overflow) = base.addingReportingOverflow(value < 0 ? -factor : factor)
        return overflow ? nil : result
    }
}
