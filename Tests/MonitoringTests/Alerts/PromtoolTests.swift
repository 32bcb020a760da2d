import AlertRuleFiles
import Foundation
import Monitoring
import Testing

/// The program.
private enum Promtool {
    static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    static func run(_ arguments: [String], files: [String: String]) throws -> (status: Int32, text: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "promtool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        let process = Process()
        process.executableURL = URL(filePath: try #require(path))
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}

/// What Prometheus' own tool says of rules that were exported; where it is installed (Debian: `prometheus`).
@Suite(.enabled(if: Promtool.path != nil)) struct PromtoolTests {
    @Test func `the shipped rules are accepted`() throws {
        let rules = try ShippedRules.rules()
        let run = try Promtool.run(["check", "rules", "r.yml"], files: ["r.yml": PrometheusRules.text(of: rules)])
        #expect(run.status == 0, "\(run.text)")
        #expect(run.text.contains("SUCCESS: \(rules.rules.count) rules found"), "\(run.text)")
    }

    @Test func `whatever can be written here can be written there`() throws {
        let expressions = [
            "streamgauge_query_lag_seconds{query=\"a\"} - (1 - 2) ^ 2 ^ 3 > bool 5m",
            "-streamgauge_query_lag_seconds ^ 2 < -3",
            "max without (source) (streamgauge_source_lag_records{source=~\"a|b.*\",id!=\"\\\"\\\\\"}) > 1GiB",
            "max_over_time((streamgauge_query_lag_seconds / 60 > 2)[10m:]) > 3",
            "absent(streamgauge_feed_up{feed=\"t\"})",
            "rate(streamgauge_query_input_rows_total[1w2d]) < 1 or vector(time() % 7) > 1",
            "clamp_max(clamp_min(round(streamgauge_query_lag_seconds), -1), 2) unless on () streamgauge_feed_up == 0",
            "delta(streamgauge_query_lag_seconds[90s]) * ignoring (state) streamgauge_query_state{state=\"behind\"} != 0",
            "count by (query, id) (streamgauge_source_lag_records) == 2 and streamgauge_query_busy_ratio > 0.5",
            "last_over_time(streamgauge_query_lag_seconds[1h30m]) >= 1e-9 + ceil(streamgauge_query_lag_seconds)",
        ]
        var rules = try expressions.enumerated().map { index, text in
            AlertRule(
                name: "Rule\(index)", expression: try AlertExpression(text), holdFor: .milliseconds(90_500),
                labels: [AlertLabel("tier", try AlertTemplate("{{ $value | printf \"%.1f\" }} \"\\\n\t'ä"))])
        }
        rules[0].keepExpression = try AlertExpression("streamgauge_query_lag_seconds > 1")
        rules[0].noData = .alert
        rules[1].noData = .keep
        rules[1].startupGrace = .seconds(5)
        rules[1].reason =
            "A reason: with # signs, \"quotes\" and ümläuts, which goes on and on until the line is full and has to be broken."
        let groups = [
            AlertRuleGroup(name: "a \"group\"", interval: .seconds(15), limit: 5, rules: rules),
            AlertRuleGroup(name: "empty", rules: []),
        ]
        let text = PrometheusRules.text(of: AlertRules(groups: groups))
        let run = try Promtool.run(["check", "rules", "r.yml"], files: ["r.yml": text])
        #expect(run.status == 0, "\(run.text)\n\(text)")
        #expect(run.text.contains("SUCCESS: \(expressions.count + 1) rules found"), "\(run.text)")
    }

    /// The same tests of the same rules, by us and by Prometheus.
    @Test func `both agree on what fires when`() throws {
        let rules = """
            groups:
              - name: g
                rules:
                  - alert: Behind
                    expr: streamgauge_query_lag_seconds > 5m
                    for: 2m
                    keep_firing_for: 3m
                    labels: {severity: warning}
                  - alert: Both
                    expr: streamgauge_query_lag_seconds > 1 and on (query, id) streamgauge_query_state{state="behind"} == 1
                  - alert: Sum
                    expr: sum by (query) (max_over_time(streamgauge_source_lag_records[2m])) > 15
                    annotations:
                      text: "{{ $labels.query }} {{ $value }} {{ $value | humanize }} {{ $value | humanizeDuration }}"
                  - alert: Hysteresis
                    expr: streamgauge_query_busy_ratio > 0.9
                    keep_expr: streamgauge_query_busy_ratio > 0.5
                  - alert: Dead
                    expr: absent(streamgauge_feed_up{feed="t"})
            """
        func alert(_ labels: String, _ annotations: String = "") -> String {
            "\n          - exp_labels: {\(labels)}"
                + (annotations.isEmpty ? "" : "\n            exp_annotations: {\(annotations)}")
        }
        func expect(_ time: String, _ name: String, _ alerts: String...) -> String {
            "      - eval_time: \(time)\n        alertname: \(name)\n        exp_alerts:\(alerts.isEmpty ? " []" : alerts.joined())\n"
        }
        let a = #"query: a, id: "1""#
        let expectations = [
            expect("4m30s", "Behind"), expect("6m45s", "Behind"),
            expect("7m", "Behind", alert(a + ", severity: warning")),
            expect("13m45s", "Behind", alert(a + ", severity: warning")), expect("14m", "Behind"),
            expect("2m", "Both"), expect("6m", "Both", alert(a)), expect("12m", "Both"),
            expect("1m", "Sum"), expect("5m", "Sum", alert("query: a", #"text: "a 40 40 40s""#)), expect("20m", "Sum"),
            expect("1m", "Hysteresis"), expect("3m", "Hysteresis", alert(a)), expect("5m", "Hysteresis", alert(a)),
            expect("8m", "Hysteresis"), expect("9m", "Hysteresis"), expect("1m", "Dead"),
            expect("10m", "Dead", alert("feed: t")),
        ]
        let tests = """
            rule_files: [r.yml]
            evaluation_interval: 15s
            tests:
              - interval: 1m
                input_series:
                  - {series: 'streamgauge_query_lag_seconds{query="a",id="1"}', values: 0x4 400x5 10x20}
                  - {series: 'streamgauge_query_state{query="a",id="1",state="behind"}', values: 0x4 1x5 0x20}
                  - {series: 'streamgauge_source_lag_records{query="a",id="1",source="0"}', values: 1x3 30x5 1x20}
                  - {series: 'streamgauge_source_lag_records{query="a",id="1",source="1"}', values: 10x30}
                  - {series: 'streamgauge_query_busy_ratio{query="a",id="1"}', values: 0.6x1 0.95 0.6x3 0.4 0.6x20}
                  - {series: 'streamgauge_feed_up{feed="t"}', values: 1x3 stale}
                alert_rule_test:

            """ + expectations.joined()
        let file = try AlertTestFile(from: tests, file: "t.yml")
        let parsed = try AlertRuleFile.rules(from: rules, file: "r.yml")
        for test in file.tests {
            let failures = AlertTestRunner.run(test, rules: parsed, interval: file.evaluationInterval)
            #expect(failures == [])
        }
        let run = try Promtool.run(
            ["test", "rules", "t.yml"], files: ["r.yml": PrometheusRules.text(of: parsed), "t.yml": tests])
        #expect(run.status == 0, "\(run.text)")
    }
}
