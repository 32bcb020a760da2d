import Foundation
import Testing

/// `top` on a real terminal, with real keys and signals.
@Suite(.serialized) struct TopTerminalTests {
    private let program = BuiltProgram()

    /// Starts the command in a pane's shell, which has said something before, and waits for its table.
    private func top(_ pane: TmuxPane, _ more: String = "") async throws {
        _ = try RecordedFleet.write("fleet.jsonl", in: pane.folder)
        try pane.run("cd '\(pane.folder.url.path)'; stty -a > before; echo said before")
        try await pane.waitFor("\nsaid before")
        try pane.run("'\(program.path)' top --replay fleet.jsonl \(more); echo \"status $?\"")
        // All of it has been read, and drawn.
        try await pane.waitUntil { $0.contains("replay ended") && $0.contains("falls-behind") }
    }

    /// The terminal is as it was: the shell's screen, its settings, cursor and line wrapping.
    private func expectRestored(_ pane: TmuxPane, status: Int) async throws {
        let screen = try await pane.waitFor("\nstatus \(status)")
        #expect(screen.contains("\nsaid before") && !screen.contains("falls-behind"), "\(screen)")
        for (name, value) in [("alternate_on", "0"), ("cursor_flag", "1"), ("wrap_flag", "1")] {
            #expect(try pane.value(name) == value, "\(name)")
        }
        try pane.run("stty -a > after; echo compared: $(cmp before after && echo same)")
        try await pane.waitFor("compared: same")
    }

    @Test func `the worst query is first, q ends it, and the terminal is as it was`() async throws {
        let pane = try await TmuxPane()
        try await top(pane)
        #expect(try pane.value("alternate_on") == "1")
        #expect(try pane.value("cursor_flag") == "0")
        let screen = try pane.screen()
        #expect(screen.rows[0].contains("4 queries: 1 failed, 1 behind, 2 processing"))
        #expect(screen.rows[3].hasPrefix("failed     has-failed"))
        #expect(screen.rows[4].hasPrefix("behind     falls-behind"))
        try pane.press("q")
        try await expectRestored(pane, status: 0)
    }

    @Test func `alerts that fire are counted, sorted by, and listed about a query`() async throws {
        let pane = try await TmuxPane()
        try await top(pane)
        var screen = try pane.screen()
        #expect(screen.rows[0].contains("  1 alert firing") && screen.rows[2].contains("ALERTS"))
        #expect(screen.rows[3].contains(/has-failed[ ]+00000003[ ]+1[ ]/))
        try pane.press("s", "s", "s")
        screen = try await pane.waitFor("sort: alerts down")
        #expect(screen.row(of: "has-failed") == 3)
        try pane.press("r")
        screen = try await pane.waitFor("sort: alerts up")
        #expect(screen.row(of: "has-failed") == 6)
        try pane.press("r")
        try await pane.waitFor("sort: alerts down")
        try pane.press("Enter")
        screen = try await pane.waitFor("firing    QueryFailed since 2026-11-23 10:00:40Z")
        #expect(screen.contains("    has-failed has failed"))
        try pane.press("q", "q")
        try await expectRestored(pane, status: 0)
        try await top(pane, "--no-rules")
        screen = try pane.screen()
        #expect(!screen.contains("ALERTS") && !screen.contains("alert"))
        try pane.press("q")
        try await expectRestored(pane, status: 0)
    }

    @Test func `keys sort, filter, open a detail and lead back`() async throws {
        let pane = try await TmuxPane()
        try await top(pane)
        try pane.press("s", "s")
        var screen = try await pane.waitFor("sort: name up")
        let order = ["falls-behind", "has-failed", "keeps-up"].compactMap { screen.row(of: $0) }
        #expect(order.count == 3 && order == order.sorted())
        try pane.press("r")
        screen = try await pane.waitFor("sort: name down")
        #expect(["keeps-up", "has-failed", "falls-behind"].compactMap { screen.row(of: $0) }.first == 3)
        try pane.press("/")
        try pane.type("behind")
        screen = try await pane.waitFor("filter: behind_  1 of 4")
        #expect(screen.row(of: "keeps-up") == nil)
        try pane.press("Enter", "Enter")
        screen = try await pane.waitFor("RATES")
        #expect(screen.contains("falls-behind  behind for"))
        try pane.press("End")
        try await pane.waitUntil { $0.contains("HISTORY") && !$0.contains("more line") }
        try pane.press("Escape")
        try await pane.waitFor("filter \"behind\": 1 of 4")
        try pane.press("Escape")
        try await pane.waitFor("keeps-up")
        try pane.press("?")
        try await pane.waitFor("Ctrl-Z")
        try pane.press("q", "q")
        try await expectRestored(pane, status: 0)
    }

    @Test func `a screen that stands still goes on when it is asked to`() async throws {
        let pane = try await TmuxPane()
        let recording = try RecordedFleet.write("fleet.jsonl", in: pane.folder)
        // Forty seconds of it in ten.
        try pane.run("'\(program.path)' top --replay '\(recording)' --speed 4; echo \"status $?\"")
        try await pane.waitFor("keeps-up")
        try pane.press("p")
        let before = try await pane.waitFor("PAUSED")
        // Keys are taken, and nothing of the rows moves with them.
        try pane.press("?")
        try await pane.waitFor("KEYS")
        try pane.press("?")
        #expect(try await pane.waitFor("QUERY") == before)
        try pane.press("p")
        let after = try await pane.waitUntil { !$0.contains("PAUSED") }
        #expect(after.rows[0] != before.rows[0])
        try await pane.waitFor("replay ended")
        try pane.press("C-c")
        try await pane.waitFor("status 0")
    }

