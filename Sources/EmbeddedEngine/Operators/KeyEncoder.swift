import StructuredStreaming

/// Writes the key columns of one row in Spark's binary form, into memory that is used again.
///
/// Equal keys have equal bytes: -0.0 is written as 0.0, every NaN as the one NaN.
struct KeyEncoder: ~Copyable {
    private let types: [DataType]
    private var writer = UnsafeRowWriter()

    init(types: [DataType]) { self.types = types }

    /// Calls `body` with the image of a row's keys.
    mutating func encode(_ columns: [ColumnVector], row: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        writer.begin(fieldCount: types.count)
        for field in columns.indices {
            guard columns[field].isValid(row) else {
                writer.setNull(field)
                continue
            }
            switch columns[field].storage {
            case .boolean(let values): writer.set(field, boolean: values[row])
            case .int64(let values): writer.set(field, integer: values[row], width: types[field].storedBytes)
            case .float64(let values):
                let value = values[row] == 0 ? 0 : values[row]
                if types[field] == .float {
                    writer.set(field, float: Float(value))
                } else {
                    writer.set(field, double: value)
                }
            case .string(let values):
                values.withUTF8(row) { writer.set(field, utf8: UnsafeRawBufferPointer($0)) }
            }
        }
        body(writer.bytes)
    }
}

extension DataType {
    /// How many bytes of its word a value stored as an integer fills in Spark's binary form.
    var storedBytes: Int {
        switch self {
        case .byte: 1
        case .short: 2
        case .integer, .date: 4
        default: 8
        }
    }
}
