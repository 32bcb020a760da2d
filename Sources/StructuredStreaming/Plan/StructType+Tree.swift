extension StructType {
    /// The schema as `printSchema()` shows it, one line a column, parts of a column below it.
    public var treeString: String {
        var result = "root\n"
        Self.append(fields, prefix: " |", to: &result)
        return result
    }

    private static func append(_ fields: [StructField], prefix: String, to result: inout String) {
        for field in fields {
            result += "\(prefix)-- \(field.name): \(field.dataType.typeName) (nullable = \(field.nullable))\n"
            appendParts(of: field.dataType, prefix: prefix + "    |", to: &result)
        }
    }

    private static func appendParts(of type: DataType, prefix: String, to result: inout String) {
        switch type {
        case .array(let element, let containsNull):
            result += "\(prefix)-- element: \(element.typeName) (containsNull = \(containsNull))\n"
            appendParts(of: element, prefix: prefix + "    |", to: &result)
        case .map(let key, let value, let valueContainsNull):
            result += "\(prefix)-- key: \(key.typeName)\n"
            appendParts(of: key, prefix: prefix + "    |", to: &result)
            result += "\(prefix)-- value: \(value.typeName) (valueContainsNull = \(valueContainsNull))\n"
            appendParts(of: value, prefix: prefix + "    |", to: &result)
        case .structure(let schema): append(schema.fields, prefix: prefix, to: &result)
        default: break
        }
    }
}

extension DataType {
    /// The type's name in JSON schemas and in `printSchema()`: `long` rather than `bigint`.
    var typeName: String {
        switch self {
        case .byte: "byte"
        case .short: "short"
        case .integer: "integer"
        case .long: "long"
        case .array: "array"
        case .map: "map"
        case .structure: "struct"
        default: simpleString
        }
    }
}
