import StructuredStreaming

/// Three-valued logic over columns.
enum Logic {
    /// `NOT`.
    static func not(_ operand: Operand, count: Int) -> ColumnVector {
        let values = operand.booleans.map(count: count) { !$0 }
        return ColumnVector(type: .boolean, storage: .boolean(values), validity: operand.validity(count: count))
    }

    /// `IS NULL` or, with `wanted` false, `IS NOT NULL`.
    static func isNull(_ operand: Operand, wanted: Bool, count: Int) -> ColumnVector {
        guard let validity = operand.validity(count: count) else {
            return ColumnVector(type: .boolean, storage: .boolean([Bool](repeating: !wanted, count: count)))
        }
        return ColumnVector(type: .boolean, storage: .boolean((0..<count).map { validity[$0] != wanted }))
    }

    /// `AND` and `OR`: the deciding value (false for `AND`, true for `OR`) wins over null.
    static func connect(_ left: ColumnVector, _ right: ColumnVector, deciding: Bool) -> ColumnVector {
        guard case .boolean(let a) = left.storage, case .boolean(let b) = right.storage else {
            return .nulls(.boolean, count: left.count)
        }
        var values = [Bool](repeating: false, count: a.count)
        if left.validity == nil, right.validity == nil {
            for row in a.indices { values[row] = deciding ? a[row] || b[row] : a[row] && b[row] }
            return ColumnVector(type: .boolean, storage: .boolean(values))
        }
        var validity = Bitmap(repeating: true, count: a.count)
        for row in a.indices {
            let hasLeft = left.isValid(row)
            let hasRight = right.isValid(row)
            if (hasLeft && a[row] == deciding) || (hasRight && b[row] == deciding) {
                values[row] = deciding
            } else if hasLeft && hasRight {
                values[row] = !deciding
            } else {
                validity[row] = false
            }
        }
        return ColumnVector(type: .boolean, storage: .boolean(values), validity: validity)
    }

    /// The rows for which a condition is true; null counts as false.
    static func selected(_ condition: ColumnVector) -> [Int32] {
        guard case .boolean(let values) = condition.storage else { return [] }
        var indices: [Int32] = []
        indices.reserveCapacity(values.count)
        for row in values.indices where values[row] && condition.isValid(row) { indices.append(Int32(row)) }
        return indices
    }
}
