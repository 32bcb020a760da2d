import Foundation
import StreamingMetrics
import Testing

/// Rules as a user meets them: checked, tested, replayed and exported.
@Suite struct AlertsCommandTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws -> String {
        let path = folder.path(name)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// A query that runs for five minutes and fails, as its listener wrote it.
    private func failing() throws -> String {
        let ids = #""id":"0a0a0a0a-0000-4000-8000-000000000001","runId":"0a0a0a0a-0000-4000-8000-0000000000f1""#
        var lines = [#"{\#(ids),"name":"orders","timestamp":"2026-11-23T10:00:00.000Z"}"#]
        for batch in 0..<30 {
            let (minute, second) = (batch / 6, batch % 6 * 10)
            lines.append(
                #"{\#(ids),"name":"orders","timestamp":"2026-11-23T10:0\#(minute):\#(second == 0 ? "00" : "\(second)").500Z","#
                    + #""batchId":\#(batch),"numInputRows":5,"durationMs":{"addBatch":80,"triggerExecution":100},"#
                    + #""stateOperators":[],"sources":[],"sink":{"description":"noop"}}"#)
        }
        lines.append(#"{\#(ids),"exception":"boom\u001b[31m","errorClassOnException":"DIVIDE_BY_ZERO"}"#)
        return try write("events.jsonl", lines.joined(separator: "\n") + "\n")
    }

    @Test func `a recording that begins with ten thousand events without a time is refused`() async throws {
        let ids = #""id":"0a0a0a0a-0000-4000-8000-000000000001","runId":"0a0a0a0a-0000-4000-8000-0000000000f1""#
        let event = "{\(ids),\"exception\":null}"
        let path = try write("untimed.jsonl", String(repeating: event + "\n", count: 10_001))
        let rules = try write("rules.yml", try await program.run(["alerts", "pack"]).output)
        let result = try await program.run(["alerts", "test", rules, "--replay", path])
        #expect(result.status == 1)
        #expect(result.error.contains("none of the first 10000 events has a time (line 10000)"), "\(result.error)")
    }

    @Test func `good rules are all right, and bad ones are told with their places and the exit code 1`() async throws {
        let pack = try await program.run(["alerts", "pack"])
        let good = try write("good.yml", pack.output)
        let right = try await program.run(["alerts", "check", good])
        #expect(right.status == 0 && right.error == "")
        #expect(right.output.hasSuffix("rules in 3 groups, all right\n"), "\(right.output)")
        let bad = try write(
            "bad.yml", pack.output.replacingOccurrences(of: "\n        for: 1m", with: "\n        fro: 1m"))
        let wrong = try await program.run(["alerts", "check", good, bad])
        #expect(wrong.status == 1 && wrong.error == "")
        let lines = wrong.output.split(separator: "\n")
        #expect(lines.count == 4, "\(wrong.output)")
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("\(bad):") && $0.hasSuffix("did you mean for?") })
        let json = try await program.run(["alerts", "check", bad, "--format", "json"])
        let report = try JSONValue(parsing: json.output)
        #expect(json.status == 1 && report["rules"]?.int64 == 0)
        #expect(report["problems"]?.elements?.first?["column"]?.int64 == 9)
    }

    @Test func `files that cannot be used together are told, as serve would refuse them`() async throws {
        let rule = "rules: [{alert: A, expr: 'streamgauge_feed_up == 0'}]"
        let one = try write("one.yml", "groups: [{name: g, \(rule)}]\n")
        let two = try write("two.yml", "groups: [{name: g, \(rule)}]\n")
        let run = try await program.run(["alerts", "check", one, two])
        #expect(run.status == 1)
        #expect(run.output.contains("\(one): 1 rule in 1 group, all right\n"), "\(run.output)")
        #expect(run.output.contains("\(two):1:1: the group g of \(two) is in another file too"), "\(run.output)")
    }

    @Test func `a replay tells each alert with its time, safe for a terminal, and notifies nobody`() async throws {
        let run = try await program.run(["alerts", "test", "--replay", try failing(), "--then", "1m"])
        #expect(run.status == 0, "\(run.error)")
        let lines = run.output.split(separator: "\n")
        #expect(
            lines.first?.hasPrefix("2026-11-23T10:00:00.000Z  pending ") == true
                || lines.first?.contains("Watchdog") == true)
        let failed = try #require(lines.first { $0.contains("QueryFailed") })
        #expect(failed.contains("firing") && failed.contains(#"query="orders""#))
        #expect(!run.output.contains("\u{1b}"))
        let json = try await program.run(["alerts", "test", "--replay", try failing(), "--format", "json"])
        let alerts = try json.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        let alert = try #require(alerts.first { $0["name"]?.string == "QueryFailed" })
        #expect(alert["annotations"]?["state_reason"]?.string?.contains("DIVIDE_BY_ZERO: boom") == true)
    }

