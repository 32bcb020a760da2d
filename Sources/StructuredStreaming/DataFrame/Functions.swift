/// A column by its name; `*` is every column.
public func col(_ name: String) -> Column { Column(name) }

/// A constant.
public func lit(_ value: some ColumnLiteral) -> Column { Column(value.literal) }

/// An expression from SQL text, such as `a + 1 AS b`. Throws `PARSE_SYNTAX_ERROR`.
public func expr(_ sql: String) throws(AnalysisError) -> Column { Column(try Expression(sql: sql)) }

// MARK: Aggregates

/// The number of rows with a value (or, for `*` and constants, of rows).
public func count(_ column: Column) -> Column {
    Column(.aggregate(.count, column.expression == .star ? nil : column.expression))
}

/// The number of rows with a value in a column, or of rows for `*`.
public func count(_ name: String) -> Column { count(col(name)) }

/// The sum of the values; null without any.
public func sum(_ column: Column) -> Column { Column(.aggregate(.sum, column.expression)) }

/// The sum of the values; null without any.
public func sum(_ name: String) -> Column { sum(col(name)) }

/// The mean of the values as a double; null without any.
public func avg(_ column: Column) -> Column { Column(.aggregate(.avg, column.expression)) }

/// The mean of the values as a double; null without any.
public func avg(_ name: String) -> Column { avg(col(name)) }

/// The mean of the values as a double; null without any.
public func mean(_ column: Column) -> Column { Column(.aggregate(.avg, column.expression)) }

/// The mean of the values as a double; null without any.
public func mean(_ name: String) -> Column { mean(col(name)) }

/// The smallest value; null without any.
public func min(_ column: Column) -> Column { Column(.aggregate(.min, column.expression)) }

/// The smallest value; null without any.
public func min(_ name: String) -> Column { min(col(name)) }

/// The largest value; null without any.
public func max(_ column: Column) -> Column { Column(.aggregate(.max, column.expression)) }

/// The largest value; null without any.
public func max(_ name: String) -> Column { max(col(name)) }

// MARK: Scalars

private func call(_ name: String, _ arguments: Column...) -> Column {
    Column(.function(name, arguments.map(\.expression)))
}

/// The absolute value.
public func abs(_ column: Column) -> Column { call("abs", column) }

/// The square root; NaN for a negative number.
public func sqrt(_ column: Column) -> Column { call("sqrt", column) }

/// The power of e.
public func exp(_ column: Column) -> Column { call("exp", column) }

/// The natural logarithm; null for zero or less.
public func ln(_ column: Column) -> Column { call("ln", column) }

/// The decimal logarithm; null for zero or less.
public func log10(_ column: Column) -> Column { call("log10", column) }

/// The largest whole number not above, a long.
public func floor(_ column: Column) -> Column { call("floor", column) }

/// The smallest whole number not below, a long.
public func ceil(_ column: Column) -> Column { call("ceil", column) }

/// The text in capitals.
public func upper(_ column: Column) -> Column { call("upper", column) }

/// The text in small letters.
public func lower(_ column: Column) -> Column { call("lower", column) }

/// The number of characters of a text or bytes of a binary.
public func length(_ column: Column) -> Column { call("length", column) }

/// The text without spaces at both ends.
public func trim(_ column: Column) -> Column { call("trim", column) }

/// The text without leading spaces.
public func ltrim(_ column: Column) -> Column { call("ltrim", column) }

/// The text without trailing spaces.
public func rtrim(_ column: Column) -> Column { call("rtrim", column) }

/// Whether the value is NaN.
public func isnan(_ column: Column) -> Column { call("isnan", column) }

/// The power of a number.
public func pow(_ base: Column, _ exponent: Column) -> Column { call("pow", base, exponent) }

/// The number rounded half away from zero to a number of decimals.
public func round(_ column: Column, _ scale: Int = 0) -> Column { call("round", column, lit(scale)) }

/// The first value that is not null.
public func coalesce(_ columns: Column...) -> Column { Column(.function("coalesce", columns.map(\.expression))) }

/// The texts one after another; null when one is null.
public func concat(_ columns: Column...) -> Column { Column(.function("concat", columns.map(\.expression))) }

/// The largest value that is not null, of two or more.
public func greatest(_ columns: Column...) -> Column { Column(.function("greatest", columns.map(\.expression))) }

/// The smallest value that is not null, of two or more.
public func least(_ columns: Column...) -> Column { Column(.function("least", columns.map(\.expression))) }

/// A part of a text: from a position (the first is 1), of at most a length.
public func substring(_ column: Column, _ position: Int, _ length: Int) -> Column { column.substr(position, length) }

/// Begins a `CASE`: the value where the condition is true.
///
/// ```swift
/// when(col("x") > 0, lit("up")).when(col("x") < 0, lit("down")).otherwise(lit("flat"))
/// ```
public func when(_ condition: Column, _ value: Column) -> CaseWhen { CaseWhen().when(condition, value) }

/// A `CASE` being written.
public struct CaseWhen: Sendable {
    private var branches: [Expression.WhenBranch] = []

    fileprivate init() {}

    /// Another condition, asked when none before was true, and its value.
    public func when(_ condition: Column, _ value: Column) -> CaseWhen {
        var result = self
        result.branches.append(.init(condition.expression, value.expression))
        return result
    }

    /// The value where no condition was true.
    public func otherwise(_ value: Column) -> Column { Column(.caseWhen(branches, otherwise: value.expression)) }

    /// Null where no condition was true.
    public var end: Column { Column(.caseWhen(branches, otherwise: nil)) }
}
