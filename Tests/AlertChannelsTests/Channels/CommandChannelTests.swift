import Foundation
import Monitoring
import StreamingMetrics
import Testing

@testable import AlertChannels

/// Real programs.
@Suite struct CommandChannelTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func channel(
        _ script: String, timeout: String = "20s", arguments: String = "", environment: String = "{}"
    ) throws -> any AlertChannel {
        let path = try folder.write("command", "#!/bin/sh\n\(script)\n", mode: 0o700)
        return try Sample.channel(
            """
            channels:
              - name: pager
                timeout: \(timeout)
                command: {argv: [\(path)\(arguments)], environment: \(environment)}
            """, environment: ["PAGER_KEY": "k3y-of-the-pager", "LEAK": "leaked"])
    }

    private func read(_ name: String) throws -> String {
        try String(contentsOfFile: folder.file(name), encoding: .utf8)
    }

    @Test func `a command gets the notice on its input, its arguments as they are, and no more of the environment`()
        async throws
    {
        let channel = try channel(
            "cat > '\(folder.path)/input'; printf '%s|' \"$@\" > '\(folder.path)/arguments'; env > '\(folder.path)/env'",
            arguments: ", 'a b', '$(touch \(folder.path)/hacked)', '; rm -rf /'",
            environment: "{KEY: 'env:PAGER_KEY', LANG: C}")
        setenv("STREAMGAUGE_TEST_LEAK", "leaked", 1)
        #expect(await failure(of: channel) == nil)
        let notice = try JSONValue(parsing: try read("input"))
        #expect(notice["status"]?.string == "firing" && notice["receiver"]?.string == "pager")
        #expect(try read("arguments") == "a b|$(touch \(folder.path)/hacked)|; rm -rf /|")
        #expect(!FileManager.default.fileExists(atPath: folder.file("hacked")))
        let names = try read("env").split(separator: "\n").compactMap { $0.split(separator: "=").first }
        #expect(Set(names).isSubset(of: ["KEY", "LANG", "PATH", "PWD", "OLDPWD", "SHLVL", "_"]), "\(names)")
        #expect(try read("env").contains("KEY=k3y-of-the-pager"))
    }

    @Test func `an input that nobody reads holds nobody up`() async throws {
        let alerts = (0..<400).map { Sample.alert(query: String(repeating: "q", count: 1000) + "\($0)") }
        #expect(await failure(of: try channel("exit 0"), Sample.notice(alerts)) == nil)
    }

    @Test func `a failure is told with the exit code and what was written, without secrets`() async throws {
        let channel = try channel(
            "echo \"key $KEY is wrong\" >&2; printf '\\033[31mred'; exit 3", environment: "{KEY: 'env:PAGER_KEY'}")
        let error = try #require(await failure(of: channel))
        #expect(error.code == .commandFailed && error.isRetriable)
        #expect(error.message.contains("exit code 3") && error.message.contains("key <redacted> is wrong"), "\(error)")
        #expect(!error.message.contains("\u{1b}") && !error.message.contains("k3y"))
        let killed = try #require(await failure(of: try self.channel("kill -9 $$")))
        #expect(killed.message.contains("signal 9"))
    }

    @Test func `output without end is kept in part`() async throws {
        let error = try #require(
            await failure(of: try channel("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 1")))
        #expect(
            error.message.contains("exit code 1") && error.message.contains("the end") && error.message.utf8.count < 600
        )
    }

    @Test func `F35 a command that does not end is killed with all that it started`() async throws {
        let channel = try channel(
            "sleep 600 & echo $! > '\(folder.path)/child'; trap '' TERM INT; exec 1>&- 2>&-; wait", timeout: "1s")
        let error = try #require(await failure(of: channel))
        #expect(error.code == .timedOut && error.isRetriable, "\(error)")
        let child = try #require(Int32(try read("child").split(separator: "\n").first ?? ""))
        // It is gone, or nobody has collected it yet.
        while let status = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8), !status.contains(") Z ")
        {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `what a command leaves running does not outlive it`() async throws {
        let channel = try channel("sleep 600 & echo $! > '\(folder.path)/child'; exit 0")
        #expect(await failure(of: channel) == nil)
        let child = try #require(Int32(try read("child").split(separator: "\n").first ?? ""))
        while let status = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8), !status.contains(") Z ")
        {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `a command ends when its task is cancelled`() async throws {
        let channel = try channel("touch '\(folder.path)/begun'; sleep 600")
        let task = Task { await failure(of: channel) }
        while !FileManager.default.fileExists(atPath: folder.file("begun")) {
            try await Task.sleep(for: .milliseconds(5))
        }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }

    @Test func `a program that went away is an error`() async throws {
        let channel = try channel("exit 0")
        try FileManager.default.removeItem(atPath: folder.file("command"))
        let error = try #require(await failure(of: channel))
        #expect(error.code == .commandFailed && error.message.contains("No such file"))
    }
}