    @Test(.timeLimit(.minutes(1))) func `a start without a time comes with the first event that has one`() async throws
    {
        // Spark 2 writes it so.
        let events = try String(contentsOfFile: try failing(), encoding: .utf8)
        let timed = #""orders","timestamp":"2026-11-23T10:00:00.000Z"}"#
        #expect(events.contains(timed))
        let path = try write("untimed.jsonl", events.replacingOccurrences(of: timed, with: #""orders"}"#))
        let run = try await program.run(["alerts", "test", "--replay", path])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.hasPrefix("2026-11-23T10:00:00.600Z  "), "\(run.output)")
        #expect(run.output.contains("QueryFailed"))
    }

    @Test func `several recordings are read as one, in the order of their times, as serve reads them`() async throws {
        let events = try String(contentsOfFile: try failing(), encoding: .utf8).split(separator: "\n").map(String.init)
        let (progress, lifecycle) = (events[1...30], [events[0], events[31]])
        let end = #"{"id":"0a0a0a0a-0000-4000-8000-000000000002","runId":"0a0a0a0a-0000-4000-8000-0000000000f2","#
        let later = events[1...30].map { line in
            line.replacingOccurrences(of: "000000000001", with: "000000000002")
                .replacingOccurrences(of: "0000000000f1", with: "0000000000f2")
                .replacingOccurrences(of: "orders", with: "payments").replacingOccurrences(of: "T10:0", with: "T12:0")
        }
        let whole = try write("whole.jsonl", (events + later + [end + #""exception":"x"}"#]).joined(separator: "\n"))
        let parts = try [
            write("later.jsonl", (later + [end + #""exception":"x"}"#]).joined(separator: "\n")),
            write("lifecycle.jsonl", lifecycle.joined(separator: "\n")),
            write("progress.jsonl", progress.joined(separator: "\n")),
        ]
        let one = try await program.run(["alerts", "test", "--replay", whole])
        let many = try await program.run(["alerts", "test"] + parts.flatMap { ["--replay", $0] })
        #expect(one.status == 0 && many.status == 0, "\(one.error)\(many.error)")
        func told(_ text: String, _ query: String) -> [Substring] {
            text.split(separator: "\n").filter { $0.contains(query) }
        }
        #expect(told(many.output, "payments") == told(one.output, "payments"))
        #expect(told(many.output, "payments").contains { $0.contains("QueryFailed") })
        // An end has no time: it comes with the last progress of its run, whichever file that is in.
        #expect(told(many.output, "orders") == told(one.output, "orders"))
        #expect(told(many.output, "orders").contains { $0.contains("QueryFailed") })
        let times = many.output.split(separator: "\n").map { $0.prefix(24) }
        #expect(times == times.sorted())
        // Two hours on, the query that failed is as it was, whatever is forgotten live.
        #expect(!told(one.output, "orders").contains { $0.contains("resolved") })
    }

    @Test func `a recording comes through standard input too, and its monitor is told what is normal`() async throws {
        let events = try String(contentsOfFile: try failing(), encoding: .utf8).split(separator: "\n")
        // What a listener sends that knows of progress alone.
        let input = events.dropFirst().dropLast().joined(separator: "\n")
        let quiet = try await program.run(["alerts", "test", "--replay", "-", "--then", "10m"], input: input)
        #expect(quiet.status == 0 && !quiet.output.contains("QueryStalled"), "\(quiet.error)\(quiet.output)")
        let stalled = try await program.run(
            ["alerts", "test", "--replay", "-", "--then", "10m", "--silence-is-stall"], input: input)
        #expect(stalled.output.contains("QueryStalled"), "\(stalled.error)\(stalled.output)")
        let patient = try await program.run(
            [
                "alerts", "test", "--replay", "-", "--then", "10m", "--silence-is-stall", "--trigger-interval",
                "orders=10m",
            ], input: input)
        #expect(patient.status == 0 && !patient.output.contains("QueryStalled"), "\(patient.output)")
        let wrong = try await program.run(["alerts", "test", "rules-test.yml", "--silence-is-stall"])
        #expect(wrong.status != 0 && wrong.error.contains("give --replay as well"), "\(wrong.error)")
    }

    @Test func `a line that is no event is told, and the rest is replayed`() async throws {
        let events = try String(contentsOfFile: try failing(), encoding: .utf8)
        let path = try write("torn.jsonl", "{\n" + events)
        let run = try await program.run(["alerts", "test", "--replay", path])
        #expect(run.status == 1)
        #expect(run.errorLines.count == 1 && run.error.hasPrefix("refused \(path):1: "), "\(run.error)")
        #expect(run.output.contains("QueryFailed"))
    }

    @Test func `ends in a file beside progress on standard input are an error`() async throws {
        let lines = try String(contentsOfFile: try failing(), encoding: .utf8).split(separator: "\n").map(String.init)
        let isEnd = { (line: String) in line.contains("exception") }
        let ends = try write("ends.jsonl", lines.filter(isEnd).joined(separator: "\n") + "\n")
        let progress = lines.filter { !isEnd($0) }.joined(separator: "\n") + "\n"
        let run = try await program.run(["alerts", "test", "--replay", "-", "--replay", ends], input: progress)
        #expect(run.status == 1 && run.errorLines.count == 1, "\(run.error)")
        #expect(run.error.contains("save standard input to a file"), "\(run.error)")
        let saved = try write("progress.jsonl", progress)
        let both = try await program.run(["alerts", "test", "--replay", saved, "--replay", ends])
        #expect(both.status == 0 && both.output.contains("QueryFailed"), "\(both.error)")
    }

    private static let tests = """
        rule_files: [rules.yml]
        evaluation_interval: 15s
        tests:
          - name: behind
            interval: 1m
            input_series:
              - series: streamgauge_query_lag_seconds{query="orders",id="1"}
                values: 0x4 400+10x20
            alert_rule_test:
              - {eval_time: 4m, alertname: Behind}
              - eval_time: 10m
                alertname: Behind
                exp_alerts:
                  - exp_labels: {query: orders, id: "1", severity: warning}
                    exp_annotations: {summary: "orders is 7m 30s behind"}
          - name: an evening
            input_events: events.jsonl
            alert_rule_test:
              - {eval_time: 4m, alertname: Failed}
              - eval_time: 5m
                alertname: Failed
                exp_alerts:
                  - exp_labels: {query: orders, id: 0a0a0a0a-0000-4000-8000-000000000001, state: failed}
        """

    private static let rules = """
        groups:
          - name: g
            rules:
              - alert: Behind
                expr: streamgauge_query_lag_seconds > 5m
                for: 2m
                labels: {severity: warning}
                annotations: {summary: "{{ $labels.query }} is {{ $value | humanizeDuration }} behind"}
              - alert: Failed
                expr: streamgauge_query_state{state="failed"} == 1
        """

    @Test func `tests of series and of events pass, and a failure is told with its line`() async throws {
        _ = try (failing(), write("rules.yml", Self.rules))
        let good = try await program.run(["alerts", "test", try write("good-test.yml", Self.tests)])
        #expect(good.status == 0, "\(good.output)\(good.error)")
        #expect(good.output.hasSuffix("good-test.yml: 2 tests, all right\n"))
        let wrong = Self.tests.replacingOccurrences(
            of: "eval_time: 4m, alertname: Behind", with: "eval_time: 8m, alertname: Behind"
        )
        .replacingOccurrences(of: "severity: warning}", with: "severity: critical}")
        let path = try write("bad-test.yml", wrong)
        let bad = try await program.run(["alerts", "test", path])
        #expect(bad.status == 1)
        #expect(bad.output.contains("\(path):10: behind: Behind at 8m: firing and not expected: {"), "\(bad.output)")
        #expect(bad.output.contains("expected and not firing: {id=\"1\", query=\"orders\", severity=\"critical\"}"))
        let json = try await program.run(["alerts", "test", path, "--format", "json"])
        #expect(try JSONValue(parsing: json.output)["failures"]?.elements?.count == 2)
    }

    @Test func `the export is for Prometheus`() async throws {
        let run = try await program.run(["alerts", "export", "--prometheus"])
        #expect(run.status == 0)
        #expect(run.output.contains("- alert: \"QueryFailed\"") && run.output.contains("# For Alertmanager"))
        #expect(!run.output.contains("no_data:") && !run.output.contains("inhibit_rules:\n"))
    }

    @Test(arguments: [
        (["alerts", "check", "/nowhere.yml"], "cannot read /nowhere.yml"), (["alerts", "check", "/"], "cannot read /"),
        (["alerts", "test", "/nowhere.yml"], "cannot read /nowhere.yml"),
        (["alerts", "test", "--replay", "/nowhere.jsonl"], "cannot read the recorded events in /nowhere.jsonl"),
    ])
    func `a file that is not there is one line of error`(arguments: [String], message: String) async throws {
        let run = try await program.run(arguments)
        #expect(run.status == 1 && run.errorLines.count == 1, "\(run.error)")
        #expect(run.error.hasPrefix("error: \(message)"), "\(run.error)")
    }

    @Test(arguments: [
        ["alerts", "check"], ["alerts", "test"], ["alerts", "export"], ["alerts", "bogus"],
        ["alerts", "test", "--replay", "x", "--interval", "soon"], ["alerts", "test", "--replay", "x", "--then", "5"],
        ["alerts", "check", "x", "--format", "xml"],
    ])
    func `a wrong command line has the exit code 2`(arguments: [String]) async throws {
        let run = try await program.run(arguments)
        #expect(run.status == 2 && run.output == "")
        #expect(run.errorLines.count == 1 && run.error.contains("--help"), "\(run.error)")
    }

    @Test(arguments: ["", "check", "test", "export", "pack", "notify"]) func `every help text has examples`(
        verb: String
    )
        async throws
    {
        let run = try await program.run(["alerts"] + (verb.isEmpty ? [] : [verb]) + ["--help"])
        #expect(run.status == 0 && run.output.contains("EXAMPLES") && run.output.contains("streamgauge alerts \(verb)"))
    }
}
