import StructuredStreaming

/// Writes the key columns of one row as a row image in Spark's UnsafeRow layout, into a buffer that is used again.
///
///     [null bits, 8 bytes for each 64 fields][8 bytes a field][texts, each padded to 8 bytes]
///
/// A text's 8 bytes are `offset << 32 | length`, the offset counted from the start of the row. All little-endian.
struct KeyEncoder {
    private let types: [DataType]
    private let headerBytes: Int
    private var buffer: [UInt8]

    init(types: [DataType]) {
        self.types = types
        headerBytes = (types.count + 63) / 64 * 8
        buffer = []
        buffer.reserveCapacity(256)
    }

    /// Calls `body` with the image of a row's keys.
    mutating func encode(_ columns: [ColumnVector], row: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        let fixed = headerBytes + types.count * 8
        buffer.removeAll(keepingCapacity: true)
        buffer.append(contentsOf: repeatElement(0, count: fixed))
        for field in columns.indices {
            guard columns[field].isValid(row) else {
                buffer[field / 8] |= 1 << UInt8(field % 8)
                continue
            }
            switch columns[field].storage {
            case .boolean(let values): store(values[row] ? 1 : 0, field)
            case .int64(let values): store(UInt64(bitPattern: Self.narrowed(values[row], types[field])), field)
            case .float64(let values): store(Self.bits(values[row], types[field]), field)
            case .string(let values): values.withUTF8(row) { appendText($0, field) }
            }
        }
        buffer.withUnsafeBytes { body($0) }
    }

    private mutating func store(_ word: UInt64, _ field: Int) {
        let at = headerBytes + field * 8
        buffer.withUnsafeMutableBytes { $0.storeBytes(of: word.littleEndian, toByteOffset: at, as: UInt64.self) }
    }

    private mutating func appendText(_ text: UnsafeBufferPointer<UInt8>, _ field: Int) {
        store(UInt64(buffer.count) << 32 | UInt64(text.count), field)
        buffer.append(contentsOf: text)
        let padding = (8 - text.count % 8) % 8
        buffer.append(contentsOf: repeatElement(0, count: padding))
    }

    /// Integers narrower than 64 bits fill only their low bytes.
    private static func narrowed(_ value: Int64, _ type: DataType) -> Int64 {
        switch type {
        case .byte: value & 0xff
        case .short: value & 0xffff
        case .integer, .date: value & 0xffff_ffff
        default: value
        }
    }

    /// A key's -0.0 is 0.0 and its NaN the one NaN, so that equal keys have equal bytes.
    private static func bits(_ value: Double, _ type: DataType) -> UInt64 {
        if type == .float {
            let single = Float(value)
            return UInt64(single.isNaN ? 0x7fc0_0000 : single == 0 ? 0 : single.bitPattern)
        }
        return value.isNaN ? 0x7ff8_0000_0000_0000 : value == 0 ? 0 : value.bitPattern
    }
}
