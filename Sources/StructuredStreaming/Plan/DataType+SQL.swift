extension DataType {
    /// The type as Spark writes it for people, such as `bigint` or `struct<a:int>`.
    public var simpleString: String {
        switch self {
        case .array(let element, _): "array<\(element.simpleString)>"
        case .map(let key, let value, _): "map<\(key.simpleString),\(value.simpleString)>"
        case .structure(let schema): schema.simpleString
        default: sql.lowercased()
        }
    }

    /// The type as SQL, such as `BIGINT` or `STRUCT<a: INT>`.
    public var sql: String {
        switch self {
        case .null: "VOID"
        case .boolean: "BOOLEAN"
        case .byte: "TINYINT"
        case .short: "SMALLINT"
        case .integer: "INT"
        case .long: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .string: "STRING"
        case .binary: "BINARY"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP"
        case .timestampNTZ: "TIMESTAMP_NTZ"
        case .array(let element, _): "ARRAY<\(element.sql)>"
        case .map(let key, let value, _): "MAP<\(key.sql), \(value.sql)>"
        case .structure(let schema):
            "STRUCT<" + schema.fields.map(\.nestedSQL).joined(separator: ", ") + ">"
        }
    }
}

extension StructField {
    /// The field inside a `STRUCT<…>`.
    fileprivate var nestedSQL: String {
        "\(AttributeName.quotedIfNeeded(name)): \(dataType.sql)\(constraints)"
    }

    /// The field as a column of a DDL string, such as `count BIGINT NOT NULL`.
    public var ddl: String {
        "\(AttributeName.quotedIfNeeded(name)) \(dataType.sql)\(constraints)"
    }

    private var constraints: String {
        let comment = comment.map { comment in
            " COMMENT '" + comment.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
        }
        return (nullable ? "" : " NOT NULL") + (comment ?? "")
    }
}

extension StructType {
    /// `struct<gt:string,count:bigint>`.
    public var simpleString: String {
        "struct<" + fields.map { "\($0.name):\($0.dataType.simpleString)" }.joined(separator: ",") + ">"
    }

    /// The schema as a DDL string, such as `gt STRING, count BIGINT NOT NULL`.
    public var ddl: String { fields.map(\.ddl).joined(separator: ",") }
}
