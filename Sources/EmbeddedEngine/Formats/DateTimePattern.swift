/// A pattern of dates and times as Java's `DateTimeFormatter` has them, as far as it is made of numbers, zones and text.
///
/// | letters            | meaning                                              |
/// | yyyy, y, uuuu      | year (yyyy exactly four digits)                      |
/// | MM, M; dd, d       | month, day                                           |
/// | HH, H; mm, m; ss, s | hour of the day, minute, second                     |
/// | S … SSSSSSSSS      | fraction of the second, exactly so many digits       |
/// | XXX, XX, X; Z; VV  | offset: `Z` or `+02:00`, `+0200`, `+02`; `+0000`; any |
/// | 'text', '', [ … ]  | text as it stands, a quote, a part that may be missing |
struct DateTimePattern: Sendable, Hashable {
    /// One letter run, a text or an optional part.
    indirect enum Element: Sendable, Hashable {
        case field(Character, count: Int)
        case literal([UInt8])
        case optional([Element])
    }

    /// The pattern as it was given.
    let text: String
    /// Its parts.
    let elements: [Element]

    /// Reads a pattern; `option` is the option it was given for.
    ///
    /// Throws ``EngineError/Code/unsupported`` for letters that are not in the table.
    init(_ text: String, option: String) throws(EngineError) {
        self.text = text
        var rest = Array(text)[...]
        elements = try Self.elements(&rest, of: text, option: option, nested: false)
    }

    /// A pattern whose parts are known.
    init(_ text: String, elements: [Element]) {
        self.text = text
        self.elements = elements
    }

    private static func elements(
        _ rest: inout ArraySlice<Character>, of text: String, option: String, nested: Bool
    ) throws(EngineError) -> [Element] {
        var result: [Element] = []
        while let character = rest.popFirst() {
            switch character {
            case "]" where nested: return result
            case "[": result.append(.optional(try elements(&rest, of: text, option: option, nested: true)))
            case "'": result.append(.literal(try quoted(&rest, of: text, option: option)))
            case _ where character.isASCII && character.isLetter:
                var count = 1
                while rest.first == character {
                    rest.removeFirst()
                    count += 1
                }
                guard isKnown(character, count) else {
                    throw EngineError(
                        .unsupported,
                        "option \(option)='\(text)': '\(String(repeating: character, count: count))' is not supported",
                        hint: "the letters y M d H m s S X Z V are; quote other text with '")
                }
                result.append(.field(character == "u" ? "y" : character, count: count))
            case "]", "{", "}", "#":
                throw EngineError(.illegalArgument, "option \(option)='\(text)': unexpected '\(character)'")
            default: result.append(.literal(Array(String(character).utf8)))
            }
        }
        if nested { throw EngineError(.illegalArgument, "option \(option)='\(text)': a '[' is not closed") }
        return result
    }

    private static func quoted(
        _ rest: inout ArraySlice<Character>, of text: String, option: String
    ) throws(EngineError) -> [UInt8] {
        if rest.first == "'" {
            rest.removeFirst()
            return [UInt8(ascii: "'")]
        }
        var bytes: [UInt8] = []
        while let character = rest.popFirst() {
            if character != "'" {
                bytes += Array(String(character).utf8)
            } else if rest.first == "'" {
                rest.removeFirst()
                bytes.append(UInt8(ascii: "'"))
            } else {
                return bytes
            }
        }
        throw EngineError(.illegalArgument, "option \(option)='\(text)': a quote is not closed")
    }

    private static func isKnown(_ letter: Character, _ count: Int) -> Bool {
        switch letter {
        case "y", "u": count == 1 || count == 4
        case "M", "d", "H", "m", "s": count <= 2
        case "S": count <= 9
        case "X", "Z": count <= 3
        case "V": count == 2
        default: false
        }
    }
}
