import StructuredStreaming

/// A row in Spark's binary form, seen in place.
///
///     null bits        one word for each 64 fields, bit i set: field i is null
///     8 bytes a field  the value in the low bytes, or offset << 32 | length of text, bytes or a nested row
///     variable part    each value padded to 8 bytes
///
/// All words are little-endian. Reading does not check bounds: rows from files are checked once by ``RowLayout``.
struct UnsafeRow {
    /// The row's first byte.
    let base: UnsafeRawPointer
    /// How many fields it has.
    let fieldCount: Int

    /// How many bytes of null bits a row begins with.
    @inline(__always)
    static func bitsetLength(_ fieldCount: Int) -> Int { (fieldCount &+ 63) / 64 &* 8 }

    /// The length of a row whose fields are all of fixed width.
    static func fixedLength(_ fieldCount: Int) -> Int { bitsetLength(fieldCount) + fieldCount * 8 }

    /// Whether a field is null.
    @inline(__always)
    func isNull(_ field: Int) -> Bool {
        base.loadUnaligned(fromByteOffset: field >> 3, as: UInt8.self) & (1 << UInt8(field & 7)) != 0
    }

    /// A field's word: a long or timestamp as it is.
    @inline(__always)
    func long(_ field: Int) -> Int64 {
        Int64(littleEndian: base.loadUnaligned(fromByteOffset: offset(field), as: Int64.self))
    }

    /// A byte, short, integer or date, by its width in bytes.
    func integer(_ field: Int, width: Int) -> Int64 {
        let shift = Int64(64 - width * 8)
        return (long(field) << shift) >> shift
    }

    /// A boolean.
    func boolean(_ field: Int) -> Bool { long(field) & 0xFF != 0 }

    /// A double.
    func double(_ field: Int) -> Double { Double(bitPattern: UInt64(bitPattern: long(field))) }

    /// A float.
    func float(_ field: Int) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: long(field))) }

    /// The bytes of a text or binary field; they lie in the row.
    func bytes(_ field: Int) -> UnsafeRawBufferPointer {
        let word = long(field)
        return UnsafeRawBufferPointer(
            start: base + Int(word >> 32), count: Int(truncatingIfNeeded: word & 0xFFFF_FFFF))
    }

    /// A nested row.
    func row(_ field: Int, fieldCount: Int) -> UnsafeRow {
        UnsafeRow(base: base + Int(long(field) >> 32), fieldCount: fieldCount)
    }

    @inline(__always)
    private func offset(_ field: Int) -> Int { UnsafeRow.bitsetLength(fieldCount) &+ field &* 8 }

    /// A field as a value, for the edges of the engine where single values are needed.
    func value(_ field: Int, _ type: DataType) -> Value {
        guard !isNull(field) else { return .null }
        switch type {
        case .boolean: return .boolean(boolean(field))
        case .byte: return .long(integer(field, width: 1))
        case .short: return .long(integer(field, width: 2))
        case .integer: return .long(integer(field, width: 4))
        case .long: return .long(long(field))
        case .date: return .date(integer(field, width: 4))
        case .timestamp, .timestampNTZ: return .timestamp(long(field))
        case .float: return .double(Double(float(field)))
        case .double: return .double(double(field))
        case .string: return .string(String(decoding: bytes(field), as: UTF8.self))
        case .binary: return .binary(Array(bytes(field)))
        case .null, .decimal, .array, .map, .structure: return .null
        }
    }

    /// Chains the key's hash over all fields, for its partition.
    func murmur3(_ schema: StructType, seed: Int32 = Murmur3.seed) -> Int32 {
        var hash = seed
        for (field, type) in schema.fields.lazy.map(\.dataType).enumerated() where !isNull(field) {
            switch type {
            case .boolean: hash = Murmur3.hash(Int32(boolean(field) ? 1 : 0), hash)
            case .byte: hash = Murmur3.hash(Int32(integer(field, width: 1)), hash)
            case .short: hash = Murmur3.hash(Int32(integer(field, width: 2)), hash)
            case .integer, .date: hash = Murmur3.hash(Int32(integer(field, width: 4)), hash)
            case .long, .timestamp, .timestampNTZ: hash = Murmur3.hash(long(field), hash)
            case .float: hash = Murmur3.hash(float(field), hash)
            case .double: hash = Murmur3.hash(double(field), hash)
            case .string, .binary: hash = Murmur3.hash(bytes(field), hash)
            case .structure(let nested):
                hash = row(field, fieldCount: nested.fields.count).murmur3(nested, seed: hash)
            // No key has these: RowLayout refuses them.
            case .null, .decimal, .array, .map: break
            }
        }
        return hash
    }
}
