import CSimdJSON
import Dispatch
import StructuredStreaming
import Synchronization

/// Finds the schema of JSON-lines files by Spark's rules.
///
/// Fields are sorted by name. Integers are long, or decimal beyond 64 bits; numbers that are also fractions are double;
/// what has no common type is string, and so is what is null everywhere. Lines that are no record add the corrupt-record
/// column in PERMISSIVE mode. Flat records are judged in C++, all others by ``JSONTypeInference``.
enum JSONSchemaInference {
    /// The schema that all records of the files have.
    ///
    /// Throws ``EngineError/Code/illegalArgument`` when there are no files or two columns have one name,
    /// ``EngineError/Code/malformedRecord`` in FAILFAST mode, and what reading throws.
    static func infer(_ paths: [String], options: JSONOptions = JSONOptions()) throws(EngineError) -> StructType {
        guard !paths.isEmpty else {
            throw EngineError(
                .illegalArgument, "[UNABLE_TO_INFER_SCHEMA] unable to infer a schema for JSON: there are no files",
                hint: "give a schema")
        }
        guard options.samplingRatio == 1 else {
            throw EngineError(.unsupported, "the JSON option samplingRatio is not supported", hint: "leave it out")
        }
        let results = Mutex<[Result<StructType, EngineError>]>([])
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            let result = Result { () throws(EngineError) in try Self.schema(of: paths[index], options) }
            results.withLock { $0.append(result) }
        }
        var root = DataType.structure(StructType([]))
        for result in results.withLock({ $0 }) {
            root = .structure(JSONTypeInference.merge(fields(of: root), try result.get()))
        }
        let schema = StructType(fields(of: root).fields.compactMap { finished($0, options) })
        try refuseDuplicates(schema, in: paths)
        return schema
    }

    private static func fields(of type: DataType) -> StructType {
        if case .structure(let fields) = type { fields } else { StructType([]) }
    }

    /// One file's fields, their types not finished.
    private static func schema(of path: String, _ options: JSONOptions) throws(EngineError) -> StructType {
        let chunks = try JSONLineChunks(path: path, slice: nil, chunkBytes: 1 << 18)
        guard let native = sg_json_create_inferring() else { throw NativeColumns.noMemory }
        defer { sg_json_destroy(native) }
        var lines = LineSchema(options: options, path: path)
        while let chunk = try chunks.next() {
            if options.prefersDecimal {
                for line in chunk.split(separator: UInt8(ascii: "\n")) { try lines.add(.init(rebasing: line)) }
                continue
            }
            sg_json_begin(native, chunk.baseAddress, chunk.count)
            var (start, end) = (0, 0)
            var status = sg_json_next(native, &start, &end)
            while status == SG_JSON_LINE {
                try lines.add(UnsafeBufferPointer(rebasing: chunk[start..<end]))
                status = sg_json_next(native, &start, &end)
            }
            guard status == SG_JSON_DONE else { throw NativeColumns.noMemory }
            sg_json_clear(native)
        }
        return JSONTypeInference.merge(lines.fields, noted(native, options))
    }

    /// The fields that the C++ reader noted.
    private static func noted(_ native: OpaquePointer, _ options: JSONOptions) -> StructType {
        var fields: [StructField] = []
        for index in 0..<sg_json_field_count(native) {
            var name: UnsafePointer<CChar>?
            var length = 0
            let seen = Int(sg_json_field_seen(native, index, &name, &length))
            guard seen != 0, let name else { continue }
            let text = String(decoding: UnsafeRawBufferPointer(start: name, count: length), as: UTF8.self)
            fields.append(StructField(text, type(seen, options)))
        }
        return StructType(JSONTypeInference.sorted(fields))
    }

    private static func type(_ seen: Int, _ options: JSONOptions) -> DataType {
        let kinds: [(Int, DataType)] = [
            (SG_JSON_SEEN_TEXT, .string), (SG_JSON_SEEN_BOOLEAN, .boolean), (SG_JSON_SEEN_LONG, .long),
            (SG_JSON_SEEN_DOUBLE, .double),
        ]
        return kinds.reduce(DataType.null) { type, kind in
            guard seen & kind.0 != 0 else { return type }
            return JSONTypeInference.common(type, options.primitivesAsString ? .string : kind.1)
        }
    }

    /// A type as the schema has it: nothing is left of rows without fields, and null is string. Nil for nothing.
    private static func finished(_ type: DataType, _ options: JSONOptions) -> DataType? {
        switch type {
        case .null: return options.dropFieldIfAllNull ? nil : .string
        case .array(let element, _): return finished(element, options).map { .array($0, containsNull: true) }
        case .structure(let fields):
            let left = fields.fields.compactMap { finished($0, options) }
            return left.isEmpty ? nil : .structure(StructType(left))
        default: return type
        }
    }

    private static func finished(_ field: StructField, _ options: JSONOptions) -> StructField? {
        guard !field.name.isEmpty, let type = finished(field.dataType, options) else { return nil }
        return StructField(field.name, type)
    }

    private static func refuseDuplicates(_ schema: StructType, in paths: [String]) throws(EngineError) {
        var seen: Set<String> = []
        for field in schema.fields {
            guard seen.insert(field.name.lowercased()).inserted else {
                throw EngineError(
                    .illegalArgument,
                    "[COLUMN_ALREADY_EXISTS] the JSON records of '\(paths[0])'"
                        + (paths.count > 1 ? " and others" : "")
                        + " have two fields that are one column: '\(field.name.lowercased())'",
                    hint: "rename one of them, or give a schema with one of them")
            }
            if case .structure(let nested) = field.dataType { try refuseDuplicates(nested, in: paths) }
        }
    }
}

/// The fields of the lines that the C++ reader handed back.
private struct LineSchema {
    let inference: JSONTypeInference
    let path: String
    var fields = StructType([])

    init(options: JSONOptions, path: String) {
        inference = JSONTypeInference(options: options)
        self.path = path
    }

    mutating func add(_ line: UnsafeBufferPointer<UInt8>) throws(EngineError) {
        var type: DataType?
        do throws(MalformedJSON) {
            type = try inference.type(of: line)
        } catch {
            // Anything that is no row will do for a line that is no JSON.
            type = .string
        }
        // The rows of an array are rows like any other.
        while case .array(let element, _) = type { type = element }
        switch type {
        case nil, .null: break
        case .structure(let other): fields = JSONTypeInference.merge(fields, other)
        default: try addCorrupt(line)
        }
    }

    private mutating func addCorrupt(_ line: UnsafeBufferPointer<UInt8>) throws(EngineError) {
        switch inference.options.mode {
        case .permissive:
            let name = inference.options.columnNameOfCorruptRecord
            guard !fields.names.contains(name) else { return }
            fields = JSONTypeInference.merge(fields, StructType([StructField(name, .string)]))
        case .dropMalformed: break
        case .failFast:
            throw EngineError(
                .malformedRecord,
                "malformed record in '\(path)' while inferring its schema, parse mode FAILFAST: "
                    + String(decoding: line.prefix(200), as: UTF8.self),
                hint: "set the option mode to PERMISSIVE, or give a schema")
        }
    }
}
