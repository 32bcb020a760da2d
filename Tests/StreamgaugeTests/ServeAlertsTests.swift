import Foundation
import Testing

/// Alerts of `serve`, as a user meets them.
@Suite struct ServeAlertsTests {
    private let program = BuiltProgram()
    private let command = ServeCommandTests()
    private let folder = TemporaryFolder()

    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "MonitoringTests/Fixtures")
    private static let failing = fixtures.appending(path: "spark-4.1.1/fail-udf.jsonl").path
    private static let slow = fixtures.appending(path: "spark-4.1.1/slow-behind.jsonl").path

    /// A query is quiet after two seconds, and that is told at once.
    private static let quiet = """
        groups:
          - name: g
            rules:
              - alert: Quiet
                expr: streamgauge_query_last_event_age_seconds > 2
                labels: {severity: warning}
                annotations: {summary: "{{ $labels.query }} is quiet"}
        notify: {group_wait: 0s, group_interval: 1s}

        """

    private func write(_ name: String, _ text: String) throws -> String {
        try folder.write(name, text)
        return folder.path(name)
    }

    private func progress(_ batch: Int) -> String {
        #"{"id":"0a0a0a0a-0000-4000-8000-000000000001","runId":"0a0a0a0a-0000-4000-8000-0000000000f1","name":"orders","#
            + #""timestamp":"2026-11-23T10:00:0\#(batch).500Z","batchId":\#(batch),"numInputRows":5,"#
            + #""durationMs":{"addBatch":80,"triggerExecution":100},"stateOperators":[],"sources":[],"#
            + #""sink":{"description":"noop"}}"# + "\n"
    }

    /// The alert of a rule, once it is in a state.
    private func alert(
        _ name: String, _ state: String, at address: String, _ run: RunningProgram
    ) async throws -> [String: Any] {
        while run.isRunning {
            let text = try await command.get(address, "/api/v1/alerts?state=\(state)").text
            let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let alerts = json?["alerts"] as? [[String: Any]] ?? []
            if let alert = alerts.first(where: { $0["name"] as? String == name }) { return alert }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the server has ended")
        return [:]
    }

    private func withTopic(_ test: (_ servers: String, _ forward: (Int) async throws -> Void) async throws -> Void)
        async throws
    {
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        try await test(servers) { batch in
            let end = try await program.run(["forward", "-", "--bootstrap-servers", servers], input: progress(batch))
            #expect(end.status == 0, "\(end.error)")
        }
    }

    private func waitUntilLive(_ address: String, _ run: RunningProgram) async throws {
        while run.isRunning, try await !command.get(address, "/healthz").text.contains("\"live\"") {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func `a query that goes quiet on the topic fires and resolves, and each is told in one line`() async throws {
        let rules = try write("rules.yml", Self.quiet)
        try await withTopic { servers, forward in
            try await forward(0)
            let (run, address) = try await command.serve(
                ["--bootstrap-servers", servers, "--from-beginning", "--rules", rules])
            try await waitUntilLive(address, run)
            let fired = try await alert("Quiet", "firing", at: address, run)
            #expect((fired["labels"] as? [String: String])?["query"] == "orders")
            #expect(try await command.get(address, "/api/v1/queries").text.contains("\"firing\":1"))
            try await forward(1)
            _ = try await alert("Quiet", "resolved", at: address, run)
            try await run.waitUntil { run.error.contains("resolved") }
            run.signal(SIGTERM)
            let end = try await run.wait()
            #expect(end.status == 0)
            #expect(
                end.errorLines.prefix(2) == [
                    "warning: alert Quiet firing: orders is quiet", "notice: alert Quiet resolved: orders is quiet",
                ], "\(end.error)")
        }
    }

    @Test func `F36: a firing alert outlives a killed server and is not told again`() async throws {
        let rules = try write("rules.yml", Self.quiet)
        try await withTopic { servers, forward in
            try await forward(0)
            let arguments = [
                "--bootstrap-servers", servers, "--rules", rules, "--alert-state", folder.path("alerts.json"),
            ]
            let (first, address) = try await command.serve(arguments + ["--from-beginning"])
            let fired = try await alert("Quiet", "firing", at: address, first)
            while try await !saved().contains("\"told\":\"firing\"") { try await Task.sleep(for: .milliseconds(20)) }
            let other = try await program.run(["serve", "--listen", "127.0.0.1:0"] + arguments)
            #expect(other.status == 1 && other.error.contains("another monitor uses it"), "\(other.error)")
            first.signal(SIGKILL)
            _ = try await first.wait()
            let (second, again) = try await command.serve(arguments)
            try await waitUntilLive(again, second)
            let kept = try await alert("Quiet", "firing", at: again, second)
            #expect(kept["firedAt"] as? Int == fired["firedAt"] as? Int)
            second.signal(SIGTERM)
            let end = try await second.wait()
            #expect(end.status == 0 && end.error == "", "\(end.error)")
        }
    }

    private func saved() async throws -> String {
        (try? String(contentsOfFile: folder.path("alerts.json"), encoding: .utf8)) ?? ""
    }

    @Test func `a recording's alerts are shown and told to nobody, and without rules there are none`() async throws {
        let (run, address) = try await command.serve(["--replay", Self.failing])
        let failed = try await alert("QueryFailed", "firing", at: address, run)
        #expect((failed["labels"] as? [String: String])?["severity"] == "critical")
        run.signal(SIGTERM)
        let end = try await run.wait()
        #expect(end.status == 0 && end.error == "", "\(end.error)")
        let (without, other) = try await command.serve(["--replay", Self.failing, "--no-rules"])
        #expect(try await command.get(other, "/api/v1/alerts").text.hasSuffix("\"alerts\":[],\"rules\":[]}"))
        without.signal(SIGTERM)
        #expect(try await without.wait().status == 0)
    }

    @Test func `a trigger interval that is given is what batches are measured by`() async throws {
        func isOverInterval(_ interval: String) async throws -> Bool {
            let (run, address) = try await command.serve(["--replay", Self.slow, "--trigger-interval", interval])
            while run.isRunning, try await !command.get(address, "/healthz").text.contains("\"ended\"") {
                try await Task.sleep(for: .milliseconds(10))
            }
            let list = try await command.get(address, "/api/v1/queries").text
            let id = try #require(list.firstMatch(of: /"id":"([0-9a-f-]+)"/)?.1)
            let text = try await command.get(address, "/api/v1/queries/\(id)").text
            run.signal(SIGTERM)
            _ = try await run.wait()
            return text.contains("the trigger interval is 1 ms")
        }
        #expect(try await isOverInterval("1ms"))
        #expect(try await isOverInterval("falling_behind=1ms"))
        #expect(try await !isOverInterval("other=1ms"))
    }

    @Test func `F36: a hangup has the rules read again, and wrong ones change nothing`() async throws {
        let rules = try write("rules.yml", Self.quiet)
        let (run, address) = try await command.serve(["--replay", Self.failing, "--rules", rules])
        func names() async throws -> Bool {
            try await command.get(address, "/api/v1/alerts").text.contains("\"name\":\"Quiet\"")
        }
        while try await !names() { try await Task.sleep(for: .milliseconds(20)) }
        _ = try write("rules.yml", Self.quiet.replacing("expr:", with: "exrp:"))
        run.signal(SIGHUP)
        try await run.waitUntil { run.error.hasSuffix("\n") }
        #expect(run.error.hasPrefix("warning: the alert rules stay as they were: \(rules):"), "\(run.error)")
        _ = try write("rules.yml", Self.quiet.replacing("Quiet", with: "Silent"))
        run.signal(SIGHUP)
        try await run.waitUntil { run.error.contains("the alert rules were read again from \(rules)\n") }
        run.signal(SIGTERM)
        #expect(try await run.wait().status == 0)
    }

    @Test func `a hangup without files of rules and channels is told and ends nothing`() async throws {
        let (run, address) = try await command.serve(["--replay", Self.failing])
        run.signal(SIGHUP)
        try await run.waitUntil {
            run.error.contains("SIGHUP: no file of --rules or --channels is there to be read again\n")
        }
        #expect(try await command.get(address, "/healthz").status == 200)
        run.signal(SIGTERM)
        #expect(try await run.wait().status == 0)
    }

    @Test func `rules and states that cannot be used are one error and the exit code 1`() async throws {
        let bad = try write("bad.yml", Self.quiet.replacing("expr:", with: "exrp:"))
        let damaged = try write("damaged.json", "{")
        let one = try write("one.yml", Self.quiet)
        let other = Self.quiet.replacing("name: g", with: "name: h").replacing("group_wait: 0s", with: "group_wait: 9s")
        let two = try write("two.yml", other)
        let cases: [([String], String)] = [
            (["--replay", Self.failing, "--rules", bad], "\(bad):4:9: a rule needs expr"),
            (["--replay", Self.failing, "--rules", folder.path("none.yml")], "none.yml"),
            (
                ["--replay", Self.failing, "--rules", one, "--rules", two],
                "notify of \(two) is in another file too, with other values (keep one of them)"
            ),
            (["--bootstrap-servers", "x", "--alert-state", damaged], "it is damaged, or no alert state"),
            (
                ["--bootstrap-servers", "x", "--alert-state", folder.path("none/a.json")],
                "No such file or directory (make the folder first, or name another file)"
            ),
        ]
        for (arguments, reason) in cases {
            let end = try await program.run(["serve", "--listen", "127.0.0.1:0"] + arguments)
            #expect(end.status == 1 && end.output == "")
            #expect(end.errorLines.count == 1 && end.error.contains(reason), "\(arguments): \(end.error)")
        }
        #expect(try String(contentsOfFile: damaged, encoding: .utf8) == "{")
    }
}
