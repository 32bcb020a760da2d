/// What the terminal can show, by the environment.
struct TerminalAbilities: Sendable, Hashable {
    /// Whether a screen can be drawn; otherwise lines are all there is.
    var hasScreen: Bool
    /// Whether colours are welcome.
    var hasColor: Bool
    /// Whether characters beyond ASCII are shown.
    var hasUnicode: Bool

    /// - Parameters:
    ///   - environment: `TERM`, and the locale's variables.
    ///   - isTerminal: Whether both input and output are a terminal.
    ///   - hasColor: Whether the output may have colours.
    init(environment: [String: String], isTerminal: Bool, hasColor: Bool) {
        let term = environment["TERM"] ?? ""
        hasScreen = isTerminal && !["", "dumb", "unknown"].contains(term)
        self.hasColor = hasColor && hasScreen
        // The first of these that is set decides; without any the locale is C.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        hasUnicode = locale.lowercased().replacing("-", with: "").contains("utf8")
    }
}
