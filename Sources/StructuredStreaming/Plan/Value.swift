/// One value of a row or a literal.
public enum Value: Sendable, Hashable {
    /// No value.
    case null
    /// A truth value.
    case boolean(Bool)
    /// A byte, short, integer or long.
    case long(Int64)
    /// A float or double.
    case double(Double)
    /// Text.
    case string(String)
    /// Bytes.
    case binary([UInt8])
    /// Days since 1970-01-01.
    case date(Int64)
    /// Microseconds since 1970-01-01T00:00:00Z.
    case timestamp(Int64)
}
