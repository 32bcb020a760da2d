/// A value that can stand in an expression as a constant.
public protocol ColumnLiteral: Sendable {
    /// The constant.
    var literal: Expression { get }
}

extension Int: ColumnLiteral {
    /// An `int` when it fits 32 bits, else a `bigint`, as in SQL.
    public var literal: Expression { .literal(.long(Int64(self)), Int32(exactly: self) == nil ? .long : .integer) }
}

extension Int64: ColumnLiteral {
    /// A `bigint`.
    public var literal: Expression { .literal(.long(self), .long) }
}

extension Double: ColumnLiteral {
    /// A `double`.
    public var literal: Expression { .literal(.double(self), .double) }
}

extension Bool: ColumnLiteral {
    /// A `boolean`.
    public var literal: Expression { .literal(.boolean(self), .boolean) }
}

extension String: ColumnLiteral {
    /// A `string`.
    public var literal: Expression { .literal(.string(self), .string) }
}

/// An expression over the columns of a ``DataFrame``; names are looked up when it is used in one.
///
/// ```swift
/// frame.filter(col("x") > 0 && col("gt").isNotNull).select(col("gt"), (col("x") * 2).alias("twice"))
/// ```
public struct Column: Sendable {
    /// What it computes.
    public let expression: Expression

    /// A column of an expression.
    public init(_ expression: Expression) { self.expression = expression }

    /// A column by its name; `*` is every column.
    public init(_ name: String) { expression = name == "*" ? .star : .attribute(name) }

    // MARK: Names and types

    /// The column under a name.
    public func alias(_ name: String) -> Column { Column(.alias(expression, name)) }

    /// The column under a name.
    public func `as`(_ name: String) -> Column { alias(name) }

    /// The value as another type; a value that cannot be converted fails the query.
    public func cast(_ type: DataType) -> Column { Column(.cast(expression, type)) }

    /// The value as another type, named as in SQL, such as `bigint`. Throws when there is no such type.
    public func cast(_ type: String) throws(AnalysisError) -> Column { cast(try DataType(sql: type)) }

    // MARK: Predicates

    /// Whether the value is null.
    public var isNull: Column { Column(.unary(.isNull, expression)) }

    /// Whether the value is not null.
    public var isNotNull: Column { Column(.unary(.isNotNull, expression)) }

    /// Whether the value is NaN.
    public var isNaN: Column { Column(.function("isnan", [expression])) }

    /// Whether the value is one of a list.
    public func isin(_ values: any ColumnLiteral...) -> Column { Column(.isIn(expression, values.map(\.literal))) }

    /// Whether the value is not below the one and not above the other.
    public func between(_ low: some ColumnLiteral, _ high: some ColumnLiteral) -> Column {
        self >= low && self <= high
    }

    /// Equality in which null equals null.
    public func eqNullSafe(_ other: Column) -> Column {
        Column(.binary(.nullSafeEqual, expression, other.expression))
    }

    /// Equality with a constant in which null equals nothing but null.
    public func eqNullSafe(_ other: some ColumnLiteral) -> Column { eqNullSafe(lit(other)) }

    /// Whether the text is like a pattern: `%` any text, `_` one character.
    public func like(_ pattern: String) -> Column { Column(.function("like", [expression, pattern.literal])) }

    /// Whether the text begins with another.
    public func startsWith(_ prefix: String) -> Column {
        Column(.function("startswith", [expression, prefix.literal]))
    }

    /// Whether the text ends with another.
    public func endsWith(_ suffix: String) -> Column { Column(.function("endswith", [expression, suffix.literal])) }

    /// Whether the text contains another.
    public func contains(_ part: String) -> Column { Column(.function("contains", [expression, part.literal])) }

    /// A part of the text: from a position (the first is 1), of at most a length.
    public func substr(_ position: Int, _ length: Int) -> Column {
        Column(.function("substring", [expression, position.literal, length.literal]))
    }

    // MARK: Order

    /// A sort key: smallest first, nulls first.
    public var asc: LogicalPlan.SortOrder { .init(expression, ascending: true) }

    /// A sort key: largest first, nulls last.
    public var desc: LogicalPlan.SortOrder { .init(expression, ascending: false) }
}
