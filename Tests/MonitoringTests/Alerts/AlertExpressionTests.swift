import Monitoring
import Testing

@Suite struct AlertExpressionTests {
    @Test(arguments: [
        ("streamgauge_query_lag_seconds > 5m", "streamgauge_query_lag_seconds > 300"),
        ("streamgauge_query_state_memory_bytes>=1.5GiB", "streamgauge_query_state_memory_bytes >= 1610612736"),
        ("streamgauge_query_lag_seconds > 1h30m + 250ms", "streamgauge_query_lag_seconds > 5400 + 0.25"),
        ("streamgauge_query_lag_seconds - 1 - 2 > 0", "streamgauge_query_lag_seconds - 1 - 2 > 0"),
        ("streamgauge_query_lag_seconds - (1 - 2) > 0", "streamgauge_query_lag_seconds - (1 - 2) > 0"),
        ("(streamgauge_query_lag_seconds + 1) * 2 > 0", "(streamgauge_query_lag_seconds + 1) * 2 > 0"),
        ("streamgauge_query_lag_seconds ^ 2 ^ 3 > 1", "streamgauge_query_lag_seconds ^ 2 ^ 3 > 1"),
        ("(streamgauge_query_lag_seconds ^ 2) ^ 3 > 1", "(streamgauge_query_lag_seconds ^ 2) ^ 3 > 1"),
        ("-streamgauge_query_lag_seconds ^ 2 < -3", "-streamgauge_query_lag_seconds ^ 2 < -3"),
        (
            "rate(streamgauge_query_input_rows_total[5m]) < 1 or vector(0) > 1",
            "rate(streamgauge_query_input_rows_total[5m]) < 1 or vector(0) > 1"
        ),
        (
            "sum by(query)(streamgauge_source_lag_records{source=~'a.*',id!=\"\"}) > 1e6",
            "sum by (query) (streamgauge_source_lag_records{source=~\"a.*\",id!=\"\"}) > 1000000"
        ),
        (
            "max(streamgauge_source_lag_records) without (source) > 1",
            "max without (source) (streamgauge_source_lag_records) > 1"
        ),
        (
            "max_over_time((streamgauge_query_lag_seconds / 60)[10m:]) > 3",
            "max_over_time((streamgauge_query_lag_seconds / 60)[10m:]) > 3"
        ),
        (
            "streamgauge_query_lag_seconds > 1 and on(query,id) streamgauge_query_state{state=\"behind\"} == 1 unless on() streamgauge_feed_up == 0",
            "streamgauge_query_lag_seconds > 1 and on (query, id) streamgauge_query_state{state=\"behind\"} == 1 unless on () streamgauge_feed_up == 0"
        ),
        ("absent(streamgauge_feed_up{feed=\"a\\\"b\"})", "absent(streamgauge_feed_up{feed=\"a\\\"b\"})"),
        ("time() - streamgauge_query_start_time_seconds > 1d", "time() - streamgauge_query_start_time_seconds > 86400"),
        (
            "clamp_min(streamgauge_query_lag_seconds, -1) # why\n > 2",
            "clamp_min(streamgauge_query_lag_seconds, -1) > 2"
        ),
        ("streamgauge_query_lag_seconds > bool 1", "streamgauge_query_lag_seconds > bool 1"),
    ])
    func `an expression is written for Prometheus with the same meaning`(_ text: String, _ expected: String) throws {
        let expression = try AlertExpression(text)
        #expect(expression.prometheusText == expected)
        // What is written can be read, and stays the same.
        #expect(try AlertExpression(expression.prometheusText).prometheusText == expected)
    }

    @Test(arguments: [
        ("", 1, 1, "the expression is empty"),
        ("streamgauge_query_lag_second > 1", 1, 1, "did you mean streamgauge_query_lag_seconds?"),
        ("lag_seconds > 1", 1, 1, "did you mean streamgauge_query_lag_seconds?"),
        ("streamgauge_query_lag_seconds{qery=\"a\"} > 1", 1, 31, "no label qery; did you mean query?"),
        ("streamgauge_query_state{state=\"staled\"} == 1", 1, 31, "did you mean stalled?"),
        ("streamgauge_query_lag_seconds >", 1, 32, "found the end where a metric, a number, a function or ("),
        ("streamgauge_query_lag_seconds\n  > > 1", 2, 5, "found > where"),
        ("streamgauge_query_lag_seconds > 5x", 1, 33, "5x is no number; units are"),
        ("1 > 2", 1, 3, "a comparison of two numbers needs bool"),
        ("5m", 1, 1, "the expression is a number, and a rule needs a set of series"),
        ("streamgauge_query_lag_seconds[5m]", 1, 1, "the expression is a window"),
        ("rate(streamgauge_query_lag_seconds[5m])", 1, 6, "is a gauge: use delta"),
        ("delta(streamgauge_query_input_rows_total[5m])", 1, 7, "is a counter: use increase"),
        ("rate(streamgauge_query_input_rows_total)", 1, 6, "found a set of series where series with a window"),
        ("rat(streamgauge_query_input_rows_total[5m])", 1, 1, "no function rat; did you mean rate?"),
        ("avg_over_time((streamgauge_query_lag_seconds > 1)[5m])", 1, 50, "written with a colon"),
        ("max_over_time(streamgauge_query_lag_seconds[5])", 1, 45, "a duration such as 5m"),
        ("streamgauge_query_lag_seconds and 1", 1, 31, "and needs a set of series on both sides"),
        ("streamgauge_query_lag_seconds and streamgauge_query_state", 1, 31, "write and on (id, query)"),
        ("sum by (topic) (streamgauge_query_lag_seconds) > 1", 1, 1, "no label topic"),
        ("streamgauge_query_lag_seconds{query=~\"a(\"}", 1, 38, "a ( without its )"),
        ("streamgauge_query_lag_seconds{query=~\"a{2}\"}", 1, 38, "counted repetition is not understood"),
        ("streamgauge_query_lag_seconds{query=~\"[[:alpha:]]+\"}", 1, 38, "a class by name such as [:alpha:]"),
        ("streamgauge_query_lag_seconds{query=\"a}", 1, 37, "has no end on this line"),
        ("streamgauge_query_lag_seconds offset 5m", 1, 31, "offset is not understood"),
        ("streamgauge_query_lag_seconds > 1)", 1, 34, "found ) where an operator or the end was expected"),
        ("streamgauge_query_lag_seconds > ;", 1, 33, "cannot read the character ;"),
        ("streamgauge_query_lag_seconds * on (id) group_left () streamgauge_query_busy_ratio", 1, 41, "one to one"),
    ])
    func `an error names its place and what was expected`(
        _ text: String, _ line: Int, _ column: Int, _ message: String
    ) throws {
        let error = try #require(throws: AlertExpressionError.self) { try AlertExpression(text) }
        #expect(error.line == line && error.column == column, "\(error)")
        #expect(error.message.contains(message), "\(error)")
    }

