/// Text from queries, rules and servers made safe for where it is shown: names and reasons come from whoever can write to the topic.
enum SafeText {
    /// Whether a character could move a cursor, end a line or turn its direction.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// One line: control and formatting characters become spaces, and what is beyond the limit an ellipsis.
    ///
    /// - Parameter limit: In characters.
    static func line(_ text: String, limit: Int) -> String {
        // Cut before it is looked through: it may be megabytes.
        let isLong = text.unicodeScalars.count > limit * 4
        let head = isLong ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit * 4))) : text
        var result = ""
        var wasSpace = true
        for scalar in head.unicodeScalars {
            let isSpace = scalar == " " || isUnsafe(scalar)
            if !isSpace { result.unicodeScalars.append(scalar) } else if !wasSpace { result += " " }
            wasSpace = isSpace
        }
        if result.hasSuffix(" ") { result.removeLast() }
        return result.count > limit || isLong ? result.prefix(limit - 1) + "…" : result
    }

    /// Lines: line ends stay, other control and formatting characters become spaces.
    static func block(_ text: String, limit: Int) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line(String($0), limit: limit) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        let whole = lines.joined(separator: "\n")
        return whole.count > limit ? whole.prefix(limit - 1) + "…" : whole
    }
}
