/// One line of a screen as it grows, from the left and never beyond its width.
///
/// Whatever text it is given, nothing of it is obeyed by the terminal: control and formatting characters are written out, and where the
/// terminal has ASCII only, all other characters are as well.
struct ScreenLine: Sendable, Hashable {
    private struct Span: Hashable {
        var text: String
        var style: TextStyle
        /// Where it begins, from 0.
        var column: Int
        /// Whether terminals may disagree about its width.
        var isCertain: Bool
    }

    /// Columns that it may take.
    let limit: Int
    let glyphs: Glyphs
    /// Columns that it takes.
    private(set) var width = 0
    private var spans: [Span] = []

    init(limit: Int, glyphs: Glyphs) {
        self.limit = max(0, limit)
        self.glyphs = glyphs
    }

    /// Columns that are left.
    var room: Int { limit - width }

    /// Adds text, cut to what is left.
    mutating func add(_ text: String, _ style: TextStyle = .plain) { add(text, style, width: room, isRight: nil) }

    /// Adds a cell: text cut to a width, and blanks to fill it, on the left where the text belongs to the right.
    mutating func addCell(_ text: String, _ style: TextStyle = .plain, width: Int, isRight: Bool = false) {
        add(text, style, width: min(width, room), isRight: isRight)
    }

    /// Adds blanks up to a column.
    mutating func fill(to column: Int, _ style: TextStyle = .plain) {
        let count = min(column, limit) - width
        if count > 0 { append(String(repeating: " ", count: count), style, count) }
    }

    /// All spans on a bar of reversed colours.
    mutating func reverse() {
        fill(to: limit)
        for index in spans.indices { spans[index].style.isReversed = true }
    }

    private mutating func add(_ text: String, _ style: TextStyle, width: Int, isRight: Bool?) {
        guard width > 0 else { return }
        let (shown, used) = TerminalText.fitted(text, to: width, glyphs)
        if isRight == true, used < width { append(String(repeating: " ", count: width - used), style, width - used) }
        append(shown, style, used)
        if isRight == false, used < width { append(String(repeating: " ", count: width - used), style, width - used) }
    }

    private mutating func append(_ text: String, _ style: TextStyle, _ columns: Int) {
        guard columns > 0 else { return }
        let isCertain = text.utf8.allSatisfy { $0 < 0x80 }
        if let last = spans.indices.last, spans[last].style == style, spans[last].isCertain, isCertain {
            spans[last].text += text
        } else {
            spans.append(Span(text: text, style: style, column: width, isCertain: isCertain))
        }
        width += columns
    }

    /// The text alone.
    var text: String { spans.map(\.text).joined() }

    /// The text for a terminal whose cursor stands at the line's beginning.
    func encoded(hasColor: Bool) -> String {
        var result = ""
        var style = ""
        var isCertain = true
        for span in spans {
            // Terminals disagree about some characters; what follows stands where it belongs all the same.
            if !isCertain { result += "\u{1b}[\(span.column + 1)G" }
            isCertain = span.isCertain
            let sequence = span.style.sequence(hasColor: hasColor)
            if sequence != style {
                if !style.isEmpty { result += "\u{1b}[0m" }
                result += sequence
                style = sequence
            }
            result += span.text
        }
        return style.isEmpty ? result : result + "\u{1b}[0m"
    }
}
