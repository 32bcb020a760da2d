/// Any JSON value, kept without loss: numbers keep their digits, objects their order and their duplicate keys.
///
/// It holds the value's compact text, which costs one string (none up to 15 bytes) where a tree costs dozens, and is
/// looked into only when asked: ``node``, ``subscript(_:)-(String)``, ``int64``, ``string``.
/// Two values are equal when their texts are the same but for white space and needless escapes; so `1.0` and `1.00`
/// differ, and so do objects with another order of keys.
public struct JSONValue: Sendable {
    /// The value's text: no white space, no escape that is not needed.
    public let jsonText: String

    /// Wraps text that is in that form already.
    package init(canonicalText: String) { jsonText = canonicalText }

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

    /// A value's outermost layer.
    public enum Node: Sendable, Hashable {
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
        /// An array's elements.
        case array([JSONValue])
        /// An object's members in their order; a key may stand twice.
        case object([Member])
    }
}

// MARK: Creating

extension JSONValue {
    /// `null`.
    public static let null = JSONValue(canonicalText: "null")

    /// `true` or `false`.
    public static func bool(_ value: Bool) -> JSONValue { JSONValue(canonicalText: value ? "true" : "false") }

    /// An integer.
    public static func integer(_ value: Int64) -> JSONValue { JSONValue(canonicalText: String(value)) }

    /// A number in Java's notation (`2.0`, `1.0E20`); NaN and infinity become the strings Spark writes for them.
    public static func double(_ value: Double) -> JSONValue {
        var writer = JSONWriter()
        writer.double(value)
        return JSONValue(canonicalText: writer.text)
    }

    /// A string.
    public static func string(_ value: String) -> JSONValue {
        var writer = JSONWriter()
        writer.string(value)
        return JSONValue(canonicalText: writer.text)
    }

    /// An array.
    public static func array(_ elements: [JSONValue]) -> JSONValue {
        var writer = JSONWriter()
        writer.beginArray()
        for element in elements { writer.element(element) }
        writer.endArray()
        return JSONValue(canonicalText: writer.text)
    }

    /// An object; the members keep their order.
    public static func object(_ members: [Member]) -> JSONValue {
        var writer = JSONWriter()
        writer.beginObject()
        for member in members { writer.member(member.key, member.value) }
        writer.endObject()
        return JSONValue(canonicalText: writer.text)
    }

    /// Reads one JSON value; white space around it is fine, anything else after it is not.
    public init(parsing text: String, limits: MetricsCodec.Limits = .default) throws(MetricsCodecError) {
        self = try MetricsCodec.withBytes(of: text) { bytes throws(MetricsCodecError) in
            try JSONValue(parsing: bytes, limits: limits)
        }
    }

    /// Reads one JSON value from UTF-8 bytes.
    public init(
        parsing bytes: UnsafeRawBufferPointer, limits: MetricsCodec.Limits = .default
    ) throws(MetricsCodecError) {
        self = try MetricsCodec.reading("a JSON value", from: bytes, limits: limits) { reader throws(JSONFault) in
            try reader.value()
        }
    }
}

// MARK: Looking into

extension JSONValue {
    /// Whether it is `null`.
    public var isNull: Bool { jsonText == "null" }

    /// The outermost layer, parsed.
    public var node: Node {
        // The text was read or written by this module; a fault here could only be a bug of ours.
        withReader { reader throws(JSONFault) in try reader.node() } ?? .null
    }

    /// The last member of that key if this is an object: duplicates count as Spark's own readers count them.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = node else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// The members if this is an object, in order, duplicates included.
    public var members: [Member]? { if case .object(let members) = node { members } else { nil } }

    /// The elements if this is an array.
    public var elements: [JSONValue]? { if case .array(let elements) = node { elements } else { nil } }

    /// The integer if this is a whole number of 64 bits.
    public var int64: Int64? { withReader { reader throws(JSONFault) in try reader.int64() } }

    /// The nearest double if this is a number.
    public var double: Double? { withReader { reader throws(JSONFault) in try reader.double() } }

    /// The text if this is a string.
    public var string: String? { withReader { reader throws(JSONFault) in try reader.string() } }

    /// The truth value if this is one.
    public var bool: Bool? { withReader { reader throws(JSONFault) in try reader.bool() } }

    /// The text over several lines, as Spark's `prettyJson` sets it.
    public var prettyJSONText: String { JSONPrettyPrinter.pretty(jsonText) }

    /// Runs a typed read over the text; nil when the value is of another type.
    private func withReader<T>(_ body: (inout JSONReader) throws(JSONFault) -> T) -> T? {
        var text = jsonText
        return text.withUTF8 { bytes in
            var reader = JSONReader(UnsafeRawBufferPointer(bytes), maximumDepth: .max)
            return try? body(&reader)
        }
    }
}

extension JSONReader {
    fileprivate mutating func node() throws(JSONFault) -> JSONValue.Node {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            if try beginObject() {
                repeat {
                    let key = try text(of: key())
                    members.append(JSONValue.Member(key, try value()))
                } while try nextMember()
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            if try beginArray() { repeat { elements.append(try value()) } while try nextElement() }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try bool())
        default: return try numberNode()
        }
    }

    private mutating func numberNode() throws(JSONFault) -> JSONValue.Node {
        let start = position
        let reading = try decimal()
        if !reading.hasExponent, reading.fractionDigits == 0, let integer = reading.wholeNumber,
            integer != 0 || !reading.isNegative
        {
            return .integer(integer)
        }
        return .number(
            String(decoding: UnsafeBufferPointer(start: base + start, count: position - start), as: UTF8.self))
    }
}

extension JSONValue: Hashable, CustomStringConvertible, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Whether both have the same text, byte for byte: Swift's own comparison would call two spellings of é the same.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        left.jsonText.utf8.elementsEqual(right.jsonText.utf8)
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(jsonText) }

    /// The compact text.
    public var description: String { jsonText }

    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
