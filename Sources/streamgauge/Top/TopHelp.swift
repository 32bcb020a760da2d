/// What the keys do.
extension TopView {
    private static let keys = [
        ("Up, Down, k, j", "move"), ("PgUp, PgDn", "move by a screen"), ("Home, End, g, G", "first, last"),
        ("Enter", "all about the query"), ("q, Esc", "back; q ends the program from the table"),
        ("s, S", "sort by the next column, by the one before"), ("r", "sort the other way round"),
        ("/", "filter: words in the name, the id or the state; Esc drops it"),
        ("p, Space", "let the screen stand still; events are counted all the same"), ("?", "this help"),
        ("Ctrl-L", "draw anew"), ("Ctrl-Z", "stop; fg goes on"), ("Ctrl-C", "end the program"),
    ]
    private static let columns = [
        ("ALERTS", "alerts about the query that fire; not there with --no-rules"),
        ("IN/S, PROC/S", "rows a second arriving and processed, by the last progress"),
        ("BATCH", "how long the last trigger took / the trigger interval"),
        ("LAG, BEHIND", "records that wait, and the seconds of work that they are"),
        ("WMARK", "how far the watermark is behind the clock"), ("RUN", "how long the run has been going on"),
    ]

    func help(_ size: TerminalSize) -> [ScreenLine] {
        var lines: [ScreenLine] = []
        for (title, entries) in [("KEYS", Self.keys), ("COLUMNS", Self.columns)] {
            lines += lines.isEmpty ? [] : [line(size)]
            lines.append(heading(title, size))
            for (name, meaning) in entries {
                for (place, text) in wrapped(meaning, to: size.columns - 18).enumerated() {
                    var line = line(size)
                    line.addCell(place == 0 ? name : "", .bold, width: 16)
                    line.add("  \(text)")
                    lines.append(line)
                }
            }
        }
        return lines
    }

    func heading(_ text: String, _ size: TerminalSize) -> ScreenLine {
        var line = line(size)
        line.add(text, TextStyle(color: .cyan, isBold: true))
        return line
    }

    /// Text in lines of a width, cut between words; a word that is longer has a line, cut.
    func wrapped(_ text: String, to width: Int) -> [String] {
        let width = max(8, width)
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0 == " " || $0.isNewline }) {
            let word = TerminalText.fitted(String(word), to: width, glyphs).text
            if line.isEmpty {
                line = word
            } else if TerminalText.width(line) + 1 + TerminalText.width(word) <= width {
                line += " " + word
            } else {
                lines.append(line)
                line = word
            }
        }
        return lines + [line]
    }
}
