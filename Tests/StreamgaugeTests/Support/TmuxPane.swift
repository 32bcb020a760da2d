import Foundation
import Testing

/// A terminal with a shell in it: a pane of a tmux server of its own, which ends with the value.
final class TmuxPane {
    private let socket = "streamgauge-\(UUID().uuidString)"
    let folder = TemporaryFolder()

    /// - Parameters:
    ///   - columns: The terminal's width.
    ///   - rows: Its height.
    ///   - environment: Variables of the shell, beside those that tmux sets.
    init(columns: Int = 120, rows: Int = 24, environment: [String: String] = ["LC_ALL": "C.UTF-8"]) async throws {
        var arguments = ["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)"]
        for (name, value) in environment { arguments += ["-e", "\(name)=\(value)"] }
        // A shell with job control and without anybody's settings.
        try await tmux(arguments + ["exec bash --norc --noprofile -i"])
        try await waitUntil { $0.hasPrefix("bash") }
    }

    deinit {
        let end = Process()
        end.executableURL = URL(filePath: "/usr/bin/env")
        end.arguments = ["tmux", "-L", socket, "kill-server"]
        end.standardError = FileHandle.nullDevice
        try? end.run()
        end.waitUntilExit()
    }

    /// The server stays when the first of these ends: it must not keep what tells that they have.
    private static let closing = """
        ( for file in /proc/self/fd/*; do number=${file##*/}; [ $number -le 2 ] || eval "exec $number>&-"; done
        exec tmux "$@" )
        """

    @discardableResult
    private func tmux(_ arguments: [String]) async throws -> String {
        let run = try await RunningProgram(
            executable: URL(filePath: "/bin/bash"),
            arguments: ["-c", Self.closing, "tmux", "-u", "-L", socket] + arguments, input: nil, output: nil
        ).wait()
        try #require(run.status == 0, "tmux \(arguments): \(run.error)")
        return run.output
    }

    /// What it shows, one line for each row, without blanks at their ends.
    func screen() async throws -> String { try await tmux(["capture-pane", "-p"]) }

    /// The same with sequences for styles.
    func styledScreen() async throws -> String { try await tmux(["capture-pane", "-p", "-e"]) }

    /// A value of the pane, such as `alternate_on` or `cursor_flag`.
    func value(_ name: String) async throws -> String {
        try await tmux(["display-message", "-p", "#{\(name)}"]).trimmingCharacters(in: .newlines)
    }

    /// Presses keys by tmux' names for them: `q`, `Enter`, `Down`, `C-c`.
    func press(_ keys: String...) async throws { try await tmux(["send-keys"] + keys) }

    /// Types text as it is.
    func type(_ text: String) async throws { try await tmux(["send-keys", "-l", text]) }

    /// Runs a command in the shell.
    func run(_ command: String) async throws {
        try await type(command)
        try await press("Enter")
    }

    func resize(columns: Int, rows: Int) async throws {
        try await tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// Waits for the screen to be so, and gives it.
    @discardableResult
    func waitUntil(_ condition: (String) -> Bool) async throws -> String {
        // So many looks and not a time: a busy machine has as many.
        var screen = ""
        for _ in 0..<1500 {
            screen = try await self.screen()
            if condition(screen) { return screen }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("the screen never became what was waited for:\n\(screen)")
        throw CancellationError()
    }

    /// Waits for a text on the screen.
    @discardableResult
    func waitFor(_ text: String) async throws -> String { try await waitUntil { $0.contains(text) } }
}

extension String {
    /// The rows of a screen.
    var rows: [Substring] { split(separator: "\n", omittingEmptySubsequences: false) }

    /// The number of the first row with a text.
    func row(of text: String) -> Int? { rows.firstIndex { $0.contains(text) } }
}
