import Monitoring
import Testing

/// What expressions give for values: each series of the result is an alert.
@Suite struct ExpressionEvaluationTests {
    /// The values after the steps, by query, with the source where there is one.
    private func values(_ expression: String, _ steps: [(Double, [AlertSample])]) throws -> [String: Double] {
        var bench = AlertBench([try .test(expression)])
        for (seconds, samples) in steps { bench.step(at: seconds, samples) }
        #expect(bench.evaluator.ruleStatuses[0].error == nil)
        var values: [String: Double] = [:]
        for alert in bench.alerts(.firing) {
            let labels = alert.labels
            values[[labels["query"], labels["source"], labels["state"]].compactMap { $0 }.joined(separator: "/")] =
                alert.value
        }
        return values
    }

    private let lags = [Series.lag(10), Series.lag(400, query: "b")]

    private static let operators: [(String, [String: Double])] = [
        ("streamgauge_query_lag_seconds > 5m", ["b": 400]), ("streamgauge_query_lag_seconds", ["a": 10, "b": 400]),
        ("300 < streamgauge_query_lag_seconds", ["b": 400]),
        ("streamgauge_query_lag_seconds / 2 ^ 2", ["a": 2.5, "b": 100]),
        ("streamgauge_query_lag_seconds % 7", ["a": 3, "b": 1]),
        ("-streamgauge_query_lag_seconds", ["a": -10, "b": -400]),
        ("streamgauge_query_lag_seconds > bool 300", ["a": 0, "b": 1]),
        ("streamgauge_query_lag_seconds{query=\"a\"}", ["a": 10]),
        ("streamgauge_query_lag_seconds{query!~\"[b-z]\"}", ["a": 10]),
        ("sum(streamgauge_query_lag_seconds)", ["": 410]),
        ("count by (id) (streamgauge_query_lag_seconds) == 1", ["": 1]),
        ("max without (id) (streamgauge_query_lag_seconds)", ["a": 10, "b": 400]),
        ("avg(streamgauge_query_lag_seconds)", ["": 205]), ("min(streamgauge_query_lag_seconds)", ["": 10]),
        ("clamp_max(streamgauge_query_lag_seconds, 100)", ["a": 10, "b": 100]),
        ("streamgauge_query_lag_seconds and streamgauge_query_lag_seconds > 300", ["b": 400]),
        ("streamgauge_query_lag_seconds unless streamgauge_query_lag_seconds > 300", ["a": 10]),
        ("streamgauge_query_lag_seconds > 300 or streamgauge_query_lag_seconds * 2 < 900", ["a": 20, "b": 400]),
        ("streamgauge_query_lag_seconds - streamgauge_query_lag_seconds{query=\"b\"}", ["b": 0]),
        ("absent(streamgauge_query_lag_seconds{query=\"c\"})", ["c": 1]),
        ("absent(streamgauge_query_lag_seconds)", [:]),
        ("vector(3) > 2", ["": 3]),
        ("time() - streamgauge_query_lag_seconds{query=\"a\"}", ["a": 1_795_428_000 - 10]),
    ]

    @Test(arguments: operators)
    func `operators work as in Prometheus`(_ expression: String, _ expected: [String: Double]) throws {
        #expect(try values(expression, [(0, lags)]) == expected)
    }

    @Test func `series meet by the labels that on names`() throws {
        let samples = lags + [Series.state("behind", 1, query: "b"), Series.state("behind", 0)]
        let expression =
            "streamgauge_query_lag_seconds > 1 and on (query, id) streamgauge_query_state{state=\"behind\"} == 1"
        #expect(try values(expression, [(0, samples)]) == ["b": 400])
        let ratio = "streamgauge_query_lag_seconds * ignoring (state) streamgauge_query_state{state=\"behind\"}"
        #expect(try values(ratio, [(0, samples)]) == ["a": 0, "b": 400])
    }

    @Test func `as in Prometheus nothing is ambiguous where one side is empty, nor on the left what is not kept`()
        throws
    {
        let sources = [Series.source(1, source: "0"), Series.source(5, source: "1")]
        // Two on the right, and nothing on the left.
        let sum = "streamgauge_query_lag_seconds + on (query) streamgauge_source_lag_records"
        #expect(try values(sum, [(0, sources)]) == [:])
        // Two on the left, of which the comparison keeps one.
        let more = "streamgauge_source_lag_records > on (query) streamgauge_query_lag_seconds"
        #expect(try values(more, [(0, sources + [Series.lag(3)])]) == ["a": 5])
        var bench = AlertBench([try .test(more)])
        bench.step(at: 0, sources + [Series.lag(0)])
        #expect(bench.evaluator.ruleStatuses[0].error?.contains("several series on the left of >") == true)
    }

    @Test func `two series that would meet one are an error of the rule, and its alerts stay`() throws {
        let rule = try AlertRule.test(
            "streamgauge_query_lag_seconds + on (query) streamgauge_source_lag_records > 0")
        var bench = AlertBench([rule])
        bench.step(at: 0, lags + [Series.source(1, source: "0")])
        #expect(bench.evaluator.ruleStatuses[0].error == nil)
        #expect(bench.alerts(.firing).count == 1)
        bench.step(at: 1, lags + [Series.source(1, source: "0"), Series.source(1, source: "1")])
        #expect(bench.evaluator.ruleStatuses[0].error?.contains("several series on the right of +") == true)
        #expect(bench.alerts(.firing).count == 1)
    }

