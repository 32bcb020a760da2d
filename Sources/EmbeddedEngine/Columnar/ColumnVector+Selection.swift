import StructuredStreaming

/// How values of a type are stored.
enum PhysicalType: Sendable, Hashable {
    case boolean, int64, float64, string

    /// nil for types that have no columns yet (binary, decimal and the nested ones).
    init?(_ type: DataType) {
        switch type {
        case .boolean: self = .boolean
        case .byte, .short, .integer, .long, .date, .timestamp, .timestampNTZ: self = .int64
        case .float, .double: self = .float64
        case .string, .null: self = .string
        case .binary, .decimal, .array, .map, .structure: return nil
        }
    }
}

extension ColumnVector {
    /// The rows at `indices`, in that order.
    func gathered(_ indices: [Int32]) -> ColumnVector {
        let storage: Storage =
            switch self.storage {
            case .boolean(let values): .boolean(Self.gather(values, indices))
            case .int64(let values): .int64(Self.gather(values, indices))
            case .float64(let values): .float64(Self.gather(values, indices))
            case .string(let values): .string(values.gathered(indices))
            }
        return ColumnVector(type: type, storage: storage, validity: validity?.gathered(indices))
    }

    private static func gather<Element>(_ values: [Element], _ indices: [Int32]) -> [Element] {
        values.withUnsafeBufferPointer { source in
            [Element](unsafeUninitializedCapacity: indices.count) { target, count in
                for (at, index) in indices.enumerated() { target.initializeElement(at: at, to: source[Int(index)]) }
                count = indices.count
            }
        }
    }

    /// A column of `count` rows that are all null.
    static func nulls(_ type: DataType, count: Int) -> ColumnVector {
        ColumnVector(
            type: type, storage: zeros(PhysicalType(type) ?? .string, count: count),
            validity: Bitmap(repeating: false, count: count))
    }

    private static func zeros(_ type: PhysicalType, count: Int) -> Storage {
        switch type {
        case .boolean: .boolean([Bool](repeating: false, count: count))
        case .int64: .int64([Int64](repeating: 0, count: count))
        case .float64: .float64([Double](repeating: 0, count: count))
        case .string: .string(.plain(offsets: [Int32](repeating: 0, count: count + 1), bytes: []))
        }
    }

    /// A column whose every row is the same value.
    static func constant(_ value: Value, _ type: DataType, count: Int) -> ColumnVector {
        switch value {
        case .null: return nulls(type, count: count)
        case .boolean(let value):
            return ColumnVector(type: type, storage: .boolean([Bool](repeating: value, count: count)))
        case .long(let value), .date(let value), .timestamp(let value):
            if PhysicalType(type) == .float64 {
                return ColumnVector(type: type, storage: .float64([Double](repeating: Double(value), count: count)))
            }
            return ColumnVector(type: type, storage: .int64([Int64](repeating: value, count: count)))
        case .double(let value):
            return ColumnVector(type: type, storage: .float64([Double](repeating: value, count: count)))
        case .string(let value):
            let dictionary = StringDictionary()
            var text = value
            let code = text.withUTF8 { dictionary.append($0) }
            let codes = [Int32](repeating: code, count: count)
            return ColumnVector(type: type, storage: .string(.dictionary(codes: codes, dictionary)))
        case .binary(let bytes):
            return constant(.string(String(decoding: bytes, as: UTF8.self)), .string, count: count)
        }
    }
}

extension Bitmap {
    /// The bits at `indices`, in that order.
    func gathered(_ indices: [Int32]) -> Bitmap {
        var result = Bitmap(repeating: false, count: indices.count)
        for (at, index) in indices.enumerated() where self[Int(index)] { result[at] = true }
        return result
    }
}

extension StringColumn {
    /// The rows at `indices`, in that order.
    func gathered(_ indices: [Int32]) -> StringColumn {
        switch self {
        case .dictionary(let codes, let dictionary):
            return .dictionary(codes: indices.map { codes[Int($0)] }, dictionary)
        case .plain(let offsets, let bytes):
            var newOffsets: [Int32] = [0]
            newOffsets.reserveCapacity(indices.count + 1)
            var newBytes: [UInt8] = []
            for index in indices {
                newBytes.append(contentsOf: bytes[Int(offsets[Int(index)])..<Int(offsets[Int(index) + 1])])
                newOffsets.append(Int32(newBytes.count))
            }
            return .plain(offsets: newOffsets, bytes: newBytes)
        }
    }
}

extension ColumnBatch {
    /// The rows at `indices`, in that order.
    func gathered(_ indices: [Int32]) -> ColumnBatch {
        ColumnBatch(schema: schema, columns: columns.map { $0.gathered(indices) }, rowCount: indices.count)
    }
}
