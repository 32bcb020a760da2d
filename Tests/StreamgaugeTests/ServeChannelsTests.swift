import Foundation
import StreamingMetrics
import Testing

/// Alerts of `serve` that go out through channels.
@Suite struct ServeChannelsTests {
    private let program = BuiltProgram()
    private let command = ServeCommandTests()
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws -> String {
        try folder.write(name, text)
        return folder.path(name)
    }

    /// Notices that the command was given, one JSON text a line.
    private func told() throws -> [JSONValue] {
        guard let text = try? String(contentsOfFile: folder.path("told"), encoding: .utf8) else { return [] }
        return try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    @Test func `a query that goes quiet is told through a channel when it fires and when it resolves, once each`()
        async throws
    {
        let rules = try write(
            "rules.yml",
            """
            groups:
              - name: g
                rules:
                  - alert: Quiet
                    expr: streamgauge_query_last_event_age_seconds > 2
                    labels: {severity: critical}
            notify: {group_wait: 0s, group_interval: 1s}
            """)
        let channels = try write(
            "channels.yml",
            """
            external_url: http://gauge.example.com
            channels:
              - name: page
                command: {argv: [/bin/sh, -c, 'exec cat >> "\(folder.path("told"))"']}
              - name: broken
                command: {argv: [/bin/sh, -c, 'echo broken; exit 1']}
            """)
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        func forward(_ batch: Int) async throws {
            let line =
                #"{"id":"0a0a0a0a-0000-4000-8000-000000000001","runId":"0a0a0a0a-0000-4000-8000-0000000000f1","#
                + #""name":"orders","timestamp":"2026-11-23T10:00:0\#(batch).500Z","batchId":\#(batch),"#
                + #""numInputRows":5,"durationMs":{"addBatch":80,"triggerExecution":100},"stateOperators":[],"sources":[],"#
                + #""sink":{"description":"noop"}}"# + "\n"
            let end = try await program.run(["forward", "-", "--bootstrap-servers", servers], input: line)
            #expect(end.status == 0, "\(end.error)")
        }
        try await forward(0)
        let (run, address) = try await command.serve([
            "--bootstrap-servers", servers, "--from-beginning", "--rules", rules, "--channels", channels,
        ])
        while run.isRunning, try told().isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        try await forward(1)
        while run.isRunning, try told().count < 2 { try await Task.sleep(for: .milliseconds(50)) }
        let metrics = try await command.get(address, "/metrics").text
        #expect(metrics.contains("streamgauge_alert_channel_failing{channel=\"broken\"} 1"))
        #expect(metrics.contains("streamgauge_alert_notices_sent_total{channel=\"broken\"} 0"))
        run.signal(SIGTERM)
        let end = try await run.wait()
        #expect(end.status == 0)
        #expect(
            end.errorLines.count {
                $0.hasPrefix("warning: alerts cannot be told through the channel broken: cannot run /bin/sh")
            } == 1,
            "\(end.error)")
        let notices = try told()
        #expect(notices.prefix(2).map { $0["status"]?.string } == ["firing", "resolved"])
        let alert = try #require(notices.first?["alerts"]?.elements?.first)
        #expect(alert["labels"]?["query"]?.string == "orders" && alert["labels"]?["severity"]?.string == "critical")
        #expect(
            alert["generatorURL"]?.string == "http://gauge.example.com/queries/0a0a0a0a-0000-4000-8000-000000000001")
        #expect(Set(notices.map { $0["key"]?.string }).count == notices.count)
    }

    @Test(arguments: [
        (["--replay", "/dev/null", "--channels", "c.yml"], Int32(2), "--channels is for what happens now"),
        (["--replay", "/dev/null", "--channels", ""], 2, "--channels has an empty value"),
        (["--bootstrap-servers", "localhost:1", "--no-rules", "--channels", "c.yml"], 2, "--channels is for alerts"),
        (["--bootstrap-servers", "localhost:1", "--channels", "/nowhere.yml"], 1, "cannot read /nowhere.yml"),
    ])
    func `channels that would say nothing are refused before anything is served`(
        arguments: [String], status: Int32, message: String
    ) async throws {
        let run = try await program.run(["serve", "--listen", "127.0.0.1:0"] + arguments)
        #expect(run.status == status && run.errorLines.count == 1 && run.error.contains(message), "\(run.error)")
    }
}