    @Test func `a value without end is an alert without a value`() throws {
        var bench = AlertBench([try .test("streamgauge_query_lag_seconds / 0 > 1")])
        bench.step(at: 0, lags)
        #expect(bench.alerts(.firing).map(\.value) == [nil, nil])
    }

    @Test func `windows hold what was in them`() throws {
        var steps: [(Double, [AlertSample])] = []
        for second in 0...600 {
            steps.append((Double(second), [Series.lag(Double(second)), Series.rows(Double(second) * 5)]))
        }
        #expect(try values("max_over_time(streamgauge_query_lag_seconds[1m])", steps) == ["a": 600])
        #expect(try values("delta(streamgauge_query_lag_seconds[30s])", steps) == ["a": 30])
        #expect(try values("rate(streamgauge_query_input_rows_total[30s])", steps) == ["a": 5])
        #expect(try values("last_over_time(streamgauge_query_lag_seconds[30s])", steps) == ["a": 600])
        let minimum = try #require(try values("min_over_time(streamgauge_query_lag_seconds[5m])", steps)["a"])
        // Exact to a 32nd of the window.
        #expect((290...300).contains(minimum))
        let average = try #require(try values("avg_over_time((streamgauge_query_lag_seconds * 2)[5m:])", steps)["a"])
        #expect((890...902).contains(average))
        let increase = try #require(try values("increase(streamgauge_query_input_rows_total[5m])", steps)["a"])
        #expect((1500...1550).contains(increase))
    }

    @Test func `a counter that begins again has not shrunk`() throws {
        let steps: [(Double, [AlertSample])] = [
            (0, [Series.rows(100)]), (10, [Series.rows(150)]), (20, [Series.rows(5)]), (30, [Series.rows(25)]),
        ]
        #expect(try values("increase(streamgauge_query_input_rows_total[1m])", steps) == ["a": 75])
    }

    @Test func `a window goes on for a series that is gone, until it has left`() throws {
        let expression = "max_over_time(streamgauge_query_lag_seconds[1m]) > 1"
        let gone: [(Double, [AlertSample])] = (1...50).map { (Double($0), []) }
        #expect(try values(expression, [(0, [Series.lag(9)])] + gone) == ["a": 9])
        #expect(try values(expression, [(0, [Series.lag(9)])] + gone + [(61, [])]) == [:])
    }

    @Test func `one value alone has no rate`() throws {
        #expect(try values("rate(streamgauge_query_input_rows_total[1m])", [(0, [Series.rows(1)])]) == [:])
    }

    /// Values at every second against a window that keeps them all.
    @Test(arguments: 0..<6 as Range<UInt64>) func `windows agree with brute force`(seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let length = [10.0, 60, 300][Int.random(in: 0..<3, using: &numbers)]
        let names = ["max", "min", "avg", "increase"]
        let range = "[\(Int(length))s]"
        var benches = try names.map { name in
            name == "increase"
                ? AlertBench([try .test("increase(streamgauge_query_input_rows_total\(range))")])
                : AlertBench([try .test("\(name)_over_time(streamgauge_query_lag_seconds\(range))")])
        }
        var lags: [(Double, Double)] = []
        var rows: [(Double, Double)] = []
        var (time, total) = (0.0, 0.0)
        for _ in 0..<400 {
            time += Double(Int.random(in: 1...5, using: &numbers))
            total =
                Int.random(in: 0..<40, using: &numbers) == 0
                ? 0 : total + Double(Int.random(in: 0..<9, using: &numbers))
            lags.append((time, Double(Int.random(in: -50..<50, using: &numbers))))
            rows.append((time, total))
            for index in benches.indices {
                benches[index].step(at: time, [Series.lag(lags.last?.1 ?? 0), Series.rows(total)])
            }
            // A window may reach back by one slice more.
            let slice = length / 32
            let exact = lags.filter { $0.0 >= time - length }.map(\.1)
            let wide = lags.filter { $0.0 >= time - length - slice }.map(\.1)
            let maximum = benches[0].alerts(.firing).first?.value ?? .nan
            let minimum = benches[1].alerts(.firing).first?.value ?? .nan
            #expect(maximum >= exact.max() ?? 0 && maximum <= wide.max() ?? 0)
            #expect(minimum <= exact.min() ?? 0 && minimum >= wide.min() ?? 0)
            let means = [exact, wide].map { $0.reduce(0, +) / Double($0.count) }
            let average = benches[2].alerts(.firing).first?.value ?? .nan
            if exact.count == wide.count { #expect(abs(average - means[0]) < 1e-9) }
            if exact.count > 1, exact.count == wide.count {
                let grown = growth(rows.suffix(exact.count).map(\.1))
                #expect(abs((benches[3].alerts(.firing).first?.value ?? .nan) - grown) < 1e-9)
            }
        }
    }

    private func growth(_ values: [Double]) -> Double {
        zip(values, values.dropFirst()).reduce(0) { $0 + ($1.1 < $1.0 ? $1.1 : $1.1 - $1.0) }
    }
}
