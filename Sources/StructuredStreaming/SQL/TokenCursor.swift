/// A place among the tokens of a text, with the questions a parser asks.
struct TokenCursor {
    private let tokens: [Token]
    let source: SourceText
    private var index = 0

    init(_ text: String) throws(AnalysisError) {
        (tokens, source) = try Lexer.tokens(text)
    }

    /// The token here.
    var current: Token { tokens[index] }

    /// A later token; the end token after the end.
    func peek(_ ahead: Int = 1) -> Token { tokens[min(index + ahead, tokens.count - 1)] }

    /// Goes on; stays at the end.
    mutating func advance() { index = min(index + 1, tokens.count - 1) }

    /// Whether the token here is this keyword, in any case.
    func isAt(_ keyword: String) -> Bool { Self.matches(current, keyword) }

    /// Whether a later token is this keyword.
    func isAhead(_ keyword: String, by ahead: Int = 1) -> Bool { Self.matches(peek(ahead), keyword) }

    /// Whether the token here is this sign.
    func isAt(symbol: String) -> Bool { current.kind == .symbol(symbol) }

    /// Goes past a keyword if it is here.
    mutating func skip(_ keyword: String) -> Bool {
        guard isAt(keyword) else { return false }
        advance()
        return true
    }

    /// Goes past a sign if it is here.
    mutating func skip(symbol: String) -> Bool {
        guard isAt(symbol: symbol) else { return false }
        advance()
        return true
    }

    /// Goes past a keyword that must be here.
    mutating func expect(_ keyword: String) throws(AnalysisError) {
        guard skip(keyword) else { throw expected(keyword) }
    }

    /// Goes past a sign that must be here.
    mutating func expect(symbol: String) throws(AnalysisError) {
        guard skip(symbol: symbol) else { throw expected("'\(symbol)'") }
    }

    /// Goes past the end, an optional semicolon before it.
    mutating func expectEnd() throws(AnalysisError) {
        while skip(symbol: ";") {}
        guard current.kind == .end else { throw expected("end of input") }
    }

    /// A syntax error here.
    func expected(_ what: String, hint: String? = nil) -> AnalysisError {
        source.error(current.offset, near: current.display, "expected \(what)", hint: hint)
    }

    /// An error for what is not handled, here.
    func unsupported(_ what: String) -> AnalysisError { source.unsupported(current.offset, what) }

    /// The word here in capitals; nil for another token.
    var keyword: String? {
        if case .word(let word) = current.kind { return word.uppercased() }
        return nil
    }

    private static func matches(_ token: Token, _ keyword: String) -> Bool {
        guard case .word(let word) = token.kind, word.utf8.count == keyword.utf8.count else { return false }
        return word.uppercased() == keyword
    }
}
