/// An expression over the columns of a plan.
///
/// The API and the SQL parser build expressions with ``attribute(_:)`` names; the analyzer replaces each by a
/// ``column(index:name:type:nullable:)``, gives every operand the type its operator needs (by inserting ``cast(_:_:)``)
/// and every output a name (by inserting ``alias(_:_:)``).
public indirect enum Expression: Sendable, Hashable {
    /// A column by name, not yet looked up.
    case attribute(String)
    /// Every column, `*`; replaced by the analyzer.
    case star
    /// A column of the child plan, by position: made by the analyzer only.
    case column(index: Int, name: String, type: DataType, nullable: Bool)
    /// A constant.
    case literal(Value, DataType)
    /// An expression under a name.
    case alias(Expression, String)
    /// A value as another type; an impossible conversion of a value fails the query, as in ANSI mode.
    case cast(Expression, DataType)
    /// An operator with one operand.
    case unary(UnaryOperator, Expression)
    /// An operator with two operands.
    case binary(BinaryOperator, Expression, Expression)
    /// `value IN (…)`.
    case isIn(Expression, [Expression])
    /// `CASE WHEN … THEN … ELSE … END`.
    case caseWhen([WhenBranch], otherwise: Expression?)
    /// A scalar function by its lower-case name, such as `abs`, `sqrt`, `upper`, `coalesce`.
    case function(String, [Expression])
    /// An aggregate function; nil argument is `count(*)`.
    case aggregate(AggregateFunction, Expression?)

    /// One branch of a `CASE`.
    public struct WhenBranch: Sendable, Hashable {
        /// When this is true …
        public var condition: Expression
        /// … this is the value.
        public var value: Expression

        /// Creates a branch.
        public init(_ condition: Expression, _ value: Expression) {
            self.condition = condition
            self.value = value
        }
    }
}

/// Operators with one operand.
public enum UnaryOperator: String, Sendable, Hashable {
    /// Arithmetic negation.
    case negate = "-"
    /// Three-valued logical negation.
    case not = "NOT"
    /// Whether the value is null; never null itself.
    case isNull = "IS NULL"
    /// Whether the value is not null; never null itself.
    case isNotNull = "IS NOT NULL"
}

/// Operators with two operands.
public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    /// Always a double; division by zero fails the query, as in ANSI mode.
    case divide = "/"
    /// Integral division, `div`.
    case integralDivide = "DIV"
    case remainder = "%"
    case equal = "="
    /// Equality in which null equals null, `<=>`.
    case nullSafeEqual = "<=>"
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    /// Three-valued conjunction.
    case and = "AND"
    /// Three-valued disjunction.
    case or = "OR"
}

/// Aggregate functions.
public enum AggregateFunction: String, Sendable, Hashable, CaseIterable {
    /// Rows (`count(*)`) or non-null values.
    case count
    /// Sum of the non-null values; null without any. Overflow of a long fails the query.
    case sum
    /// Mean of the non-null values as a double; null without any.
    case avg
    /// Smallest non-null value.
    case min
    /// Largest non-null value.
    case max
}
