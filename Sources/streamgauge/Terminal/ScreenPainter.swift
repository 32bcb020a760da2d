/// Knows what a terminal shows, and says what to write so that it shows something else.
struct ScreenPainter {
    private var shown: [String] = []
    private var size: TerminalSize?

    /// The terminal may show anything now: the next frame is painted whole.
    mutating func forget() { size = nil }

    /// What to write for a frame: only lines that have changed, and everything where the size has.
    ///
    /// - Parameters:
    ///   - lines: The frame's lines from the top, encoded; what is beyond the size is left out.
    ///   - size: The terminal's size.
    /// - Returns: An empty text where nothing has changed.
    mutating func text(for lines: [String], size: TerminalSize) -> String {
        let lines = lines.prefix(size.rows) + repeatElement("", count: max(0, size.rows - lines.count))
        var text = ""
        if self.size != size {
            text = "\u{1b}[0m\u{1b}[2J"
            shown = Array(repeating: "", count: size.rows)
            self.size = size
        }
        for (row, line) in lines.enumerated() where line != shown[row] {
            // The old line is cleared first: behind a full line the cursor stands on its last character.
            text += "\u{1b}[\(row + 1);1H\u{1b}[0m\u{1b}[K\(line)"
            shown[row] = line
        }
        return text
    }
}
