import StreamingMetrics
import StructuredStreaming

/// Spark's JSON form of a schema, as the state's schema file has it.
///
///     {"type":"struct","fields":[{"name":"gt","type":"string","nullable":true,"metadata":{}}]}
enum SchemaJSON {
    /// Why a text is no schema.
    struct Damage: Error, Sendable {
        /// In words.
        var reason: String
    }

    /// A schema's text. Field metadata is not part of a ``StructType`` and left empty.
    static func text(_ schema: StructType) -> String { value(.structure(schema)).jsonText }

    /// Reads a schema's text.
    static func schema(_ text: String) throws -> StructType {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: text)
        } catch {
            throw Damage(reason: "the schema is no JSON (\(error))")
        }
        guard case .structure(let schema) = try type(json) else { throw Damage(reason: "the schema is no struct") }
        return schema
    }

    /// A type's name as Spark prints it, `StructType(StructField(gt,StringType,true))`.
    static func description(_ type: DataType) -> String {
        switch type {
        case .structure(let schema):
            "StructType("
                + schema.fields.map { "StructField(\($0.name),\(description($0.dataType)),\($0.nullable))" }
                .joined(separator: ",") + ")"
        case .array(let element, let containsNull): "ArrayType(\(description(element)),\(containsNull))"
        case .map(let key, let value, let containsNull):
            "MapType(\(description(key)),\(description(value)),\(containsNull))"
        case .decimal(let precision, let scale): "DecimalType(\(precision),\(scale))"
        case .null: "NullType"
        case .timestampNTZ: "TimestampNTZType"
        default: simpleName(type).prefix(1).uppercased() + simpleName(type).dropFirst() + "Type"
        }
    }

    /// A type's name in JSON, for types that have one.
    static func simpleName(_ type: DataType) -> String {
        switch type {
        case .null: "void"
        case .boolean: "boolean"
        case .byte: "byte"
        case .short: "short"
        case .integer: "integer"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        case .string: "string"
        case .binary: "binary"
        case .date: "date"
        case .timestamp: "timestamp"
        case .timestampNTZ: "timestamp_ntz"
        case .array: "array"
        case .map: "map"
        case .structure: "struct"
        }
    }

    private static func value(_ type: DataType) -> JSONValue {
        switch type {
        case .structure(let schema):
            [
                "type": "struct",
                "fields": .array(
                    schema.fields.map {
                        [
                            "name": .string($0.name), "type": value($0.dataType), "nullable": .bool($0.nullable),
                            "metadata": [:],
                        ]
                    }),
            ]
        case .array(let element, let containsNull):
            ["type": "array", "elementType": value(element), "containsNull": .bool(containsNull)]
        case .map(let key, let element, let containsNull):
            [
                "type": "map", "keyType": value(key), "valueType": value(element),
                "valueContainsNull": .bool(containsNull),
            ]
        default: .string(simpleName(type))
        }
    }

    private static func type(_ json: JSONValue) throws -> DataType {
        if let name = json.string { return try type(named: name) }
        switch json["type"]?.string {
        case "struct":
            guard let fields = json["fields"]?.elements else { throw Damage(reason: "a struct has no fields") }
            return .structure(StructType(try fields.map(field)))
        case "array":
            guard let element = json["elementType"] else { throw Damage(reason: "an array has no elementType") }
            return .array(try type(element), containsNull: json["containsNull"]?.bool ?? true)
        case "map":
            guard let key = json["keyType"], let value = json["valueType"] else {
                throw Damage(reason: "a map needs keyType and valueType")
            }
            return .map(try type(key), try type(value), valueContainsNull: json["valueContainsNull"]?.bool ?? true)
        default: throw Damage(reason: "the type \(json.jsonText.prefix(80)) is not known")
        }
    }

    private static func field(_ json: JSONValue) throws -> StructField {
        guard let name = json["name"]?.string, let type = json["type"] else {
            throw Damage(reason: "a field needs name and type")
        }
        return StructField(name, try self.type(type), nullable: json["nullable"]?.bool ?? true)
    }

    private static func type(named name: String) throws -> DataType {
        let simple: [DataType] = [
            .null, .boolean, .byte, .short, .integer, .long, .float, .double, .string, .binary, .date, .timestamp,
            .timestampNTZ,
        ]
        if let type = simple.first(where: { simpleName($0) == name }) { return type }
        if name.hasPrefix("decimal("), name.hasSuffix(")") {
            let numbers = name.dropFirst("decimal(".count).dropLast().split(separator: ",")
                .map { Int($0.filter { $0 != " " }) }
            if numbers.count == 2, let precision = numbers[0], let scale = numbers[1] {
                return .decimal(precision: precision, scale: scale)
            }
        }
        // Collated and bounded texts are kept as texts.
        if name.hasPrefix("string ") || name.hasPrefix("varchar(") || name.hasPrefix("char(") { return .string }
        throw Damage(reason: "the type \(name) is not known")
    }
}
