/// A word, number, text or sign of an expression.
struct AlertToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case word(String)
        /// A number in base units: durations in seconds, sizes in bytes.
        case number(Double, isDuration: Bool)
        case text(String)
        case sign(String)
        case end
    }

    var kind: Kind
    var position: TextPosition

    /// How messages call it.
    var description: String {
        switch kind {
        case .word(let word): word
        case .number(let value, _): AlertNumber.text(value)
        case .text(let text): "\"\(text.prefix(utf8Bytes: 40))\""
        case .sign(let sign): sign
        case .end: "the end"
        }
    }
}

/// Cuts an expression's text into tokens.
struct AlertLexer {
    /// No expression is longer; none that is read by a person comes near.
    static let maximumScalars = 65_536

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var position = TextPosition()

    private init(_ text: String) { scalars = Array(text.unicodeScalars.prefix(Self.maximumScalars + 1)) }

    /// All tokens of a text; the last is the end.
    static func tokens(of text: String) throws(AlertExpressionError) -> [AlertToken] {
        var lexer = AlertLexer(text)
        guard lexer.scalars.count <= maximumScalars else {
            throw TextPosition().error("the expression has more than \(maximumScalars) characters")
        }
        var tokens: [AlertToken] = []
        repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
        return tokens
    }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
    private var following: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

    private mutating func advance() {
        if scalars[index] == "\n" {
            position.line += 1
            position.column = 1
        } else {
            position.column += 1
        }
        index += 1
    }

    private mutating func skipSpace() {
        while let scalar = current {
            if scalar == "#" {
                while let scalar = current, scalar != "\n" { advance() }
            } else if [" ", "\t", "\n", "\r"].contains(scalar) {
                advance()
            } else {
                return
            }
        }
    }

    private mutating func next() throws(AlertExpressionError) -> AlertToken {
        skipSpace()
        let start = position
        guard let scalar = current else { return AlertToken(kind: .end, position: start) }
        if Self.isLetter(scalar) { return AlertToken(kind: .word(word()), position: start) }
        if Self.isDigit(scalar) || scalar == "." && following.map(Self.isDigit) == true {
            return AlertToken(kind: try number(), position: start)
        }
        if scalar == "\"" || scalar == "'" { return AlertToken(kind: .text(try quoted(scalar)), position: start) }
        for sign in ["==", "!=", ">=", "<=", "=~", "!~"] {
            let both = Array(sign.unicodeScalars)
            if scalar == both[0], following == both[1] {
                advance()
                advance()
                return AlertToken(kind: .sign(sign), position: start)
            }
        }
        guard "(){}[],:+-*/%^<>=".unicodeScalars.contains(scalar) else {
            throw start.error("cannot read the character \(Self.shown(scalar))")
        }
        advance()
        return AlertToken(kind: .sign(String(scalar)), position: start)
    }

    private mutating func word() -> String {
        var word = ""
        while let scalar = current, Self.isLetter(scalar) || Self.isDigit(scalar) {
            word.unicodeScalars.append(scalar)
            advance()
        }
        return word
    }

