/// The type of a column, in Spark's terms.
public indirect enum DataType: Sendable, Hashable {
    /// The type of a bare `NULL`.
    case null
    /// `true` or `false`.
    case boolean
    /// 8-bit signed integer (`tinyint`).
    case byte
    /// 16-bit signed integer (`smallint`).
    case short
    /// 32-bit signed integer (`int`).
    case integer
    /// 64-bit signed integer (`bigint`).
    case long
    /// 32-bit floating point.
    case float
    /// 64-bit floating point.
    case double
    /// Decimal with a total of `precision` digits (1...38), `scale` of them after the point.
    case decimal(precision: Int, scale: Int)
    /// UTF-8 text.
    case string
    /// Bytes.
    case binary
    /// Days since 1970-01-01.
    case date
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp
    /// Microseconds of a wall clock without a zone.
    case timestampNTZ
    /// A list of one element type.
    case array(DataType, containsNull: Bool)
    /// A map of one key and one value type.
    case map(DataType, DataType, valueContainsNull: Bool)
    /// A nested row.
    case structure(StructType)
}

/// One column of a schema.
public struct StructField: Sendable, Hashable {
    /// The column's name.
    public var name: String
    /// Its type.
    public var dataType: DataType
    /// Whether it may hold null.
    public var nullable: Bool
    /// What the column means, for people; nil without a comment.
    public var comment: String?

    /// Creates a field.
    public init(_ name: String, _ dataType: DataType, nullable: Bool = true, comment: String? = nil) {
        self.name = name
        self.dataType = dataType
        self.nullable = nullable
        self.comment = comment
    }
}

/// A schema: named, typed columns in order.
public struct StructType: Sendable, Hashable {
    /// The columns in order.
    public var fields: [StructField]

    /// Creates a schema.
    public init(_ fields: [StructField]) { self.fields = fields }

    /// The columns' names in order.
    public var names: [String] { fields.map(\.name) }
}
