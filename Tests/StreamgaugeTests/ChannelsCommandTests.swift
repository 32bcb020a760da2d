import Foundation
import KafkaTesting
import StreamingMetrics
import Testing

/// Channels as a user meets them: checked, and tried.
@Suite struct ChannelsCommandTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws -> String {
        let path = folder.path(name)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func channels() throws -> String {
        let script = try write("page", "#!/bin/sh\ncat > '\(folder.path("told"))'\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        return try write(
            "channels.yml",
            """
            channels:
              - name: page
                command: {argv: [\(script)]}
              - name: broken
                command: {argv: [/bin/sh, -c, 'echo "no \\033[31mpaper" >&2; exit 9']}
              - name: hook
                webhook: {url: "http://localhost:9/", allow_http: true}
            """)
    }

    @Test func `a test notice goes through every channel, and what came of it is told`() async throws {
        let run = try await program.run(["alerts", "notify", "--channels", try channels()])
        #expect(run.status == 1 && run.error == "", "\(run.error)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 3, "\(run.output)")
        #expect(lines[0].hasPrefix("page: delivered to \(folder.path("page")) in "))
        #expect(lines[1].hasPrefix("broken: failed: cannot run /bin/sh: it ended with exit code 9"))
        #expect(lines[2].hasPrefix("hook: failed: cannot POST to http://localhost:9: localhost resolves to "))
        #expect(lines[2].contains("allow_private") && !run.output.contains("\u{1b}"))
        let told = try JSONValue(parsing: try String(contentsOfFile: folder.path("told"), encoding: .utf8))
        #expect(told["status"]?.string == "firing" && told["receiver"]?.string == "page")
        #expect(told["alerts"]?.elements?.first?["labels"]?["alertname"]?.string == "StreamGaugeTest")
    }

    @Test func `one channel is tried alone, as resolved, and told as JSON`() async throws {
        let run = try await program.run([
            "alerts", "notify", "--channels", try channels(), "--channel", "page", "--resolved", "--format", "json",
        ])
        #expect(run.status == 0, "\(run.error)")
        let report = try JSONValue(parsing: run.output)
        #expect(
            report["channel"]?.string == "page" && report["delivered"]?.bool == true && report["error"]?.isNull == true)
        let told = try JSONValue(parsing: try String(contentsOfFile: folder.path("told"), encoding: .utf8))
        #expect(told["status"]?.string == "resolved")
    }

    @Test func `a topic gets the notice with the options of the channel`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("alerts")
        let path = try write(
            "channels.yml",
            "channels: [{name: topic, kafka: {topic: alerts, options: {bootstrap.servers: '\(cluster.bootstrapServers)'}}}]"
        )
        let run = try await program.run(["alerts", "notify", "--channels", path])
        #expect(
            run.status == 0 && run.output.hasPrefix("topic: delivered to topic alerts at "), "\(run.output)\(run.error)"
        )
        let wrong = try write("wrong.yml", "channels: [{name: topic, kafka: {topic: alerts, options: {bogus: x}}}]")
        let refused = try await program.run(["alerts", "notify", "--channels", wrong])
        #expect(
            refused.status == 1 && refused.output.hasPrefix("topic: failed: cannot make the channel topic: "),
            "\(refused.output)")
        cluster.close()
    }

    @Test func `a file of channels is checked beside rules, with lines and the exit code 1`() async throws {
        let right = try await program.run(["alerts", "check", "--channels", try channels()])
        #expect(
            right.status == 0 && right.output.hasSuffix("channels.yml: 3 channels and 0 routes, all right\n"),
            "\(right.output)")
        let bad = try write("bad.yml", "channels:\n  - name: a\n    webhok: {}\n")
        let wrong = try await program.run(["alerts", "check", "--channels", bad])
        #expect(wrong.status == 1)
        #expect(
            wrong.output.contains("\(bad):3:5: a channel has no key webhok; did you mean webhook?"), "\(wrong.output)")
        let json = try await program.run(["alerts", "check", "--channels", bad, "--format", "json"])
        #expect(try JSONValue(parsing: json.output)["problems"]?.elements?.first?["line"]?.int64 == 3)
        let unusable = try await program.run(["alerts", "notify", "--channels", bad])
        #expect(unusable.status == 1 && unusable.errorLines.count == 1)
        #expect(unusable.error.hasPrefix("error: \(bad):3:5: "), "\(unusable.error)")
    }

    @Test(arguments: [
        (["alerts", "notify"], Int32(2), "--help"),
        (["alerts", "notify", "--channels", "/nowhere.yml"], 1, "cannot read /nowhere.yml"),
        (["alerts", "check", "--channels", ""], 2, "--channels has an empty value"),
    ])
    func `a wrong command line is one line of error`(arguments: [String], status: Int32, message: String) async throws {
        let run = try await program.run(arguments)
        #expect(run.status == status && run.errorLines.count == 1 && run.error.contains(message), "\(run.error)")
    }

    @Test func `F39 a channel's secret is never printed, whatever the other side says`() async throws {
        let canary = "canary-\(UInt64.random(in: .min ... .max))"
        let path = try write(
            "channels.yml",
            """
            channels:
              - name: run
                command: {argv: [/bin/sh, -c, 'echo "the key is $KEY" >&2; exit 1'], environment: {KEY: env:CANARY}}
              - name: hook
                webhook: {url: "http://localhost:9/", allow_http: true, headers: {Authorization: env:CANARY}}
              - name: topic
                kafka: {topic: t, options: {bootstrap.servers: "localhost:1", sasl.password: env:CANARY}}
            """)
        for arguments in [["check", "--channels", path], ["notify", "--channels", path]] {
            let run = try await program.run(["alerts"] + arguments, environment: ["CANARY": canary])
            #expect(!run.output.contains(canary) && !run.error.contains(canary), "\(run.output)\(run.error)")
            #expect(arguments[0] == "check" || run.output.contains("the key is <redacted>"), "\(run.output)")
        }
        let bare = try write(
            "bare.yml",
            "channels: [{name: a, webhook: {url: 'https://x.example', headers: {Authorization: \(canary)}}}]")
        let refused = try await program.run(["alerts", "check", "--channels", bare])
        #expect(refused.status == 1 && !refused.output.contains(canary), "\(refused.output)")
    }

    @Test func `an unknown channel is told with those that there are`() async throws {
        let run = try await program.run(["alerts", "notify", "--channels", try channels(), "--channel", "mail"])
        #expect(run.status == 1 && run.error.contains("there is no channel mail"), "\(run.error)")
        #expect(run.error.contains("there are page, broken, hook"))
    }
}
