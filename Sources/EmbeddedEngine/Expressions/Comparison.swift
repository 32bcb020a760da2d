import StructuredStreaming

/// Comparisons over columns. NaN equals itself and is larger than any other number; text compares by its bytes.
enum Comparison {
    /// Applies a comparison to operands of one type.
    static func apply(_ operation: BinaryOperator, _ left: Operand, _ right: Operand, count: Int) -> ColumnVector {
        let values = outcomes(operation, left, right, count: count)
        let leftValid = left.validity(count: count)
        let rightValid = right.validity(count: count)
        guard operation == .nullSafeEqual else {
            return ColumnVector(type: .boolean, storage: .boolean(values), validity: combined(leftValid, rightValid))
        }
        var result = values
        for row in 0..<count {
            let hasLeft = leftValid?[row] ?? true
            let hasRight = rightValid?[row] ?? true
            if !hasLeft || !hasRight { result[row] = hasLeft == hasRight }
        }
        return ColumnVector(type: .boolean, storage: .boolean(result))
    }

    private static func outcomes(
        _ operation: BinaryOperator, _ left: Operand, _ right: Operand, count: Int
    ) -> [Bool] {
        switch PhysicalType(left.type) ?? .string {
        case .int64: return ordered(operation, left.integers, right.integers, count: count)
        case .float64:
            let a = left.doubles
            let b = right.doubles
            switch operation {
            case .equal, .nullSafeEqual: return Lane.map(a, b, count: count) { order($0, $1) == 0 }
            case .notEqual: return Lane.map(a, b, count: count) { order($0, $1) != 0 }
            case .less: return Lane.map(a, b, count: count) { order($0, $1) < 0 }
            case .lessOrEqual: return Lane.map(a, b, count: count) { order($0, $1) <= 0 }
            case .greater: return Lane.map(a, b, count: count) { order($0, $1) > 0 }
            case .greaterOrEqual: return Lane.map(a, b, count: count) { order($0, $1) >= 0 }
            default: preconditionFailure("\(operation) is no comparison")
            }
        case .boolean:
            let a = left.booleans.map(count: count) { $0 ? Int64(1) : 0 }
            let b = right.booleans.map(count: count) { $0 ? Int64(1) : 0 }
            return ordered(operation, .many(a), .many(b), count: count)
        case .string: return TextComparison.apply(left, right, count: count) { holds(operation, $0) }
        }
    }

    private static func ordered(
        _ operation: BinaryOperator, _ a: Lane<Int64>, _ b: Lane<Int64>, count: Int
    ) -> [Bool] {
        switch operation {
        case .equal, .nullSafeEqual: Lane.map(a, b, count: count) { $0 == $1 }
        case .notEqual: Lane.map(a, b, count: count) { $0 != $1 }
        case .less: Lane.map(a, b, count: count) { $0 < $1 }
        case .lessOrEqual: Lane.map(a, b, count: count) { $0 <= $1 }
        case .greater: Lane.map(a, b, count: count) { $0 > $1 }
        case .greaterOrEqual: Lane.map(a, b, count: count) { $0 >= $1 }
        default: preconditionFailure("\(operation) is no comparison")
        }
    }

    /// -1, 0 or 1, with NaN last and equal to itself and both zeros equal.
    @inline(__always)
    static func order(_ left: Double, _ right: Double) -> Int {
        if left < right { return -1 }
        if left > right { return 1 }
        if left == right { return 0 }
        return (left.isNaN ? 1 : 0) - (right.isNaN ? 1 : 0)
    }

    /// Whether a comparison holds for two values in this order.
    static func holds(_ operation: BinaryOperator, _ order: Int) -> Bool {
        switch operation {
        case .equal, .nullSafeEqual: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        default: preconditionFailure("\(operation) is no comparison")
        }
    }
}

/// Comparisons of text, on dictionary codes where one side is a constant.
enum TextComparison {
    /// What `outcome` says of each row's order (negative, 0, positive).
    static func apply(_ left: Operand, _ right: Operand, count: Int, _ outcome: (Int) -> Bool) -> [Bool] {
        switch (left, right) {
        case (.vector(let vector), .constant(let value, _)):
            return against(vector, value, count: count) { outcome($0) }
        case (.constant(let value, _), .vector(let vector)):
            return against(vector, value, count: count) { outcome(-$0) }
        default:
            guard case .string(let a) = left.vector(count: count).storage,
                case .string(let b) = right.vector(count: count).storage
            else { return [Bool](repeating: false, count: count) }
            return (0..<count).map { row in
                a.withUTF8(row) { first in b.withUTF8(row) { second in outcome(order(first, second)) } }
            }
        }
    }

    private static func against(
        _ vector: ColumnVector, _ value: Value, count: Int, _ outcome: (Int) -> Bool
    ) -> [Bool] {
        guard case .string(let column) = vector.storage, case .string(var text) = value else {
            return [Bool](repeating: false, count: count)
        }
        return text.withUTF8 { constant in
            switch column {
            case .dictionary(let codes, let dictionary):
                if dictionary.count == 0 { return [Bool](repeating: false, count: count) }
                let byCode = (0..<Int32(dictionary.count)).map { code in
                    dictionary.withUTF8(code) { outcome(order($0, constant)) }
                }
                return codes.map { byCode[Int($0)] }
            case .plain:
                return (0..<count).map { row in column.withUTF8(row) { outcome(order($0, constant)) } }
            }
        }
    }

    /// Order of two texts by their bytes.
    static func order(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        for (a, b) in zip(left, right) where a != b { return a < b ? -1 : 1 }
        return left.count == right.count ? 0 : left.count < right.count ? -1 : 1
    }
}