    private mutating func number() throws(AlertExpressionError) -> AlertToken.Kind {
        let start = position
        let (begin, _) = (index, ())
        var digits = digitRun()
        if current == "." {
            advance()
            digits += "." + digitRun()
        }
        if current == "e" || current == "E",
            following.map(Self.isDigit) == true || following == "+" || following == "-"
        {
            digits += "e"
            advance()
            if current == "+" || current == "-" {
                if current == "-" { digits += "-" }
                advance()
            }
            digits += digitRun()
        }
        let end = index
        while let scalar = current, Self.isLetter(scalar) || Self.isDigit(scalar) || scalar == "." { advance() }
        if index == end {
            guard let value = Double(digits), value.isFinite else { throw start.error("\(digits) is no number") }
            return .number(value, isDuration: false)
        }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[begin..<index])
        if let seconds = AlertNumber.duration(text) { return .number(seconds, isDuration: true) }
        if let bytes = AlertNumber.size(text) { return .number(bytes, isDuration: false) }
        throw start.error(
            "\(text.prefix(utf8Bytes: 40)) is no number; units are ms, s, m, h, d, w, y and B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"
        )
    }

    private mutating func digitRun() -> String {
        var digits = ""
        while let scalar = current, Self.isDigit(scalar) {
            digits.unicodeScalars.append(scalar)
            advance()
        }
        return digits
    }

    private mutating func quoted(_ quote: Unicode.Scalar) throws(AlertExpressionError) -> String {
        let start = position
        advance()
        var text = ""
        while let scalar = current, scalar != quote {
            guard scalar != "\n" else { break }
            let place = position
            advance()
            guard scalar == "\\" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            let escapes: [Unicode.Scalar: Unicode.Scalar] = [
                "\\": "\\", "\"": "\"", "'": "'", "n": "\n", "t": "\t", "r": "\r",
            ]
            guard let escaped = current, let plain = escapes[escaped] else {
                throw place.error("after \\ one of \\ \" ' n t r was expected")
            }
            text.unicodeScalars.append(plain)
            advance()
        }
        guard current == quote else { throw start.error("the text that begins here has no end on this line") }
        advance()
        return text
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// Characters that could steer a terminal are shown by their number.
    private static func shown(_ scalar: Unicode.Scalar) -> String {
        (0x21..<0x7F).contains(scalar.value) ? String(scalar) : "U+\(String(scalar.value, radix: 16, uppercase: true))"
    }
}

/// Numbers with units, as rules spell them.
public enum AlertNumber {
    private static let durationUnits: [(name: String, seconds: Double)] = [
        ("y", 31_536_000), ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001),
    ]
    private static let sizeUnits: [String: Double] = [
        "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824,
        "TiB": 1_099_511_627_776,
    ]

    /// Seconds of a duration such as `30s`, `1h30m` or `250ms`, larger units first; nil where the text is none.
    public static func duration(_ text: String) -> Double? {
        var rest = text.utf8[...]
        var seconds = 0.0
        var smallest = Double.infinity
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest[digits.endIndex...]
            let name = rest.prefix { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest[name.endIndex...]
            guard !digits.isEmpty, digits.count <= 12, let count = Double(String(Substring(digits))),
                let unit = durationUnits.first(where: { $0.name == String(Substring(name)) }), unit.seconds < smallest
            else { return nil }
            smallest = unit.seconds
            seconds += count * unit.seconds
        }
        return text.isEmpty || seconds > 3_153_600_000 ? nil : seconds
    }

    /// Milliseconds of a duration; a plain `0` is one too.
    static func milliseconds(_ text: String) -> Int64? {
        text == "0" ? 0 : duration(text).map { Int64(($0 * 1000).rounded()) }
    }

    /// Bytes of a size such as `1.5GiB`; nil where the text is none.
    static func size(_ text: String) -> Double? {
        guard let at = text.lastIndex(where: { $0.isNumber }) else { return nil }
        let unit = String(text[text.index(after: at)...])
        guard let bytes = sizeUnits[unit], let value = Double(text[...at]), value.isFinite else { return nil }
        return value * bytes
    }

    /// A number as Prometheus reads it back to the same value: whole numbers without a point.
    static func text(_ value: Double) -> String {
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }

    /// A duration as Prometheus writes it: `1h30m`; `0s` for none.
    public static func durationText(milliseconds: Int64) -> String {
        var rest = max(0, milliseconds)
        var text = ""
        for (name, seconds) in durationUnits {
            // Prometheus writes weeks and years only where nothing is left.
            let size = Int64((seconds * 1000).rounded())
            let isWhole = size < 604_800_000 || (text.isEmpty && rest % size == 0)
            guard isWhole, rest >= size else { continue }
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text.isEmpty ? "0s" : text
    }
}
