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

    /// A server whose only alert always fires, with a topic that it can read.
    private func withServer(
        _ test: (_ start: ([String]) async throws -> RunningProgram) async throws -> Void
    ) async throws {
        let rules = try write(
            "rules.yml",
            "groups: [{name: g, rules: [{alert: Always, expr: vector(1)}]}]\nnotify: {group_wait: 0s}\n")
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        let end = try await program.run(
            ["forward", "-", "--bootstrap-servers", servers],
            input: RecordedFleet.started(1, "orders").json + "\n")
        #expect(end.status == 0, "\(end.error)")
        try await test { more in
            try await command.serve(["--bootstrap-servers", servers, "--from-beginning", "--rules", rules] + more).0
        }
    }

    /// A channel that is away until there is a file `open`.
    private func doorChannel() throws -> String {
        let script = "test -e \"\(folder.path("open"))\" || exit 1; exec cat >> \"\(folder.path("told"))\""
        return try write("channels.yml", "channels: [{name: page, command: {argv: [/bin/sh, -c, '\(script)']}}]\n")
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `a notice for a channel that is away outlives the server, and is delivered once when both are back`(
        signal: Int32
    ) async throws {
        let state = folder.path("alerts.json")
        let arguments = ["--channels", try doorChannel(), "--alert-state", state]
        try await withServer { start in
            let first = try await start(arguments)
            while first.isRunning, try !String(contentsOfFile: state, encoding: .utf8).contains("\"waiting\"") {
                try await Task.sleep(for: .milliseconds(20))
            }
            first.signal(signal)
            let end = try await first.wait()
            #expect(signal == SIGKILL || end.status == 0)
            #expect(!end.error.contains("given up"), "\(end.error)")
            #expect(try told().isEmpty)
            _ = try write("open", "")
            let second = try await start(arguments)
            while second.isRunning, try told().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            while try String(contentsOfFile: state, encoding: .utf8).contains("\"waiting\"") {
                try await Task.sleep(for: .milliseconds(20))
            }
            second.signal(signal)
            _ = try await second.wait()
            let third = try await start(arguments)
            try await Task.sleep(for: .seconds(2))
            third.signal(SIGTERM)
            #expect(try await third.wait().status == 0)
        }
        let notices = try told()
        #expect(notices.map { $0["status"]?.string } == ["firing"])
        #expect(notices.first?["alerts"]?.elements?.first?["labels"]?["alertname"]?.string == "Always")
    }

    @Test func `notices that no channel is there for any more are given up with a warning`() async throws {
        let state = folder.path("alerts.json")
        let arguments = ["--alert-state", state]
        let channels = try doorChannel()
        try await withServer { start in
            for (more, warning) in [
                (["--channels", channels], ""), (["--channels", channels], "there is no channel page any more: 1"),
                (["--channels", channels], ""), ([], "1 notice of alerts that channels did not deliver before"),
            ] {
                let run = try await start(arguments + more)
                if warning.isEmpty {
                    while run.isRunning, try !String(contentsOfFile: state, encoding: .utf8).contains("\"waiting\"") {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    // Another name, and then no channels at all.
                    let text = try folder.read("channels.yml")
                    try folder.write("channels.yml", text.replacing("name: page", with: "name: other"))
                } else {
                    try await run.waitUntil { run.error.contains(warning) }
                }
                run.signal(SIGTERM)
                let end = try await run.wait()
                #expect(end.status == 0 && (warning.isEmpty || end.error.contains(warning)), "\(end.error)")
                if !warning.isEmpty, !more.isEmpty { try FileManager.default.removeItem(atPath: state) }
            }
        }
    }

    @Test func `a hangup has the channels read again with what waits, and a faulty file changes nothing`()
        async throws
    {
        let channels = try doorChannel()
        try await withServer { start in
            let run = try await start(["--channels", channels])
            try await run.waitUntil { run.error.contains("cannot be told through the channel page") }
            _ = try write("channels.yml", "channels: [{name: page}]\n")
            run.signal(SIGHUP)
            try await run.waitUntil {
                run.error.contains("warning: the alert channels stay as they were: \(channels):1")
            }
            #expect(run.error.contains("the alert rules were read again from "))
            let script = "exec cat >> \"\(folder.path("told"))\""
            _ = try write("channels.yml", "channels: [{name: page, command: {argv: [/bin/sh, -c, '\(script)']}}]\n")
            run.signal(SIGHUP)
            try await run.waitUntil { run.error.contains("the alert channels were read again from \(channels)\n") }
            while run.isRunning, try told().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            run.signal(SIGTERM)
            let end = try await run.wait()
            #expect(end.status == 0 && !end.error.contains("given up"), "\(end.error)")
        }
        #expect(try told().count == 1)
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
