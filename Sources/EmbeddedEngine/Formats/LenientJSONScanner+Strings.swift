extension LenientJSONScanner {
    /// The text of the string whose opening quote is here.
    mutating func string() throws(MalformedJSON) -> [UInt8] {
        let quote = bytes[position]
        if let text = plainString(quote) { return text }
        var text: [UInt8] = []
        var isASCII = true
        position += 1
        while let byte = current {
            position += 1
            if byte == quote {
                if !isASCII, String(validating: text, as: UTF8.self) == nil { throw MalformedJSON() }
                return text
            }
            switch byte {
            case UInt8(ascii: "\\"): try escape(&text)
            case 0..<0x20 where !options.allowUnquotedControlChars: throw MalformedJSON()
            default:
                isASCII = isASCII && byte < 0x80
                text.append(byte)
            }
        }
        throw MalformedJSON()
    }

    /// The same for a string of plain ASCII, which most are; nil, and nothing done, for others.
    private mutating func plainString(_ quote: UInt8) -> [UInt8]? {
        var end = position + 1
        while end < bytes.count, bytes[end] != quote {
            guard (0x20..<0x80).contains(bytes[end]), bytes[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        defer { position = end + 1 }
        return Array(bytes[(position + 1)..<end])
    }

    private mutating func escape(_ text: inout [UInt8]) throws(MalformedJSON) {
        guard let byte = current else { throw MalformedJSON() }
        position += 1
        switch byte {
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "'") where options.allowSingleQuotes: text.append(byte)
        case UInt8(ascii: "u"): text += Array(String(try unicodeEscape()).utf8)
        default:
            guard options.allowBackslashEscapingAnyCharacter, byte < 0x80 else { throw MalformedJSON() }
            text.append(byte)
        }
    }

    private mutating func unicodeEscape() throws(MalformedJSON) -> Unicode.Scalar {
        let first = try fourHexDigits()
        // Half a surrogate pair becomes a question mark, as Java makes of it in UTF-8.
        guard (0xD800..<0xE000).contains(first) else { return Unicode.Scalar(first) ?? "?" }
        guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "?" }
        let before = position
        position += 2
        let second = try fourHexDigits()
        guard (0xDC00..<0xE000).contains(second) else {
            position = before
            return "?"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "?"
    }

    private mutating func fourHexDigits() throws(MalformedJSON) -> UInt32 {
        guard position + 4 <= bytes.count else { throw MalformedJSON() }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw MalformedJSON() }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
