import StructuredStreaming
import Testing

@Suite struct OutputModeTests {
    static let stream = LogicalPlan.relation(
        DataSourceRelation(
            format: "json", options: [:], paths: ["p"], schema: AnalyzerTypesTests.schema, isStreaming: true))

    static func plan(_ sql: String) throws(AnalysisError) -> LogicalPlan {
        try AnalyzerTypesTests.analyzer.analyze(try LogicalPlan(sql: sql, tables: ["input": stream]))
    }

    static let aggregated = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION"
    static let sort = "STREAMING_OPERATION.SORT"
    static let limit = "STREAMING_OPERATION.LIMIT"

    /// Query; answer in append, update, complete.
    static let matrix: [(String, [String?])] = [
        ("SELECT a FROM input", [nil, nil, aggregated]), ("SELECT a FROM input WHERE a > 1", [nil, nil, aggregated]),
        ("SELECT count(*) FROM input", [aggregated, nil, nil]),
        ("SELECT a, sum(b) FROM input GROUP BY a", [aggregated, nil, nil]),
        ("SELECT a FROM input GROUP BY a HAVING count(*) > 1", [aggregated, nil, nil]),
        ("SELECT a FROM input ORDER BY a", [sort, sort, aggregated]),
        ("SELECT a, count(*) c FROM input GROUP BY a ORDER BY c", [aggregated, sort, nil]),
        ("SELECT a FROM input LIMIT 3", [nil, limit, aggregated]),
        ("SELECT a, count(*) c FROM input GROUP BY a LIMIT 3", [aggregated, limit, nil]),
        ("SELECT a, count(*) c FROM input GROUP BY a ORDER BY c DESC LIMIT 3", [aggregated, limit, nil]),
    ]

    @Test(arguments: matrix, Array(OutputMode.allCases.enumerated()).map { ($0.offset, $0.element) })
    func `plans and modes go together as in Spark`(_ row: (String, [String?]), _ column: (Int, OutputMode)) throws {
        let plan = try Self.plan(row.0)
        let answer = errorClass { () throws(AnalysisError) in
            try UnsupportedOperationChecker.check(plan, outputMode: column.1)
        }
        #expect(answer == row.1[column.0])
    }

    @Test func `refusals use Spark's words`() throws {
        let counts = try Self.plan("SELECT a, count(*) FROM input GROUP BY a")
        let append = #expect(throws: AnalysisError.self) {
            try UnsupportedOperationChecker.check(counts, outputMode: .append)
        }
        #expect(append?.message.contains("not supported for streaming aggregations without watermark") == true)
        let batch = #expect(throws: AnalysisError.self) {
            try UnsupportedOperationChecker.check(.table("t", schema: AnalyzerTypesTests.schema), outputMode: .append)
        }
        #expect(batch?.message == "'writeStream' can be called only on streaming Dataset/DataFrame.")
        let collected = #expect(throws: AnalysisError.self) { try UnsupportedOperationChecker.checkBatch(counts) }
        #expect(
            collected?.message == "Queries with streaming sources must be executed with writeStream.start().")
    }

    @Test func `two aggregations, or a limit below one, are refused`() throws {
        let counts = LogicalPlan.aggregate(grouping: [.attribute("a")], outputs: [.attribute("a")], Self.stream)
        let twice = try AnalyzerTypesTests.analyzer.analyze(
            .aggregate(grouping: [], outputs: [.aggregate(.count, nil)], counts))
        let limited = try AnalyzerTypesTests.analyzer.analyze(
            .aggregate(grouping: [], outputs: [.aggregate(.count, nil)], .limit(3, Self.stream)))
        #expect(throws: AnalysisError.self) { try UnsupportedOperationChecker.check(twice, outputMode: .complete) }
        #expect(throws: AnalysisError.self) { try UnsupportedOperationChecker.check(limited, outputMode: .complete) }
    }

    @Test(arguments: ["json", "CSV", "parquet"], OutputMode.allCases)
    func `file sinks take append only`(_ format: String, _ mode: OutputMode) {
        let answer = errorClass { () throws(AnalysisError) in
            try UnsupportedOperationChecker.checkSink(format: format, outputMode: mode)
        }
        #expect(answer == (mode == .append ? nil : "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE"))
    }

    @Test(arguments: ["memory", "console", "noop"], OutputMode.allCases)
    func `other sinks take every mode`(_ format: String, _ mode: OutputMode) throws {
        try UnsupportedOperationChecker.checkSink(format: format, outputMode: mode)
    }
}
