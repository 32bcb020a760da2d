/// One row of a result.
public struct Row: Sendable, Hashable {
    /// The row's columns.
    public var schema: StructType
    /// One value a column.
    public var values: [Value]

    /// Creates a row.
    public init(schema: StructType, values: [Value]) {
        self.schema = schema
        self.values = values
    }

    /// The value of a column by position.
    public subscript(index: Int) -> Value { values[index] }

    /// The value of a column by name; nil without such a column.
    public subscript(name: String) -> Value? {
        schema.fields.firstIndex { $0.name == name }.map { values[$0] }
    }
}
