/// Text from outside made safe for a terminal: names and reasons come from whoever can write to the topic.
enum TerminalText {
    /// The text with control and formatting characters written as `\u{1b}`, so that it can neither move the cursor nor turn
    /// the direction of the line.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text in one safe line.
    static func line(_ text: String) -> String {
        escaped(text.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces }.joined(separator: " "))
    }

    /// JSON text with the control characters that JSON lets through written as `\u009b`; the value stays the same.
    static func escapedJSON(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: { $0.value >= 0x7F && isUnsafe($0) }) else { return json }
        var result = ""
        for scalar in json.unicodeScalars {
            if scalar.value >= 0x7F, isUnsafe(scalar) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// How many columns of a terminal the text takes.
    static func width(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    /// The text cut to a width, with an ellipsis where something is missing.
    static func cut(_ text: String, to width: Int) -> String {
        guard self.width(text) > width else { return text }
        var result = ""
        var used = 1
        for character in text {
            used += self.width(String(character))
            if used > width { break }
            result.append(character)
        }
        return result + "…"
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value < 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    /// Columns of one scalar: two for East Asian characters and emoji, none for what is written over the character before.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return isMark(scalar) ? 0 : 2
        // Vowels and ends of Hangul syllables that are written apart.
        case 0x1160...0x11FF, 0xD7B0...0xD7FB: return 0
        // Half of a flag.
        case 0x1F1E6...0x1F1FF: return 1
        default: return isMark(scalar) ? 0 : scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: false
        }
    }
}

extension TerminalText {
    /// Marks over one character that are shown; a name may have thousands.
    private static let maximumMarks = 4

    /// The beginning of a text that fits into a width, made safe, with an ellipsis where something is missing, and its width.
    ///
    /// Looks at no more of the text than is shown. Where the terminal has ASCII only, other characters are written as `\u{e9}`.
    static func fitted(_ text: String, to width: Int, _ glyphs: Glyphs) -> (text: String, width: Int) {
        var result = ""
        var used = 0
        var marks = 0
        // What is kept, should the text prove too long.
        var kept = (end: result.endIndex, width: 0)
        for scalar in text.unicodeScalars {
            let isBare = self.width(scalar) == 0 && result.isEmpty
            let isWrittenOut = isUnsafe(scalar) || isBare || (glyphs.isASCII && scalar.value > 0x7E)
            let shown = isWrittenOut ? "\\u{\(String(scalar.value, radix: 16))}" : ""
            let columns = isWrittenOut ? shown.utf8.count : self.width(scalar)
            marks = columns == 0 ? marks + 1 : 0
            if marks > maximumMarks { continue }
            if used + columns > width {
                result.unicodeScalars.removeSubrange(kept.end...)
                guard width > kept.width else { return (result, kept.width) }
                result.append(glyphs.ellipsis)
                return (result, kept.width + 1)
            }
            if isWrittenOut { result += shown } else { result.unicodeScalars.append(scalar) }
            used += columns
            if used < width { kept = (result.endIndex, used) }
        }
        return (result, used)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
