import StructuredStreaming

/// The values of one column in one batch: one array, and a bitmap of the rows that are not null.
///
/// | type                                            | storage                    |
/// | boolean                                         | `[Bool]`                   |
/// | byte, short, integer, long, date, timestamp(_ntz) | `[Int64]` (days, µs)     |
/// | float, double                                   | `[Double]`                 |
/// | string                                          | ``StringColumn``           |
///
/// The stored value of a null row means nothing.
struct ColumnVector: Sendable {
    /// The arrays.
    enum Storage: Sendable {
        case boolean([Bool])
        case int64([Int64])
        case float64([Double])
        case string(StringColumn)
    }

    /// The column's type.
    var type: DataType
    /// Its values.
    var storage: Storage
    /// Rows that are not null; nil when none is.
    var validity: Bitmap?

    /// How many rows.
    var count: Int {
        switch storage {
        case .boolean(let values): values.count
        case .int64(let values): values.count
        case .float64(let values): values.count
        case .string(let values): values.count
        }
    }

    /// Whether a row holds a value.
    @inline(__always)
    func isValid(_ row: Int) -> Bool { validity?[row] ?? true }

    /// A row's value, for the edges of the engine where single values are needed.
    subscript(row: Int) -> Value {
        guard isValid(row) else { return .null }
        switch storage {
        case .boolean(let values): return .boolean(values[row])
        case .int64(let values):
            switch type {
            case .date: return .date(values[row])
            case .timestamp, .timestampNTZ: return .timestamp(values[row])
            default: return .long(values[row])
            }
        case .float64(let values): return .double(values[row])
        case .string(let values): return .string(values[row])
        }
    }
}
