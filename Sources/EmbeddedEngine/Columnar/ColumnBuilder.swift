import StructuredStreaming

/// Builds a column value by value; for results and tests, not for the inner loops.
struct ColumnBuilder {
    private let type: DataType
    private let physical: PhysicalType
    private var validity = Bitmap(repeating: false, count: 0)
    private var booleans: [Bool] = []
    private var integers: [Int64] = []
    private var doubles: [Double] = []
    private var offsets: [Int32] = [0]
    private var bytes: [UInt8] = []

    /// An empty column of a type that has columns; see ``PhysicalType``.
    init(_ type: DataType) {
        self.type = type
        physical = PhysicalType(type) ?? .string
    }

    /// Adds a row. The value must be of the column's type or null.
    mutating func append(_ value: Value) {
        validity.append(value != .null)
        switch physical {
        case .boolean: if case .boolean(let flag) = value { booleans.append(flag) } else { booleans.append(false) }
        case .int64: integers.append(value.integer ?? 0)
        case .float64: doubles.append(value.floating ?? 0)
        case .string:
            if case .string(let text) = value { bytes.append(contentsOf: text.utf8) }
            offsets.append(Int32(bytes.count))
        }
    }

    /// Adds a row of text by its bytes.
    mutating func append(utf8: UnsafeBufferPointer<UInt8>) {
        validity.append(true)
        bytes.append(contentsOf: utf8)
        offsets.append(Int32(bytes.count))
    }

    /// The column built so far.
    func finish() -> ColumnVector {
        let storage: ColumnVector.Storage =
            switch physical {
            case .boolean: .boolean(booleans)
            case .int64: .int64(integers)
            case .float64: .float64(doubles)
            case .string: .string(.plain(offsets: offsets, bytes: bytes))
            }
        return ColumnVector(type: type, storage: storage, validity: validity.allSet ? nil : validity)
    }
}

extension Value {
    /// The number of an integer, date or timestamp.
    var integer: Int64? {
        switch self {
        case .long(let value), .date(let value), .timestamp(let value): value
        default: nil
        }
    }

    /// The number of a double, or of an integer as a double.
    var floating: Double? {
        switch self {
        case .double(let value): value
        case .long(let value): Double(value)
        default: nil
        }
    }
}

extension ColumnBatch {
    /// A batch of rows.
    init(schema: StructType, rows: [[Value]]) {
        var builders = schema.fields.map { ColumnBuilder($0.dataType) }
        for row in rows {
            for index in builders.indices { builders[index].append(row[index]) }
        }
        self.init(schema: schema, columns: builders.map { $0.finish() }, rowCount: rows.count)
    }
}
