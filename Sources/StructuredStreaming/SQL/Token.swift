/// One word, constant or sign of SQL text.
struct Token: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A keyword or a name, as written.
        case word(String)
        /// A name in backquotes, without them.
        case quotedName(String)
        /// A whole number with its suffix in capitals, such as `L`, or none.
        case integer(String, suffix: String)
        /// A number with a point, an exponent, or a suffix that makes it one.
        case decimal(String, suffix: String)
        /// A text constant, without quotes and escapes.
        case string(String)
        /// An operator or a bracket.
        case symbol(String)
        /// After the last token.
        case end
    }

    var kind: Kind
    /// Where it begins, in bytes.
    var offset: Int

    /// The token as messages show it.
    var display: String {
        switch kind {
        case .word(let word): "'\(word)'"
        case .quotedName(let name): "'\(AttributeName.quoted(name))'"
        case .integer(let digits, let suffix), .decimal(let digits, let suffix): "'\(digits)\(suffix)'"
        case .string(let text): "the text '\(text.prefix(40))\(text.count > 40 ? "…" : "")'"
        case .symbol(let symbol): "'\(symbol)'"
        case .end: "end of input"
        }
    }
}

/// A place in SQL text, for messages.
struct SourceText: Sendable {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// `line 1, pos 6`: lines from 1, characters from 0, as Spark counts.
    func position(_ offset: Int) -> String {
        let before = bytes.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let characters = before[lineStart...].count { $0 & 0xC0 != 0x80 }
        return "line \(line), pos \(characters)"
    }

    /// A syntax error at a place.
    func error(_ offset: Int, near found: String, _ expected: String, hint: String? = nil) -> AnalysisError {
        AnalysisError(
            "PARSE_SYNTAX_ERROR", "Syntax error at or near \(found): \(expected) (\(position(offset))).", hint: hint)
    }

    /// An error for SQL that is right but not handled here.
    func unsupported(_ offset: Int, _ what: String) -> AnalysisError {
        AnalysisError("UNSUPPORTED_FEATURE.SQL", "\(what) is not supported yet (\(position(offset))).")
    }
}
