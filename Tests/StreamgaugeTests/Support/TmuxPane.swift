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
        try tmux(arguments + ["exec bash --norc --noprofile -i"])
        try await waitUntil { $0.hasPrefix("bash") }
    }

    deinit { _ = try? tmux(["kill-server"]) }

    /// The server stays when its first client ends: it must not keep files by which others tell that they have ended.
    private static let closing = """
        for file in /proc/self/fd/*; do number=${file##*/}; [ $number -le 2 ] || eval "exec $number>&-"; done; exec "$@"
        """

    /// Runs tmux and gives its output. A look at a screen takes milliseconds, and there are hundreds of them.
    @discardableResult
    private func tmux(_ arguments: [String]) throws -> String {
        let words = ["bash", "-c", Self.closing, "bash", "tmux", "-u", "-L", socket] + arguments
        let quoted = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        let pipe = try #require(popen("exec \(quoted) 2>&1", "r"))
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { output += chunk.prefix(count) }
        let text = String(decoding: output, as: UTF8.self)
        let status = pclose(pipe)
        try #require(status == 0, "tmux \(arguments): \(text)")
        return text
    }

    /// What it shows, one line for each row, without blanks at their ends.
    func screen() throws -> String { try tmux(["capture-pane", "-p"]) }

    /// The same with sequences for styles.
    func styledScreen() throws -> String { try tmux(["capture-pane", "-p", "-e"]) }

    /// A value of the pane, such as `alternate_on` or `cursor_flag`.
    func value(_ name: String) throws -> String {
        try tmux(["display-message", "-p", "#{\(name)}"]).trimmingCharacters(in: .newlines)
    }

    /// Presses keys by tmux' names for them: `q`, `Enter`, `Down`, `C-c`.
    func press(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

    /// Types text as it is.
    func type(_ text: String) throws { try tmux(["send-keys", "-l", text]) }

    /// Runs a command in the shell.
    func run(_ command: String) throws {
        try type(command)
        try press("Enter")
    }

    func resize(columns: Int, rows: Int) throws {
        try tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// Waits for the screen to be so, and gives it.
    @discardableResult
    func waitUntil(_ condition: (String) -> Bool) async throws -> String {
        // So many looks and not a time: a busy machine has as many.
        var screen = ""
        for _ in 0..<800 {
            screen = try self.screen()
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
