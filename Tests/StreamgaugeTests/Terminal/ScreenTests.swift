import Testing

@testable import streamgauge

/// Lines and what is written for them.
@Suite struct ScreenTests {
    private func line(_ limit: Int, _ texts: String..., glyphs: Glyphs = .unicode) -> ScreenLine {
        var line = ScreenLine(limit: limit, glyphs: glyphs)
        for text in texts { line.add(text) }
        return line
    }

    @Test(arguments: [
        ("plain", 10, "plain"), ("a name too long", 6, "a nam…"), ("日本語", 6, "日本語"), ("日本語の", 6, "日本…"),
        ("日本語", 5, "日本…"), ("ab\u{301}c", 3, "ab\u{301}c"), ("\u{1b}[2J", 12, "\\u{1b}[2J"),
        ("\u{301}x", 9, "\\u{301}x"),
        ("e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}f", 2, "e\u{301}\u{302}\u{303}\u{304}f"), ("x", 0, ""),
        ("日", 1, "…"),
        ("👍👍", 3, "👍…"),
    ])
    func `text is cut to its columns and made safe`(text: String, width: Int, shown: String) {
        let line = line(width, text)
        #expect(Array(line.text.unicodeScalars) == Array(shown.unicodeScalars))
        #expect(line.width <= width)
        #expect(line.width == TerminalText.width(shown))
    }

    @Test func `a terminal of ASCII gets ASCII only`() {
        let line = line(40, "größe…", glyphs: .ascii)
        #expect(line.text == "gr\\u{f6}\\u{df}e\\u{2026}")
        #expect(self.line(8, "größe", glyphs: .ascii).text == "gr~")
        let bars = Glyphs.ascii.bar(0.5, width: 8) + Glyphs.ascii.sparkline([1, nil, 4], width: 3)
        #expect(bars.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func `a cell has its width, and what follows stands where it belongs`() {
        var line = ScreenLine(limit: 30, glyphs: .unicode)
        line.addCell("日本", width: 6)
        line.addCell("7", .bold, width: 4, isRight: true)
        #expect(line.text == "日本     7")
        #expect(line.width == 10)
        // Terminals that take the characters for narrower than they are get a column for what follows.
        #expect(line.encoded(hasColor: false) == "日本\u{1b}[5G  \u{1b}[1m   7\u{1b}[0m")
    }

    @Test func `colours are left out where they are not welcome, and other styles stay`() {
        var line = ScreenLine(limit: 30, glyphs: .unicode)
        line.add("failed", TextStyle(color: .red, isBold: true))
        #expect(line.encoded(hasColor: true) == "\u{1b}[1;31mfailed\u{1b}[0m")
        #expect(line.encoded(hasColor: false) == "\u{1b}[1mfailed\u{1b}[0m")
    }

    @Test func `only lines that have changed are written, and all of them once the size has`() {
        var painter = ScreenPainter()
        let size = TerminalSize(columns: 10, rows: 3)
        #expect(painter.text(for: ["a", "b"], size: size).hasPrefix("\u{1b}[0m\u{1b}[2J"))
        #expect(painter.text(for: ["a", "b"], size: size) == "")
        #expect(painter.text(for: ["a", "c", "", "beyond"], size: size) == "\u{1b}[2;1H\u{1b}[0m\u{1b}[Kc")
        #expect(painter.text(for: ["a"], size: size) == "\u{1b}[2;1H\u{1b}[0m\u{1b}[K")
        let wider = painter.text(for: ["a"], size: TerminalSize(columns: 20, rows: 2))
        #expect(wider.contains("\u{1b}[2J") && wider.contains("\u{1b}[1;1H"))
        painter.forget()
        #expect(painter.text(for: ["a"], size: TerminalSize(columns: 20, rows: 2)) == wider)
    }

    @Test func `a bar is full in proportion, and a sparkline goes up to its greatest value`() {
        #expect(Glyphs.unicode.bar(0.001, width: 4) == "█░░░")
        #expect(Glyphs.unicode.bar(7, width: 4) == "████")
        #expect(Glyphs.unicode.bar(0, width: 4) == "░░░░")
        #expect(Glyphs.unicode.sparkline([9, 0, nil, 7, 3.5], width: 4) == "▁ █▅")
        #expect(Glyphs.unicode.sparkline([], width: 4) == "")
        #expect(Glyphs.unicode.sparkline([0, 0], width: 4) == "▁▁")
    }

    @Test(arguments: [
        (["TERM": "xterm", "LANG": "en_US.UTF-8"], true, true), (["TERM": "xterm", "LANG": "C"], true, false),
        (["TERM": "xterm", "LC_ALL": "C", "LANG": "C.UTF-8"], true, false), (["TERM": "xterm"], true, false),
        (["TERM": "xterm", "LC_CTYPE": "C.utf8", "LANG": "C"], true, true),
        (["TERM": "dumb", "LANG": "C.utf8"], false, true),
        (["LANG": "C.utf8"], false, true),
    ])
    func `the environment says what a terminal can show`(
        environment: [String: String], hasScreen: Bool, hasUnicode: Bool
    ) {
        let abilities = TerminalAbilities(environment: environment, isTerminal: true, hasColor: true)
        #expect(abilities.hasScreen == hasScreen && abilities.hasUnicode == hasUnicode)
        #expect(abilities.hasColor == hasScreen)
        #expect(!TerminalAbilities(environment: environment, isTerminal: false, hasColor: true).hasScreen)
    }
}
