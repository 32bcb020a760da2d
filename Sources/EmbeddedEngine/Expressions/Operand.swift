import StructuredStreaming

/// What an operator works on: a column, or one value for every row (a literal is never spread over an array).
enum Operand: Sendable {
    case vector(ColumnVector)
    case constant(Value, DataType)

    /// The operand as a column of `count` rows.
    func vector(count: Int) -> ColumnVector {
        switch self {
        case .vector(let vector): vector
        case .constant(let value, let type): .constant(value, type, count: count)
        }
    }

    /// Its type.
    var type: DataType {
        switch self {
        case .vector(let vector): vector.type
        case .constant(_, let type): type
        }
    }

    /// Rows that are not null; nil when none is.
    func validity(count: Int) -> Bitmap? {
        switch self {
        case .vector(let vector): vector.validity
        case .constant(.null, _): Bitmap(repeating: false, count: count)
        case .constant: nil
        }
    }

    /// The integers of an operand whose type is stored so.
    var integers: Lane<Int64> {
        switch self {
        case .vector(let vector):
            if case .int64(let values) = vector.storage { return .many(values) }
            return .one(0)
        case .constant(let value, _): return .one(value.integer ?? 0)
        }
    }

    /// The doubles of an operand whose type is stored so.
    var doubles: Lane<Double> {
        switch self {
        case .vector(let vector):
            if case .float64(let values) = vector.storage { return .many(values) }
            return .one(0)
        case .constant(let value, _): return .one(value.floating ?? 0)
        }
    }

    /// The truth values of an operand whose type is stored so.
    var booleans: Lane<Bool> {
        switch self {
        case .vector(let vector):
            if case .boolean(let values) = vector.storage { return .many(values) }
            return .one(false)
        case .constant(let value, _): return .one(value == .boolean(true))
        }
    }
}

/// The plain values of an operand: one a row, or one for all rows.
enum Lane<Element> {
    case many([Element])
    case one(Element)

    /// Applies `body` row by row.
    @inline(__always)
    func map<Result>(count: Int, _ body: (Element) -> Result) -> [Result] {
        switch self {
        case .one(let value): return [Result](repeating: body(value), count: count)
        case .many(let values):
            return values.withUnsafeBufferPointer { source in
                [Result](unsafeUninitializedCapacity: count) { target, filled in
                    for row in 0..<count { target.initializeElement(at: row, to: body(source[row])) }
                    filled = count
                }
            }
        }
    }

    /// Applies `body` to the pairs of two operands row by row.
    @inline(__always)
    static func map<Result>(
        _ left: Lane, _ right: Lane, count: Int, _ body: (Element, Element) -> Result
    ) -> [Result] {
        switch (left, right) {
        case (.one(let left), _): return right.map(count: count) { body(left, $0) }
        case (_, .one(let right)): return left.map(count: count) { body($0, right) }
        case (.many(let left), .many(let right)):
            return left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    [Result](unsafeUninitializedCapacity: count) { target, filled in
                        for row in 0..<count { target.initializeElement(at: row, to: body(left[row], right[row])) }
                        filled = count
                    }
                }
            }
        }
    }
}

/// Rows valid in both; nil when all are.
func combined(_ left: Bitmap?, _ right: Bitmap?) -> Bitmap? {
    switch (left, right) {
    case (nil, let other), (let other, nil): other
    case (let left?, let right?): left & right
    }
}