    @Test func `a terminal that changes its size gets a frame that fits`() async throws {
        let pane = try await TmuxPane(columns: 140, rows: 30)
        try await top(pane)
        #expect(try pane.screen().contains("TREND"))
        try pane.resize(columns: 40, rows: 8)
        let narrow = try await pane.waitUntil { !$0.contains("TREND") && $0.rows[0].hasPrefix("2026") }
        #expect(narrow.rows.count <= 9)
        #expect(narrow.rows[4].hasPrefix("behind     falls-behind"))
        try pane.resize(columns: 200, rows: 40)
        let wide = try await pane.waitUntil { $0.contains("TREND") && $0.contains("WMARK") }
        #expect(wide.row(of: "q quit") == 39)
        try pane.press("q")
        try await pane.waitFor("status 0")
    }

    @Test(arguments: [("TERM", 0), ("INT", 0), ("SEGV", 139), ("ABRT", 134)])
    func `a signal that ends it restores the terminal`(signal: String, status: Int) async throws {
        // The runtime would ask on the terminal what to show of a crash.
        let pane = try await TmuxPane(environment: ["LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no"])
        try await top(pane)
        try pane.press("Enter")
        try await pane.waitFor("RATES")
        let kill = try await RunningProgram(
            executable: URL(filePath: "/bin/sh"),
            arguments: [
                "-c", "ulimit -c 0; kill -\(signal) $(pgrep -P \(try pane.value("pane_pid")) streamgauge)",
            ],
            input: nil, output: nil
        ).wait()
        #expect(kill.status == 0, "\(kill.error)")
        try await expectRestored(pane, status: status)
    }

    @Test func `Ctrl-Z gives the terminal to the shell, and fg draws it anew`() async throws {
        let pane = try await TmuxPane()
        try await top(pane)
        try pane.press("Down", "C-z")
        try await pane.waitFor("Stopped")
        #expect(try pane.value("alternate_on") == "0")
        #expect(try pane.value("cursor_flag") == "1")
        try pane.run("echo between")
        try await pane.waitFor("\nbetween")
        try pane.run("fg")
        let screen = try await pane.waitFor("falls-behind")
        #expect(!screen.contains("between") && screen.rows[0].contains("4 queries"))
        #expect(try pane.value("cursor_flag") == "0")
        try pane.press("Enter")
        try await pane.waitFor("RATES")
        try pane.press("q", "q")
        let shell = try await pane.waitFor("between")
        #expect(shell.contains("said before"))
        try pane.run("stty -a > after; echo compared: $(cmp before after && echo same)")
        try await pane.waitFor("compared: same")
    }

    @Test func `a name with escape sequences steers neither the terminal nor the line`() async throws {
        let pane = try await TmuxPane(columns: 180)
        let title = try pane.value("pane_title")
        try await top(pane)
        let screen = try await pane.waitFor("evil")
        #expect(screen.contains(#"\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}e"#))
        #expect(screen.rows[0].contains("4 queries") && screen.contains("keeps-up"))
        #expect(try pane.value("pane_title") == title)
        try pane.press("/")
        try pane.type("owned")
        try pane.press("Enter", "Enter")
        try await pane.waitFor("RATES")
        #expect(try pane.value("pane_title") == title)
        try pane.press("q", "q")
        try await expectRestored(pane, status: 0)
    }

    @Test func `colours are the state's, and gone with NO_COLOR`() async throws {
        // Whoever runs the tests may have it set.
        for (environment, hasColor) in [(["NO_COLOR": ""], true), (["NO_COLOR": "1"], false)] {
            let pane = try await TmuxPane(environment: environment.merging(["LC_ALL": "C.UTF-8"]) { $1 })
            try await top(pane)
            let screen = try pane.styledScreen()
            #expect(screen.contains(/\u{1b}\[[0-9;]*3[1-6]m/) == hasColor, "\(screen)")
            try pane.press("q")
            try await pane.waitFor("status 0")
        }
    }

    @Test func `a locale without UTF-8 gets ASCII`() async throws {
        let pane = try await TmuxPane(columns: 140, environment: ["LC_ALL": "C"])
        try await top(pane)
        let table = try pane.screen()
        #expect(table.utf8.allSatisfy { $0 < 0x80 }, "\(table)")
        try pane.press("Enter")
        let detail = try await pane.waitFor("####")
        #expect(detail.utf8.allSatisfy { $0 < 0x80 })
        try pane.press("q", "q")
        try await pane.waitFor("status 0")
    }

    @Test func `a dumb terminal gets lines`() async throws {
        let pane = try await TmuxPane()
        let recording = try RecordedFleet.write("fleet.jsonl", in: pane.folder)
        try pane.run("TERM=dumb '\(program.path)' top --replay '\(recording)'; echo \"status $?\"")
        let screen = try await pane.waitFor("\nstatus 0")
        #expect(screen.contains("falls-behind: ") && !screen.contains("q quit"))
        #expect(try pane.value("alternate_on") == "0")
    }

    @Test func `what is wrong with a recording is told when the screen is gone`() async throws {
        let pane = try await TmuxPane()
        let recording = try RecordedFleet.write("fleet.jsonl", in: pane.folder)
        try pane.run(
            "echo 'no event' >> '\(recording)'; '\(program.path)' top --replay '\(recording)'; echo \"status $?\"")
        let screen = try await pane.waitFor("1 unreadable")
        #expect(screen.rows[2].contains("QUERY"))
        try pane.press("q")
        let shell = try await pane.waitFor("\nstatus 0")
        #expect(shell.contains("refused "))
    }
}
