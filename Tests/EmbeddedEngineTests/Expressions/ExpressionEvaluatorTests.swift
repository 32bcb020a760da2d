import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct ExpressionEvaluatorTests {
    static let schema = StructType([
        StructField("a", .long), StructField("b", .long), StructField("x", .double), StructField("s", .string),
        StructField("f", .boolean),
    ])
    static let rows: [[Value]] = [
        [.long(7), .long(2), .double(0.5), .string("walk"), .boolean(true)],
        [.long(-7), .long(2), .double(-1.5), .string("sit"), .boolean(false)],
        [.null, .long(0), .double(.nan), .null, .null],
        [.long(0), .null, .null, .string(""), .boolean(true)],
    ]

    /// Values of SQL text over the rows above.
    static func values(_ sql: String) throws -> [Value] {
        let plan = LogicalPlan.project([try Expression(sql: sql)], .local(schema, rows))
        let analyzed = try Analyzer(tableSchema: { name in throw AnalysisError("NONE", name) }).analyze(plan)
        guard case .project(let expressions, _) = analyzed else { return [] }
        let column = try ExpressionEvaluator(ColumnBatch(schema: schema, rows: rows)).column(expressions[0])
        return (0..<rows.count).map { column[$0] }
    }

    @Test(arguments: [
        ("a + b", [Value.long(9), .long(-5), .null, .null]),
        ("a - 1", [.long(6), .long(-8), .null, .long(-1)]),
        ("a * b", [.long(14), .long(-14), .null, .null]),
        ("a % 4", [.long(3), .long(-3), .null, .long(0)]),
        ("a div 2", [.long(3), .long(-3), .null, .long(0)]),
        ("a / 2", [.double(3.5), .double(-3.5), .null, .double(0)]),
        ("-a", [.long(-7), .long(7), .null, .long(0)]),
        ("a > 0", [.boolean(true), .boolean(false), .null, .boolean(false)]),
        ("a <=> b", [.boolean(false), .boolean(false), .boolean(false), .boolean(false)]),
        ("s <=> NULL", [.boolean(false), .boolean(false), .boolean(true), .boolean(false)]),
        ("x = x", [.boolean(true), .boolean(true), .boolean(true), .null]),
        ("x > 1e300", [.boolean(false), .boolean(false), .boolean(true), .null]),
        ("s = 'walk'", [.boolean(true), .boolean(false), .null, .boolean(false)]),
        ("s < 'tree'", [.boolean(false), .boolean(true), .null, .boolean(true)]),
        ("f AND a > 0", [.boolean(true), .boolean(false), .null, .boolean(false)]),
        ("f OR a > 0", [.boolean(true), .boolean(false), .null, .boolean(true)]),
        ("NOT f", [.boolean(false), .boolean(true), .null, .boolean(false)]),
        ("a IS NULL", [.boolean(false), .boolean(false), .boolean(true), .boolean(false)]),
        ("s IS NOT NULL", [.boolean(true), .boolean(true), .boolean(false), .boolean(true)]),
        ("a IN (7, 8)", [.boolean(true), .boolean(false), .null, .boolean(false)]),
        ("a IN (7, NULL)", [.boolean(true), .null, .null, .null]),
        ("CASE WHEN a > 0 THEN 'up' WHEN a < 0 THEN 'down' END", [.string("up"), .string("down"), .null, .null]),
        ("CASE WHEN b <> 0 THEN a div b ELSE -1 END", [.long(3), .long(-3), .long(-1), .long(-1)]),
        ("b <> 0 AND a div b = 3", [.boolean(true), .boolean(false), .boolean(false), .null]),
        ("coalesce(s, 'none')", [.string("walk"), .string("sit"), .string("none"), .string("")]),
        ("abs(a)", [.long(7), .long(7), .null, .long(0)]),
        ("upper(s)", [.string("WALK"), .string("SIT"), .null, .string("")]),
        ("length(s)", [.long(4), .long(3), .null, .long(0)]),
        ("substring(s, 2, 2)", [.string("al"), .string("it"), .null, .string("")]),
        ("s LIKE '%a_k'", [.boolean(true), .boolean(false), .null, .boolean(false)]),
        ("concat(s, '-', s)", [.string("walk-walk"), .string("sit-sit"), .null, .string("-")]),
        ("CAST(a AS STRING)", [.string("7"), .string("-7"), .null, .string("0")]),
        ("CAST(x AS STRING)", [.string("0.5"), .string("-1.5"), .string("NaN"), .null]),
        ("CAST('12' AS INT)", [.long(12), .long(12), .long(12), .long(12)]),
        ("floor(x * 0 + 2.5)", [.long(2), .long(2), .long(0), .null]),
        ("round(2.675, 2)", [.double(2.68), .double(2.68), .double(2.68), .double(2.68)]),
        ("greatest(a, b)", [.long(7), .long(2), .long(0), .long(0)]),
        ("isnan(x)", [.boolean(false), .boolean(false), .boolean(true), .boolean(false)]),
    ])
    func `each expression gives Spark's values, nulls included`(_ sql: String, _ expected: [Value]) throws {
        #expect(try Self.values(sql) == expected)
    }

    @Test(arguments: [
        ("a div 0", EngineError.Code.divideByZero),
        ("a + 9223372036854775807", .arithmetic),
        ("CAST(s AS INT)", .invalidCast),
        ("CAST(a * 100000000000 AS INT)", .invalidCast),
    ])
    func `a value that cannot be computed fails with its error class`(_ sql: String, _ code: EngineError.Code) throws {
        let error = #expect(throws: EngineError.self) { try Self.values(sql) }
        #expect(error?.code == code)
    }

    @Test func `a LIKE pattern with many wildcards ends in time`() {
        let text = String(repeating: "a", count: 5000)
        #expect(!LikePattern(String(repeating: "%a", count: 50) + "%b").matches(text))
        #expect(LikePattern(String(repeating: "%a", count: 50) + "%").matches(text))
    }
}

@Suite struct ExpressionLimitTests {
    @Test(arguments: [
        ("CAST(CAST(16777217 + a * 0 AS FLOAT) AS DOUBLE)", 0, Value.double(16_777_216)),
        ("abs(a + (-9223372036854775807 - 1))", 2, .null), ("round(a + 9223372036854775800, -2)", 2, .null),
    ])
    func `narrowing and null rows are as in Spark at the edges of a type`(
        _ sql: String, _ row: Int, _ expected: Value
    ) throws {
        // The other rows of the second and third would overflow, so only the row in question is computed.
        let rows = [ExpressionEvaluatorTests.rows[row]]
        let plan = LogicalPlan.project([try Expression(sql: sql)], .local(ExpressionEvaluatorTests.schema, rows))
        let analyzed = try Analyzer(tableSchema: { name in throw AnalysisError("NONE", name) }).analyze(plan)
        guard case .project(let expressions, _) = analyzed else { return }
        let batch = ColumnBatch(schema: ExpressionEvaluatorTests.schema, rows: rows)
        #expect(try ExpressionEvaluator(batch).column(expressions[0])[0] == expected)
    }

    @Test func `a date or timestamp beyond 64 bits of microseconds is an error or no value, never a crash`() throws {
        #expect(throws: EngineError.self) { try Cast.convert(.date(200_000_000), from: .date, to: .timestamp) }
        let text = Array("294247-01-10T04:00:54.999999Z".utf8)
        #expect(ISODateTime.timestamp(text, zone: .utc, today: { 0 }) == nil)
    }
}
