import StreamingMetrics

/// Spark's JSON form of a schema, as it stands in checkpoints and in files' metadata:
/// `{"type":"struct","fields":[{"name":"gt","type":"string","nullable":true,"metadata":{}}]}`.
extension StructType {
    /// The schema as compact JSON.
    public var json: String { DataType.structure(self).jsonValue.jsonText }

    /// A schema from its JSON form. Members may stand in any order; of a column's metadata only the comment is kept.
    /// Throws `INVALID_SCHEMA_JSON` with what is wrong.
    public init(json: String) throws(AnalysisError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: json)
        } catch {
            throw .invalidSchema("it is no JSON: \(error)")
        }
        guard case .structure(let schema) = try DataType(jsonValue: value) else {
            throw .invalidSchema("the outermost type is no struct")
        }
        self = schema
    }
}

extension DataType {
    /// The type in Spark's JSON form: a name, or an object for a type with parts.
    var jsonValue: JSONValue {
        switch self {
        case .array(let element, let containsNull):
            .object([
                .init("type", .string("array")), .init("elementType", element.jsonValue),
                .init("containsNull", .bool(containsNull)),
            ])
        case .map(let key, let value, let valueContainsNull):
            .object([
                .init("type", .string("map")), .init("keyType", key.jsonValue), .init("valueType", value.jsonValue),
                .init("valueContainsNull", .bool(valueContainsNull)),
            ])
        case .structure(let schema):
            .object([
                .init("type", .string("struct")), .init("fields", .array(schema.fields.map(\.jsonValue))),
            ])
        default: .string(typeName)
        }
    }

    /// A type from Spark's JSON form.
    init(jsonValue value: JSONValue) throws(AnalysisError) {
        if let name = value.string {
            self = try Self.named(name)
            return
        }
        switch value["type"]?.string {
        case "struct":
            guard let elements = value["fields"]?.elements else { throw .invalidSchema("a struct has no \"fields\"") }
            var fields: [StructField] = []
            for element in elements { fields.append(try StructField(jsonValue: element)) }
            self = .structure(StructType(fields))
        case "array":
            self = .array(
                try Self.part(value, "elementType"), containsNull: value["containsNull"]?.bool ?? true)
        case "map":
            self = .map(
                try Self.part(value, "keyType"), try Self.part(value, "valueType"),
                valueContainsNull: value["valueContainsNull"]?.bool ?? true)
        case "udt": self = try Self.part(value, "sqlType")
        default: throw .invalidSchema("this is no type: \(value.jsonText.prefix(80))")
        }
    }

    private static func part(_ value: JSONValue, _ key: String) throws(AnalysisError) -> DataType {
        guard let part = value[key] else { throw .invalidSchema("a type has no \"\(key)\"") }
        return try DataType(jsonValue: part)
    }

    /// `long`, `decimal(10,2)`, `null` (as old Sparks wrote `void`), `varchar(3)`.
    private static func named(_ name: String) throws(AnalysisError) -> DataType {
        if name == "null" { return .null }
        guard let type = try? DataType(sql: name), type.isAtomic else {
            throw .invalidSchema("there is no type \"\(name.prefix(80))\"")
        }
        return type
    }
}

extension StructField {
    fileprivate var jsonValue: JSONValue {
        let metadata = comment.map { [JSONValue.Member("comment", .string($0))] } ?? []
        return .object([
            .init("name", .string(name)), .init("type", dataType.jsonValue), .init("nullable", .bool(nullable)),
            .init("metadata", .object(metadata)),
        ])
    }

    fileprivate init(jsonValue value: JSONValue) throws(AnalysisError) {
        guard let name = value["name"]?.string else { throw .invalidSchema("a column has no \"name\"") }
        guard let type = value["type"] else { throw .invalidSchema("column `\(name)` has no \"type\"") }
        self.init(
            name, try DataType(jsonValue: type), nullable: value["nullable"]?.bool ?? true,
            comment: value["metadata"]?["comment"]?.string)
    }
}

extension AnalysisError {
    fileprivate static func invalidSchema(_ why: String) -> AnalysisError {
        AnalysisError("INVALID_SCHEMA_JSON", "The JSON text of a schema cannot be read: \(why).")
    }
}
