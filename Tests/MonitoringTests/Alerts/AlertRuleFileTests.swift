import AlertRuleFiles
import Foundation
import Monitoring
import Testing

@Suite struct AlertRuleFileTests {
    private static let whole = """
        groups:
          - name: orders
            interval: 15s
            limit: 100
            rules:
              - alert: OrdersBehind
                expr: streamgauge_query_lag_seconds{query="orders"} > 5m
                keep_expr: streamgauge_query_lag_seconds{query="orders"} > 3m
                for: 2m
                keep_firing_for: 1h30m
                no_data: keep
                no_data_for: 1h
                startup_grace: 1m
                reason: |
                  Orders must be delivered
                  within ten minutes.
                labels: {severity: critical, tier: 1}
                annotations:
                  summary: "{{ $labels.query }} is {{ $value | humanizeDuration }} behind"
        inhibit_rules:
          - source_matchers: ['alertname="QueryStalled"']
            target_matchers: ['severity=~"warning|critical"']
            equal: [id]
        silences:
          - matchers: ['query="orders"']
            from: 2026-11-28T20:00:00Z
            until: 2026-11-28T22:00:00.500Z
            comment: Release
        notify: {group_by: [alertname, id], group_wait: 1s, group_interval: 1m, group_burst: 3, repeat_interval: 0, best_before: 5m}
        """

    @Test func `a file says all there is to say`() throws {
        let rules = try AlertRuleFile.rules(from: Self.whole, file: "rules.yml")
        let group = try #require(rules.groups.first)
        let rule = try #require(group.rules.first)
        #expect(group.name == "orders" && group.interval == .seconds(15) && group.limit == 100)
        #expect(rule.name == "OrdersBehind" && rule.holdFor == .seconds(120) && rule.keepFiringFor == .seconds(5400))
        #expect(rule.noData == .keep && rule.noDataFor == .seconds(3600) && rule.startupGrace == .seconds(60))
        #expect(rule.reason == "Orders must be delivered within ten minutes.")
        #expect(rule.labels.map(\.name) == ["severity", "tier"] && rule.labels[1].value.text == "1")
        #expect(rule.keepExpression?.prometheusText.hasSuffix("> 180") == true)
        #expect(rules.inhibitions.first?.equal == ["id"])
        #expect(rules.inhibitions.first?.target.first?.accepts("warning") == true)
        #expect(rules.silences.first?.startsAt == MonitorTime(text: "2026-11-28T20:00:00.000Z"))
        #expect(rules.silences.first?.comment == "Release")
        #expect(rules.grouping.labels == ["alertname", "id"] && rules.grouping.repeatInterval == nil)
        #expect(rules.grouping.wait == .seconds(1) && rules.grouping.bestBefore == .seconds(300))
        #expect(rules.grouping.burst == 3)
    }

    private func problems(_ text: String) throws -> [AlertFileProblem] {
        try #require(throws: AlertFileError.self) { try AlertRuleFile.rules(from: text, file: "r.yml") }.problems
    }

    /// A file with one rule, whose lines from the eighth column on are given.
    private static func rule(_ lines: String...) -> String {
        "groups:\n  - name: g\n    rules:\n      - alert: A\n"
            + lines.map { "        \($0)\n" }.joined()
    }

    @Test(arguments: [
        ("", 1, 1, "the file is empty"), ("groups: [", 2, 1, "this is no YAML"),
        ("groups: []\ngroups: []", 1, 1, "the key groups is there twice"), ("- a", 1, 1, "must be a mapping"),
        ("group: []", 1, 1, "no key group; did you mean groups?"),
        ("groups:\n  - rules: []", 2, 5, "a group needs a name"),
        ("groups:\n  - name: a\n  - name: a", 3, 5, "the group a is there twice"),
        ("groups:\n  - name: a\n    interval: soon", 3, 15, "interval must be a duration"),
        ("groups:\n  - name: a\n    limit: -1", 3, 12, "limit must be a number"),
        ("groups:\n  - name: a\n    rules:\n      - record: x\n        expr: vector(1)", 4, 9, "recording rules"),
        (rule("expr: vector(1)", "fro: 5m"), 6, 9, "a rule has no key fro; did you mean for?"),
        (rule("expr: vector(1)", "for: 5"), 6, 14, "for must be a duration such as 30s"),
        (rule("for: 5m"), 4, 9, "a rule needs expr"),
        (rule("expr: streamgauge_query_lag_second > 1"), 5, 15, "did you mean streamgauge_query_lag_seconds?"),
        (rule("expr: 'vector(1) >'"), 5, 27, "found the end where"),
        (rule("expr: |-", "  vector(1)", "    > nothing"), 7, 15, "there is no metric nothing"),
        (rule("expr: >-", "  vector(1)", "  > nothing"), 5, 15, "line 1, column 13 of the expression"),
        (rule("expr: vector(1)", "no_data: never"), 6, 18, "no_data must be resolve, keep or alert"),
        (rule("expr: vector(1)", "no_data_for: 1h"), 6, 22, "says nothing without no_data"),
        (rule("expr: vector(1)", "labels: {alertname: x}"), 6, 18, "alertname is the rule's name"),
        (rule("expr: vector(1)", "labels: {a-b: x}"), 6, 18, "a-b is no name"),
        (rule("expr: vector(1)", "labels: {a: }"), 6, 21, "a has no value"),
        (rule("expr: vector(1)", "annotations: {a: '{{ $labels.query }}'}"), 6, 26, "have no label query"),
        (
            rule("expr: streamgauge_query_lag_seconds > 1", "annotations: {a: '{{ $labels.qery }}'}"), 6, 26,
            "no label qery; did you mean query?"
        ),
        (rule("expr: vector(1)", "annotations: {a: '{{ $value'}"), 6, 26, "a {{ without its }}"),
        (
            rule("expr: vector(1)", "keep_expr: streamgauge_feed_up == 1"), 6, 20,
            "keep_expr must have the labels of expr: none, not feed"
        ),
        ("groups: []\ninhibit_rules:\n  - equal: [id]", 3, 5, "needs source_matchers and target_matchers"),
        ("groups: []\nsilences:\n  - matchers: []", 3, 15, "would cover everything"),
        ("groups: []\nsilences:\n  - matchers: ['a=b']", 3, 19, "found b where a text in quotes"),
        ("groups: []\nsilences:\n  - matchers: ['a=\"b\"']\n    until: tomorrow", 4, 12, "until must be a time"),
        ("groups: []\nnotify: {group_wait: x}", 2, 22, "group_wait must be a duration"),
        ("groups:\n  - name: ''", 2, 11, "a group's name must not be empty"),
        (
            "groups:\n  - name: g\n    rules:\n      - alert: ''\n        expr: vector(1)", 4, 16,
            "a rule's name must not be empty"
        ),
        (
            "groups: []\nsilences:\n  - matchers: ['a=\"b\"']\n    from: 2026-11-02T00:00:00Z\n"
                + "    until: 2026-11-01T00:00:00Z", 5, 12, "never covers anything"
        ),
        (
            "groups: []\ninhibit_rules:\n  - source_matchers: []\n    target_matchers: ['a=\"b\"']", 3, 22,
            "an inhibition without source_matchers"
        ),
    ])
    func `a mistake is refused with its place`(_ text: String, _ line: Int, _ column: Int, _ message: String) throws {
        let problems = try problems(text)
        #expect(problems.first?.message.contains(message) == true, "\(problems)")
        #expect(problems.first.map { [$0.line, $0.column] } == [line, column], "\(problems)")
    }

