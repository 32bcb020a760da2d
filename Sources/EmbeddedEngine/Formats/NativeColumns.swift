import CSimdJSON
import StructuredStreaming

/// The columns that the C++ reader fills, and their way into ``ColumnBatch``.
final class NativeColumns {
    static let noMemory = EngineError(.inputOutput, "no memory for the rows of a JSON file")

    let handle: OpaquePointer
    private let schema: StructType
    private let types: [sg_json_type]
    private var dictionaries: [StringDictionary]

    /// Columns of a schema. Throws ``EngineError/Code/unsupported`` for types that cannot be read.
    init(schema: StructType, options: JSONOptions) throws(EngineError) {
        self.schema = schema
        var types: [sg_json_type] = []
        for field in schema.fields { types.append(try Self.nativeType(of: field)) }
        self.types = types
        dictionaries = schema.fields.map { _ in StringDictionary() }
        var names: [UInt8] = []
        var seen: Set<String> = [options.columnNameOfCorruptRecord]
        var origins: [sg_json_origin] = []
        for field in schema.fields {
            names += Array(field.name.utf8)
            // Of two columns of one name the first has the field's values.
            origins.append(seen.insert(field.name).inserted ? Self.origin(of: field.dataType, options) : SG_JSON_CALLER)
        }
        let created = names.withUnsafeBytes { bytes in
            var start = 0
            let fields = schema.fields.indices.map { index in
                let length = schema.fields[index].name.utf8.count
                defer { start += length }
                let name = bytes.baseAddress.map { ($0 + start).assumingMemoryBound(to: CChar.self) }
                return sg_json_field(name: name, name_length: length, type: types[index], origin: origins[index])
            }
            return sg_json_create(fields, fields.count, 1, Int32(options.timeZone.seconds))
        }
        guard let created else { throw Self.noMemory }
        handle = created
    }

    deinit { sg_json_destroy(handle) }

    /// Rows since the last batch was taken.
    var rowCount: Int { sg_json_row_count(handle) }

    /// Appends one row.
    func append(_ values: [Value]) throws(EngineError) {
        guard sg_json_append_row(handle) != 0 else { throw Self.noMemory }
        for (column, value) in values.enumerated() {
            switch value {
            case .null: break
            case .boolean(let flag): sg_json_set_boolean(handle, column, flag ? 1 : 0)
            case .long(let number), .date(let number), .timestamp(let number):
                sg_json_set_int64(handle, column, number)
            case .double(let number): sg_json_set_double(handle, column, number)
            case .string(var text):
                let isSet = text.withUTF8 { sg_json_set_text(handle, column, $0.baseAddress, $0.count) }
                guard isSet != 0 else { throw Self.noMemory }
            case .binary: preconditionFailure("no column of a JSON reader is binary")
            }
        }
    }

    /// The rows since the last call.
    func takeBatch() -> ColumnBatch {
        let count = rowCount
        let vectors = schema.fields.indices.map { vector($0, count) }
        sg_json_clear(handle)
        return ColumnBatch(schema: schema, columns: vectors, rowCount: count)
    }

    private func vector(_ index: Int, _ count: Int) -> ColumnVector {
        var data = sg_json_column_data()
        sg_json_column(handle, index, &data)
        let storage: ColumnVector.Storage =
            switch types[index] {
            case SG_JSON_BOOLEAN: .boolean(Self.copy(data.values, count))
            case SG_JSON_FLOAT, SG_JSON_DOUBLE: .float64(Self.copy(data.values, count))
            case SG_JSON_STRING: .string(texts(index, data, count))
            default: .int64(Self.copy(data.values, count))
            }
        var validity: Bitmap?
        if data.valid_count < count {
            validity = Bitmap(words: Self.copy(data.validity, (count + 63) / 64), count: count)
        }
        return ColumnVector(type: schema.fields[index].dataType, storage: storage, validity: validity)
    }

    private func texts(_ index: Int, _ data: sg_json_column_data, _ count: Int) -> StringColumn {
        guard data.is_dictionary != 0 else {
            return .plain(offsets: Self.copy(data.offsets, count + 1), bytes: Self.copy(data.bytes, data.byte_count))
        }
        let dictionary = dictionaries[index]
        var texts = sg_json_texts()
        sg_json_dictionary(handle, index, dictionary.count, &texts)
        for text in 0..<texts.count {
            let range = Int(texts.offsets[text])..<Int(texts.offsets[text + 1])
            _ = dictionary.append(UnsafeBufferPointer(start: texts.bytes + range.lowerBound, count: range.count))
        }
        return .dictionary(codes: Self.copy(data.values, count), dictionary)
    }

    private static func copy<Element>(_ source: UnsafeRawPointer?, _ count: Int) -> [Element] {
        guard let source, count > 0 else { return [] }
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawPointer(buffer.baseAddress)?.copyMemory(
                from: source, byteCount: count * MemoryLayout<Element>.stride)
            initialized = count
        }
    }

    private static func origin(of type: DataType, _ options: JSONOptions) -> sg_json_origin {
        let hasPattern =
            switch type {
            case .timestamp: options.timestampFormat != nil
            case .timestampNTZ: options.timestampNTZFormat != nil
            case .date: options.dateFormat != nil
            default: false
            }
        return hasPattern ? SG_JSON_FIELD_HANDED_BACK : SG_JSON_FIELD
    }

    private static func nativeType(of field: StructField) throws(EngineError) -> sg_json_type {
        switch field.dataType {
        case .boolean: return SG_JSON_BOOLEAN
        case .byte: return SG_JSON_BYTE
        case .short: return SG_JSON_SHORT
        case .integer: return SG_JSON_INTEGER
        case .long: return SG_JSON_LONG
        case .float: return SG_JSON_FLOAT
        case .double: return SG_JSON_DOUBLE
        case .string: return SG_JSON_STRING
        case .date: return SG_JSON_DATE
        case .timestamp: return SG_JSON_TIMESTAMP
        case .timestampNTZ: return SG_JSON_TIMESTAMP_NTZ
        case .null, .decimal, .binary, .array, .map, .structure:
            throw EngineError(
                .unsupported, "JSON values of column '\(field.name)' cannot be read as \(field.dataType)",
                hint: "give a schema in which the column is a string: it then holds the value's JSON text")
        }
    }
}
