/// How text looks on a terminal.
struct TextStyle: Sendable, Hashable {
    enum Color: Int, Sendable { case red = 31, green, yellow, blue, magenta, cyan }

    var color: Color?
    var isBold = false
    var isFaint = false
    var isReversed = false

    static let plain = TextStyle()
    static let bold = TextStyle(isBold: true)
    static let faint = TextStyle(isFaint: true)
    static let reversed = TextStyle(isReversed: true)

    /// The sequence that switches to it from plain text; empty for plain text.
    func sequence(hasColor: Bool) -> String {
        var codes: [String] = []
        if isBold { codes.append("1") }
        if isFaint { codes.append("2") }
        if isReversed { codes.append("7") }
        if hasColor, let color { codes.append(String(color.rawValue)) }
        return codes.isEmpty ? "" : "\u{1b}[\(codes.joined(separator: ";"))m"
    }
}