    @Test func `a mistake is told once`() throws {
        #expect(
            try problems("groups:\n  - name: g\n    rules: [x]").map(\.message) == ["a rule must be a mapping of keys"])
    }

    @Test func `all mistakes are told at once`() throws {
        let text = Self.rule("expr: vector(1) >", "for: 5", "lables: {}") + "notif: {}\n"
        #expect(try problems(text).map(\.line) == [5, 6, 7, 8])
    }

    @Test(arguments: 0..<4 as Range<UInt64>) func `a damaged file is read or refused, never more`(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        let whole = Array(Self.whole.unicodeScalars)
        var refused = 0
        for _ in 0..<150 {
            var text = whole
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let at = Int.random(in: 0..<text.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: text.remove(at: at)
                case 1:
                    text.insert(
                        Array("{}[]:-|>&*!%\n \t\"'#é".unicodeScalars).randomElement(using: &numbers) ?? " ", at: at)
                case 2: text = Array(text[..<at])
                default: text += text[at...].prefix(40)
                }
                if text.isEmpty { break }
            }
            do {
                _ = try AlertRuleFile.rules(from: String(String.UnicodeScalarView(text)), file: "r.yml")
            } catch {
                refused += 1
                #expect(!error.problems.isEmpty && error.problems.allSatisfy { $0.line >= 1 && $0.column >= 1 })
            }
        }
        #expect(refused > 30)
    }

    @Test func `aliases, deep nesting and large files do no harm`() throws {
        let bomb =
            "a: &a [x,x,x,x,x,x,x,x]\n"
            + "bcdefgh".reduce(into: ("", "a")) { text, next in
                text.0 += "\(next): &\(next) [\(Array(repeating: "*\(text.1)", count: 8).joined(separator: ","))]\n"
                text.1 = String(next)
            }.0
        #expect(try problems(bomb).first?.message.contains("no key a") == true)
        for deep in ["[", "{a: ", "- ", "? "] {
            let problem = try problems(String(repeating: deep, count: 100_000)).first
            #expect(problem?.message == "the file is nested too deep")
        }
        #expect(
            try problems(String(repeating: "# 6789\n", count: 700_000)).first?.message.contains("larger than") == true)
    }

    @Test func `an export reads back as the same rules`() throws {
        let rules = try AlertRuleFile.rules(from: Self.whole, file: "rules.yml")
        let text = PrometheusRules.text(of: rules)
        #expect(text.contains("# Orders must be delivered within ten minutes."))
        #expect(
            text.contains("keep_firing_for: 1h30m") && text.contains("interval: 15s") && text.contains("limit: 100"))
        #expect(text.contains(#"ALERTS{alertname=\"OrdersBehind\",alertstate=\"firing\"})"#))
        var vocabulary = AlertVocabulary.standard
        vocabulary.add("ALERTS", .gauge, labels: ["alertname", "alertstate", "query", "id"])
        let again = try AlertRuleFile.rules(from: text, file: "export.yml", vocabulary: vocabulary)
        #expect(again.rules.map(\.name) == rules.rules.map(\.name))
        #expect(again.rules.map(\.labels) == rules.rules.map(\.labels))
        #expect(again.rules.map(\.annotations) == rules.rules.map(\.annotations))
        #expect(again.rules.map(\.holdFor) == rules.rules.map(\.holdFor))
    }
}
