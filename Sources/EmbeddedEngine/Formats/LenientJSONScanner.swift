/// A record that is not JSON as Spark's reader takes it.
struct MalformedJSON: Error {}

/// Goes through one line of JSON as Jackson does with the features that Spark switches on: the truth for every line
/// that is not plain, correct JSON.
///
/// Nothing past the first value is looked at. Numbers of more than 1,000 digits and nesting deeper than 1,000 are
/// malformed, as in Spark.
struct LenientJSONScanner {
    /// One value. Ranges are positions in the line.
    enum Item {
        case null
        case boolean(Bool, Range<Int>)
        case number(Range<Int>, isInteger: Bool)
        /// NaN or an infinity.
        case nonNumeric(Double, Range<Int>)
        case string([UInt8])
        case nested(Range<Int>)
    }

    static let deepest = 1000
    static let mostDigits = 1000

    let bytes: UnsafeBufferPointer<UInt8>
    let options: JSONOptions
    var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, options: JSONOptions) {
        self.bytes = bytes
        self.options = options
    }

    /// The byte here, or nil at the end.
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The byte after white space and, where allowed, comments; nil at the end.
    mutating func next() throws(MalformedJSON) -> UInt8? {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): position += 1
            case UInt8(ascii: "/") where options.allowComments: try skipComment()
            default: return byte
            }
        }
        return nil
    }

    /// Takes the byte here after white space when it is this one.
    mutating func take(_ character: Unicode.Scalar) throws(MalformedJSON) -> Bool {
        guard try next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// A field's name and the colon after it.
    mutating func name() throws(MalformedJSON) -> [UInt8] {
        let text: [UInt8]
        switch try next() {
        case UInt8(ascii: "\""): text = try string()
        case UInt8(ascii: "'") where options.allowSingleQuotes: text = try string()
        default:
            guard options.allowUnquotedFieldNames else { throw MalformedJSON() }
            let start = position
            while let byte = current, Self.isNameByte(byte) { position += 1 }
            guard position > start else { throw MalformedJSON() }
            text = Array(bytes[start..<position])
        }
        guard try take(":") else { throw MalformedJSON() }
        return text
    }

    /// The next value; a nested one is checked in full and given as its extent. `depth` is how deep it lies.
    mutating func item(depth: Int) throws(MalformedJSON) -> Item {
        guard let byte = try next() else { throw MalformedJSON() }
        let start = position
        switch byte {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "'") where options.allowSingleQuotes: return .string(try string())
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try skipNested(depth: depth)
            return .nested(start..<position)
        case UInt8(ascii: "t"):
            try word("true")
            return .boolean(true, start..<position)
        case UInt8(ascii: "f"):
            try word("false")
            return .boolean(false, start..<position)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default: return try number()
        }
    }

    private mutating func skipNested(depth: Int) throws(MalformedJSON) {
        var open: [UInt8] = []
        repeat {
            guard let byte = try next() else { throw MalformedJSON() }
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                position += 1
                open.append(byte + 2)
                guard depth + open.count <= Self.deepest else { throw MalformedJSON() }
                if try next() != byte + 2 {
                    if byte == UInt8(ascii: "{") { _ = try name() }
                    continue
                }
            } else {
                _ = try item(depth: depth + open.count)
            }
            try closeNested(&open)
        } while !open.isEmpty
    }

    /// After a value or at an empty container's end: closes what ends here and goes to the next value if there is one.
    private mutating func closeNested(_ open: inout [UInt8]) throws(MalformedJSON) {
        while let close = open.last {
            let byte = try next()
            position += 1
            if byte == close {
                open.removeLast()
            } else if byte == UInt8(ascii: ",") {
                if close == UInt8(ascii: "}") { _ = try name() }
                return
            } else {
                throw MalformedJSON()
            }
        }
    }

    private mutating func word(_ text: StaticString) throws(MalformedJSON) {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count else { throw MalformedJSON() }
        for offset in 0..<text.utf8CodeUnitCount where bytes[position + offset] != text.utf8Start[offset] {
            throw MalformedJSON()
        }
        if end < bytes.count, Self.isNameByte(bytes[end]) { throw MalformedJSON() }
        position = end
    }

    private mutating func skipComment() throws(MalformedJSON) {
        position += 1
        guard let kind = current else { throw MalformedJSON() }
        position += 1
        if kind == UInt8(ascii: "/") {
            while let byte = current, byte != UInt8(ascii: "\n") { position += 1 }
            return
        }
        guard kind == UInt8(ascii: "*") else { throw MalformedJSON() }
        while position + 1 < bytes.count {
            if bytes[position] == UInt8(ascii: "*"), bytes[position + 1] == UInt8(ascii: "/") {
                position += 2
                return
            }
            position += 1
        }
        throw MalformedJSON()
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
