/// Any JSON value, without loss: numbers keep their digits, objects their order and their duplicate keys.
public enum JSONValue: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// An integer literal that fits 64 bits.
    case integer(Int64)
    /// Any other number, by its text, so that no digit is lost (integers beyond 64 bits, decimals, exponents).
    case number(String)
    /// A string, unescaped.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object's members in their order; a key may stand twice.
    case object([Member])

    /// One member of an object.
    public struct Member: Sendable, Hashable {
        /// The key, unescaped.
        public var key: String
        /// Its value.
        public var value: JSONValue

        /// Creates a member.
        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }
}
