extension Column {
    private static func binary(_ operation: BinaryOperator, _ left: Expression, _ right: Expression) -> Column {
        Column(.binary(operation, left, right))
    }

    /// The number with its sign turned.
    public static prefix func - (column: Column) -> Column { Column(.unary(.negate, column.expression)) }

    /// Three-valued negation.
    public static prefix func ! (column: Column) -> Column { Column(.unary(.not, column.expression)) }

    /// Three-valued conjunction.
    public static func && (left: Column, right: Column) -> Column { binary(.and, left.expression, right.expression) }

    /// Three-valued disjunction.
    public static func || (left: Column, right: Column) -> Column { binary(.or, left.expression, right.expression) }

    /// The sum.
    public static func + (left: Column, right: Column) -> Column { binary(.add, left.expression, right.expression) }

    /// The sum.
    public static func + (left: Column, right: some ColumnLiteral) -> Column {
        binary(.add, left.expression, right.literal)
    }

    /// The sum.
    public static func + (left: some ColumnLiteral, right: Column) -> Column {
        binary(.add, left.literal, right.expression)
    }

    /// The difference.
    public static func - (left: Column, right: Column) -> Column {
        binary(.subtract, left.expression, right.expression)
    }

    /// The difference.
    public static func - (left: Column, right: some ColumnLiteral) -> Column {
        binary(.subtract, left.expression, right.literal)
    }

    /// The difference.
    public static func - (left: some ColumnLiteral, right: Column) -> Column {
        binary(.subtract, left.literal, right.expression)
    }

    /// The product.
    public static func * (left: Column, right: Column) -> Column {
        binary(.multiply, left.expression, right.expression)
    }

    /// The product.
    public static func * (left: Column, right: some ColumnLiteral) -> Column {
        binary(.multiply, left.expression, right.literal)
    }

    /// The product.
    public static func * (left: some ColumnLiteral, right: Column) -> Column {
        binary(.multiply, left.literal, right.expression)
    }

    /// The quotient, always a double; division by zero fails the query.
    public static func / (left: Column, right: Column) -> Column { binary(.divide, left.expression, right.expression) }

    /// The quotient, always a double; division by zero fails the query.
    public static func / (left: Column, right: some ColumnLiteral) -> Column {
        binary(.divide, left.expression, right.literal)
    }

    /// The quotient, always a double; division by zero fails the query.
    public static func / (left: some ColumnLiteral, right: Column) -> Column {
        binary(.divide, left.literal, right.expression)
    }

    /// The remainder, with the sign of the dividend.
    public static func % (left: Column, right: Column) -> Column {
        binary(.remainder, left.expression, right.expression)
    }

    /// The remainder, with the sign of the dividend.
    public static func % (left: Column, right: some ColumnLiteral) -> Column {
        binary(.remainder, left.expression, right.literal)
    }

    /// The remainder, with the sign of the dividend.
    public static func % (left: some ColumnLiteral, right: Column) -> Column {
        binary(.remainder, left.literal, right.expression)
    }

    /// Whether both are equal; null when one is null.
    public static func == (left: Column, right: Column) -> Column { binary(.equal, left.expression, right.expression) }

    /// Whether both are equal; null when one is null.
    public static func == (left: Column, right: some ColumnLiteral) -> Column {
        binary(.equal, left.expression, right.literal)
    }

    /// Whether both are equal; null when one is null.
    public static func == (left: some ColumnLiteral, right: Column) -> Column {
        binary(.equal, left.literal, right.expression)
    }

    /// Whether both differ; null when one is null.
    public static func != (left: Column, right: Column) -> Column {
        binary(.notEqual, left.expression, right.expression)
    }

    /// Whether both differ; null when one is null.
    public static func != (left: Column, right: some ColumnLiteral) -> Column {
        binary(.notEqual, left.expression, right.literal)
    }

    /// Whether both differ; null when one is null.
    public static func != (left: some ColumnLiteral, right: Column) -> Column {
        binary(.notEqual, left.literal, right.expression)
    }

    /// Whether the left is smaller.
    public static func < (left: Column, right: Column) -> Column { binary(.less, left.expression, right.expression) }

    /// Whether the left is smaller.
    public static func < (left: Column, right: some ColumnLiteral) -> Column {
        binary(.less, left.expression, right.literal)
    }

    /// Whether the left is smaller.
    public static func < (left: some ColumnLiteral, right: Column) -> Column {
        binary(.less, left.literal, right.expression)
    }

    /// Whether the left is not larger.
    public static func <= (left: Column, right: Column) -> Column {
        binary(.lessOrEqual, left.expression, right.expression)
    }

    /// Whether the left is not larger.
    public static func <= (left: Column, right: some ColumnLiteral) -> Column {
        binary(.lessOrEqual, left.expression, right.literal)
    }

    /// Whether the left is not larger.
    public static func <= (left: some ColumnLiteral, right: Column) -> Column {
        binary(.lessOrEqual, left.literal, right.expression)
    }

    /// Whether the left is larger.
    public static func > (left: Column, right: Column) -> Column { binary(.greater, left.expression, right.expression) }

    /// Whether the left is larger.
    public static func > (left: Column, right: some ColumnLiteral) -> Column {
        binary(.greater, left.expression, right.literal)
    }

    /// Whether the left is larger.
    public static func > (left: some ColumnLiteral, right: Column) -> Column {
        binary(.greater, left.literal, right.expression)
    }

    /// Whether the left is not smaller.
    public static func >= (left: Column, right: Column) -> Column {
        binary(.greaterOrEqual, left.expression, right.expression)
    }

    /// Whether the left is not smaller.
    public static func >= (left: Column, right: some ColumnLiteral) -> Column {
        binary(.greaterOrEqual, left.expression, right.literal)
    }

    /// Whether the left is not smaller.
    public static func >= (left: some ColumnLiteral, right: Column) -> Column {
        binary(.greaterOrEqual, left.literal, right.expression)
    }
}