    @Test func `nesting without end is refused and does not crash`() {
        for text in [String(repeating: "(", count: 50_000), String(repeating: "-", count: 50_000) + "1"] {
            #expect(throws: AlertExpressionError.self) { try AlertExpression(text) }
        }
        let metric = "streamgauge_query_lag_seconds"
        let long = Array(repeating: metric, count: 400).joined(separator: " or ")
        #expect((try? AlertExpression(long))?.selectorTexts == [metric])
        for text in [
            Array(repeating: metric, count: 2000).joined(separator: " or "),
            metric + String(repeating: "+1", count: 18_000),
        ] {
            #expect(throws: AlertExpressionError.self) { try AlertExpression(text) }
        }
    }

    /// Expressions from the pieces of real ones: most are wrong, none may crash, and what is accepted reads back the same.
    @Test(arguments: 0..<4 as Range<UInt64>) func `any text is read or refused at a place in it`(seed: UInt64) throws {
        let pieces = [
            "streamgauge_query_lag_seconds", "streamgauge_query_input_rows_total", "streamgauge_query_state", "rate",
            "sum",
            "by", "without", "(", ")", "[5m]", "[1h:]", "{", "}", "state", "=", "=~", "\"stalled\"", "\"a.*[b-d]+\"",
            "and",
            "or", "unless", "on", "ignoring", "bool", "(query, id)", ",", "+", "-", "*", "/", "%", "^", ">", "<=", "==",
            "5m",
            "1", "1e3", "2GiB", "absent", "vector", "time", "max_over_time", "clamp_max", "avg", "\n", "#x\n", "'",
            "\\", "é",
            "\u{0}", "5.5.5", "_",
        ]
        var numbers = SeededNumbers(seed: seed)
        var accepted = 0
        for _ in 0..<1500 {
            var text = ""
            for _ in 0..<Int.random(in: 1...14, using: &numbers) {
                text += pieces.randomElement(using: &numbers) ?? ""
                if Bool.random(using: &numbers) { text += " " }
            }
            do throws(AlertExpressionError) {
                let expression = try AlertExpression(text)
                accepted += 1
                let again = try AlertExpression(expression.prometheusText)
                #expect(again.prometheusText == expression.prometheusText, "\(text)")
            } catch {
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                #expect((1...lines.count).contains(error.line), "\(text): \(error)")
                if lines.indices.contains(error.line - 1) {
                    #expect(error.column <= lines[error.line - 1].unicodeScalars.count + 1, "\(text): \(error)")
                }
            }
        }
        #expect(accepted > 3, "the pieces must make expressions now and then: \(accepted)")
    }

    @Test(arguments: [
        ("orders", "orders", true), ("orders", "orders2", false), ("orders.*", "orders-eu", true), ("a|b|", "b", true),
        ("a|b|", "", true), ("(ab)+c?", "ababc", true), ("(ab)+c?", "abac", false), ("[a-c]*\\.x", "abc.x", true),
        ("[^a-c]+", "xyz", true), ("[^a-c]+", "xaz", false), ("\\d+", "12", true), ("\\w\\s", "a ", true),
        (".*", "", true),
        (".+", "ä", true), ("(?:a|bc)d", "bcd", true), ("[]a]", "]", true), ("a.c", "a\nc", false), ("^a$", "a", true),
    ])
    func `a pattern fits the whole value`(_ pattern: String, _ value: String, _ fits: Bool) throws {
        #expect(try LabelMatcher("query", .matches, pattern).accepts(value) == fits)
        #expect(try LabelMatcher("query", .doesNotMatch, pattern).accepts(value) == !fits)
    }

    @Test func `a pattern that would make others slow is matched in one pass`() throws {
        let matcher = try LabelMatcher("query", .matches, "(a*)*(a*)*(a|a)*b")
        let start = ContinuousClock.now
        #expect(!matcher.accepts(String(repeating: "a", count: 5000)))
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
