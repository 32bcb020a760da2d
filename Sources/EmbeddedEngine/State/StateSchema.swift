import StructuredStreaming

/// The key and value schema of a state store, and the file `_metadata/schema` that keeps it.
///
///     UTF "v2"   int32 chunks   UTF key schema…   int32 chunks   UTF value schema…
///
/// UTF is Java's: a big-endian 16-bit length and that many bytes; so a longer text comes in chunks.
struct StateSchema: Sendable, Hashable {
    /// The key's columns.
    var key: StructType
    /// The value's columns.
    var value: StructType
    /// The key's JSON text if it came from a file, with the field metadata a ``StructType`` lacks.
    private var keyText: String?
    private var valueText: String?

    /// Creates a schema.
    init(key: StructType, value: StructType) {
        self.key = key
        self.value = value
    }

    /// The file's bytes.
    var fileBytes: [UInt8] {
        var bytes: [UInt8] = []
        StateSchema.append(&bytes, utf: Array("v2".utf8)[...])
        for text in [keyText ?? SchemaJSON.text(key), valueText ?? SchemaJSON.text(value)] {
            let chunks = StateSchema.chunks(Array(text.utf8))
            withUnsafeBytes(of: Int32(chunks.count).bigEndian) { bytes.append(contentsOf: $0) }
            for chunk in chunks { StateSchema.append(&bytes, utf: chunk) }
        }
        return bytes
    }

    /// Reads a file.
    init(_ bytes: [UInt8], path: String) throws {
        var reader = Reader(bytes: bytes, path: path)
        let version = try reader.utf()
        guard version == "v2" else {
            throw EngineError(
                .checkpointIncompatible,
                "cannot read \(path): the state schema has the version \(version), only v2 is read",
                hint: "go on with the engine that made it, or start over with a new checkpoint")
        }
        let keyText = try reader.chunks()
        let valueText = try reader.chunks()
        do {
            key = try SchemaJSON.schema(keyText)
            value = try SchemaJSON.schema(valueText)
        } catch let damage as SchemaJSON.Damage {
            throw reader.damage(damage.reason)
        }
        self.keyText = keyText
        self.valueText = valueText
    }

    /// Throws unless state of this schema, found at `path`, can be used as state of another one.
    ///
    /// Types and their order must be the same; names do not matter. A stored field may be nullable where the new one is not.
    func requireCompatible(with new: StateSchema, path: String) throws {
        for (part, stored, wanted) in [("key", key, new.key), ("value", value, new.value)] {
            guard !StateSchema.isCompatible(.structure(stored), .structure(wanted)) else { continue }
            throw EngineError(
                .stateSchemaIncompatible,
                "STATE_STORE_\(part.uppercased())_SCHEMA_NOT_COMPATIBLE: Provided \(part) schema does not match existing "
                    + "state \(part) schema in \(path). Existing \(part)_schema="
                    + "\(SchemaJSON.description(.structure(stored))) and new \(part)_schema="
                    + "\(SchemaJSON.description(.structure(wanted)))",
                hint: "the query groups or aggregates otherwise than the one that made this checkpoint; give it a new "
                    + "checkpoint, or restore the query")
        }
    }

    private static func isCompatible(_ stored: DataType, _ new: DataType) -> Bool {
        switch (stored, new) {
        case (.structure(let stored), .structure(let new)):
            stored.fields.count == new.fields.count
                && zip(stored.fields, new.fields).allSatisfy { old, field in
                    (old.nullable || !field.nullable) && isCompatible(old.dataType, field.dataType)
                }
        case (.array(let stored, let storedNull), .array(let new, let newNull)):
            (storedNull || !newNull) && isCompatible(stored, new)
        case (.map(let storedKey, let stored, let storedNull), .map(let newKey, let new, let newNull)):
            (storedNull || !newNull) && isCompatible(storedKey, newKey) && isCompatible(stored, new)
        default: stored == new
        }
    }

    private static func chunks(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let longest = 65535
        return stride(from: 0, to: max(bytes.count, 1), by: longest).map { bytes[$0..<min($0 + longest, bytes.count)] }
    }

    private static func append(_ bytes: inout [UInt8], utf: ArraySlice<UInt8>) {
        withUnsafeBytes(of: UInt16(utf.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: utf)
    }

    private struct Reader {
        let bytes: [UInt8]
        let path: String
        var position = 0

        mutating func utf() throws -> String { String(decoding: try utfBytes(), as: UTF8.self) }

        mutating func chunks() throws -> String {
            let count = try integer(width: 4)
            guard count > 0, count < 65536 else { throw damage("a number of chunks is \(count)") }
            var text: [UInt8] = []
            for _ in 0..<count { text.append(contentsOf: try utfBytes()) }
            return String(decoding: text, as: UTF8.self)
        }

        private mutating func utfBytes() throws -> ArraySlice<UInt8> {
            let count = try integer(width: 2)
            guard count <= bytes.count - position else { throw damage("it ends inside a text") }
            defer { position += count }
            return bytes[position..<position + count]
        }

        private mutating func integer(width: Int) throws -> Int {
            guard bytes.count - position >= width else { throw damage("it ends inside a length") }
            defer { position += width }
            return bytes[position..<position + width].reduce(0) { $0 << 8 | Int($1) }
        }

        func damage(_ reason: String) -> EngineError {
            EngineError(
                .checkpointCorrupt, "cannot read the state schema \(path), byte \(position): \(reason)",
                hint: "delete the file, and it is written anew from the running query")
        }
    }
}
