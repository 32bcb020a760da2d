/// The scalar functions an analyzed plan can hold.
///
/// The analyzer rewrites the others into expressions of the plan: `nvl` and `ifnull` become `coalesce`; `nullif` and
/// `if` become ``Expression/caseWhen(_:otherwise:)``; spellings such as `ceiling` become the one named here. Arguments
/// have the types named below, by inserted casts. Unless said otherwise the result is null as soon as an argument is.
public enum ScalarFunction: String, Sendable, Hashable, CaseIterable {
    /// `abs(number)`: of the argument's type; the smallest integer fails the query.
    case abs
    /// `sqrt(double)`: NaN for a negative number.
    case sqrt
    /// `pow(double, double)`.
    case pow
    /// `exp(double)`.
    case exp
    /// `ln(double)`: null for zero or less.
    case ln
    /// `log10(double)`: null for zero or less.
    case log10
    /// `floor(double or long)`: a long.
    case floor
    /// `ceil(double or long)`: a long.
    case ceil
    /// `round(number, scale)`: half away from zero, of the first argument's type; scale is an integer literal.
    case round
    /// `sign(double)`: -1.0, 0.0 or 1.0.
    case sign
    /// `upper(string)`.
    case upper
    /// `lower(string)`.
    case lower
    /// `length(string or binary)`: characters (code points) or bytes, an integer.
    case length
    /// `trim(string)`: without spaces (U+0020 only) at both ends.
    case trim
    /// `ltrim(string)`.
    case ltrim
    /// `rtrim(string)`.
    case rtrim
    /// `substring(string, position, length)`: position from 1, from the end when negative, 0 means 1; code points.
    case substring
    /// `concat(string, …)`: no argument gives the empty string.
    case concat
    /// `like(string, pattern)`: `%` any text, `_` one character, `\` escapes; a boolean.
    case like
    /// `startswith(string, prefix)`: a boolean.
    case startswith
    /// `endswith(string, suffix)`: a boolean.
    case endswith
    /// `contains(string, part)`: a boolean.
    case contains
    /// `coalesce(value, …)`: the first that is not null; all of one type.
    case coalesce
    /// `greatest(value, value, …)`: the largest that is not null (NaN is the largest); all of one type.
    case greatest
    /// `least(value, value, …)`: the smallest that is not null; all of one type.
    case least
    /// `isnan(double)`: false for null.
    case isnan
}

extension ScalarFunction {
    /// The type of the result, given the analyzed arguments' types.
    public func resultType(of arguments: [DataType]) -> DataType {
        switch self {
        case .abs, .round, .coalesce, .greatest, .least: arguments.first { $0 != .null } ?? .null
        case .sqrt, .pow, .exp, .ln, .log10, .sign: .double
        case .floor, .ceil: .long
        case .upper, .lower, .trim, .ltrim, .rtrim, .substring, .concat: .string
        case .length: .integer
        case .like, .startswith, .endswith, .contains, .isnan: .boolean
        }
    }

    /// Whether the result can be null, given whether each argument can.
    func isNullable(_ arguments: [Bool]) -> Bool {
        switch self {
        case .isnan: false
        // Spark calls these nullable whatever their argument.
        case .ln, .log10, .sqrt, .exp, .floor, .ceil, .round, .sign: true
        case .coalesce, .greatest, .least: arguments.allSatisfy { $0 }
        default: arguments.contains(true)
        }
    }
}
