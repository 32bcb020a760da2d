import StructuredStreaming

/// Checks that bytes are a row of a schema, so that reading it afterwards stays within them.
struct RowLayout: Sendable {
    private enum Field: Sendable {
        case fixed
        case bytes
        case row(RowLayout)
    }

    private let fields: [Field]

    /// The layout of a schema's rows; throws for types that state does not hold.
    init(_ schema: StructType) throws {
        fields = try schema.fields.map { field in
            switch field.dataType {
            case .null, .boolean, .byte, .short, .integer, .long, .float, .double, .date, .timestamp, .timestampNTZ:
                return .fixed
            case .string, .binary: return .bytes
            case .structure(let nested): return .row(try RowLayout(nested))
            case .decimal, .array, .map:
                throw EngineError(
                    .unsupported,
                    "cannot keep a column of the type \(SchemaJSON.simpleName(field.dataType)) in state: "
                        + field.name,
                    hint: "cast it to a simple type before grouping")
            }
        }
    }

    /// Whether all rows have the same length.
    var isFixedLength: Bool { fields.allSatisfy { if case .fixed = $0 { true } else { false } } }

    /// Whether the bytes are a row of this layout.
    func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let fixed = UnsafeRow.fixedLength(fields.count)
        guard bytes.count >= fixed, bytes.count & 7 == 0, let base = bytes.baseAddress else { return false }
        let row = UnsafeRow(base: base, fieldCount: fields.count)
        for (index, field) in fields.enumerated() {
            if case .fixed = field { continue }
            if row.isNull(index) { continue }
            let word = UInt64(bitPattern: row.long(index))
            let offset = Int(word >> 32)
            let length = Int(word & 0xFFFF_FFFF)
            guard offset >= fixed, offset <= bytes.count, length <= bytes.count - offset else { return false }
            if case .row(let nested) = field,
                !nested.accepts(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
            {
                return false
            }
        }
        return true
    }
}
