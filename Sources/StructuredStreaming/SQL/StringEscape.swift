/// Backslash escapes of Spark's text constants.
enum StringEscape {
    /// Reads what follows a backslash and appends what it stands for.
    static func read(_ bytes: [UInt8], _ index: inout Int, into result: inout [UInt8]) {
        let letter = bytes[index]
        switch letter {
        case UInt8(ascii: "u"): if unicode(bytes, &index, digits: 4, into: &result) { return }
        case UInt8(ascii: "U"): if unicode(bytes, &index, digits: 8, into: &result) { return }
        case UInt8(ascii: "0")...UInt8(ascii: "1"): if octal(bytes, &index, into: &result) { return }
        default: break
        }
        index += 1
        switch letter {
        case UInt8(ascii: "0"): result.append(0)
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "Z"): result.append(26)
        // Kept as they are: LIKE reads them.
        case UInt8(ascii: "%"), UInt8(ascii: "_"): result += [UInt8(ascii: "\\"), letter]
        default: result.append(letter)
        }
    }

    /// `\u0041`, `\U0001F600`; false when the digits are not there or name no character.
    private static func unicode(
        _ bytes: [UInt8], _ index: inout Int, digits: Int, into result: inout [UInt8]
    ) -> Bool {
        guard index + digits < bytes.count else { return false }
        let text = String(decoding: bytes[(index + 1)...(index + digits)], as: UTF8.self)
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let code = UInt32(text, radix: 16), let scalar = UnicodeScalar(code)
        else { return false }
        result += Array(String(scalar).utf8)
        index += digits + 1
        return true
    }

    /// `\101`: three octal digits, the first 0 or 1.
    private static func octal(_ bytes: [UInt8], _ index: inout Int, into result: inout [UInt8]) -> Bool {
        guard index + 2 < bytes.count else { return false }
        let digits = bytes[index...(index + 2)]
        guard digits.allSatisfy({ $0 >= 48 && $0 <= 55 }) else { return false }
        let code = digits.reduce(0) { $0 * 8 + UInt32($1 - 48) }
        guard let scalar = UnicodeScalar(code) else { return false }
        result += Array(String(scalar).utf8)
        index += 3
        return true
    }
}
