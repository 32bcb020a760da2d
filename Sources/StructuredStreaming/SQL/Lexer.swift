/// Cuts SQL text into tokens.
struct Lexer {
    let source: SourceText
    private var bytes: [UInt8] { source.bytes }
    private var index = 0

    /// Signs of several characters, the longest first.
    private static let symbols: [[UInt8]] =
        ["<=>", "<=", ">=", "<>", "!=", "==", "||", "::", "->"].map { Array($0.utf8) }
    private static let singles = Set("+-*/%=<>!(),.;:[]{}".utf8)

    private init(_ text: String) { source = SourceText(text) }

    /// The tokens of a text, with an end token last.
    static func tokens(_ text: String) throws(AnalysisError) -> (tokens: [Token], source: SourceText) {
        var lexer = Lexer(text)
        var result: [Token] = []
        repeat {
            let token = try lexer.next()
            result.append(token)
            if token.kind == .end { return (result, lexer.source) }
        } while true
    }

    private func byte(_ ahead: Int = 0) -> UInt8 { index + ahead < bytes.count ? bytes[index + ahead] : 0 }
    private func text(from start: Int) -> String { String(decoding: bytes[start..<index], as: UTF8.self) }

    private mutating func next() throws(AnalysisError) -> Token {
        try skipBlanks()
        let start = index
        guard index < bytes.count else { return Token(kind: .end, offset: start) }
        let first = byte()
        let kind: Token.Kind
        if Self.isNameStart(first) {
            while index < bytes.count, Self.isNamePart(byte()) { index += 1 }
            kind = .word(text(from: start))
        } else if Self.isDigit(first) || (first == UInt8(ascii: ".") && Self.isDigit(byte(1))) {
            kind = try number()
        } else if first == UInt8(ascii: "`") {
            kind = try quotedName()
        } else if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
            kind = .string(try string(quote: first))
        } else {
            kind = try symbol()
        }
        return Token(kind: kind, offset: start)
    }

    private mutating func skipBlanks() throws(AnalysisError) {
        while index < bytes.count {
            let start = index
            switch (byte(), byte(1)) {
            case (0x09...0x0D, _), (0x20, _): index += 1
            case (0xC2, 0xA0): index += 2
            case (UInt8(ascii: "-"), UInt8(ascii: "-")):
                while index < bytes.count, byte() != UInt8(ascii: "\n") { index += 1 }
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                index += 2
                while index < bytes.count, !(byte() == UInt8(ascii: "*") && byte(1) == UInt8(ascii: "/")) { index += 1 }
                guard index < bytes.count else {
                    throw source.error(start, near: "'/*'", "the comment has no end, expected '*/'")
                }
                index += 2
            default: return
            }
        }
    }

    private mutating func symbol() throws(AnalysisError) -> Token.Kind {
        let start = index
        for candidate in Self.symbols where bytes[index...].starts(with: candidate) {
            index += candidate.count
            return .symbol(text(from: start))
        }
        let single = Self.singles.contains(byte())
        index += 1
        while index < bytes.count, byte() & 0xC0 == 0x80 { index += 1 }
        guard single else { throw source.error(start, near: "'\(text(from: start))'", "no such character in SQL") }
        return .symbol(text(from: start))
    }

    private mutating func number() throws(AnalysisError) -> Token.Kind {
        let start = index
        var isDecimal = false
        while Self.isDigit(byte()) { index += 1 }
        if byte() == UInt8(ascii: "."), !Self.isNameStart(byte(1)) || Self.isExponent(byte(1), byte(2), byte(3)) {
            isDecimal = true
            index += 1
            while Self.isDigit(byte()) { index += 1 }
        }
        if Self.isExponent(byte(), byte(1), byte(2)) {
            isDecimal = true
            index += Self.isDigit(byte(1)) ? 1 : 2
            while Self.isDigit(byte()) { index += 1 }
        }
        let digits = text(from: start)
        let suffixStart = index
        while index < bytes.count, Self.isNamePart(byte()) { index += 1 }
        let suffix = text(from: suffixStart).uppercased()
        switch suffix {
        case "": return isDecimal ? .decimal(digits, suffix: "") : .integer(digits, suffix: "")
        case "D", "F", "BD": return .decimal(digits, suffix: suffix)
        case "L", "S", "Y":
            if !isDecimal { return .integer(digits, suffix: suffix) }
        default: break
        }
        throw source.error(
            start, near: "'\(text(from: start))'", "this is neither a number nor a name",
            hint: "a name that begins with a digit is written in backquotes")
    }

    private mutating func quotedName() throws(AnalysisError) -> Token.Kind {
        let start = index
        index += 1
        var name: [UInt8] = []
        while index < bytes.count {
            if byte() == UInt8(ascii: "`") {
                guard byte(1) == UInt8(ascii: "`") else { break }
                index += 1
            }
            name.append(byte())
            index += 1
        }
        guard index < bytes.count else {
            throw source.error(start, near: "'`'", "the quoted name has no end, expected '`'")
        }
        index += 1
        guard !name.isEmpty else { throw source.error(start, near: "'``'", "a name must not be empty") }
        return .quotedName(String(decoding: name, as: UTF8.self))
    }

    private mutating func string(quote: UInt8) throws(AnalysisError) -> String {
        let start = index
        index += 1
        var result: [UInt8] = []
        while index < bytes.count {
            let current = byte()
            if current == quote {
                guard byte(1) == quote else {
                    index += 1
                    return String(decoding: result, as: UTF8.self)
                }
                result.append(quote)
                index += 2
            } else if current == UInt8(ascii: "\\"), index + 1 < bytes.count {
                index += 1
                StringEscape.read(bytes, &index, into: &result)
            } else {
                result.append(current)
                index += 1
            }
        }
        let sign = String(UnicodeScalar(quote))
        throw source.error(start, near: "'\(sign)'", "the text has no end, expected \(sign)")
    }

    // MARK: Classes of characters

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    /// Letters, the underscore, and everything outside ASCII.
    private static func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= 97 && byte | 0x20 <= 122) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

    private static func isExponent(_ letter: UInt8, _ next: UInt8, _ afterNext: UInt8) -> Bool {
        guard letter | 0x20 == UInt8(ascii: "e") else { return false }
        return isDigit(next) || ((next == UInt8(ascii: "+") || next == UInt8(ascii: "-")) && isDigit(afterNext))
    }
}
