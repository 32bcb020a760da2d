import StructuredStreaming
import Testing

@Suite struct StatementParserTests {
    static let input = LogicalPlan.table("input")

    func parse(_ sql: String) throws(AnalysisError) -> LogicalPlan {
        try LogicalPlan(sql: sql, tables: ["input": Self.input])
    }

    @Test func `clauses become plan steps from the source up`() throws {
        let sql = """
            SELECT gt, count(*) AS n FROM input WHERE x > 0 GROUP BY gt HAVING count(*) > 1 ORDER BY n DESC, gt LIMIT 3;
            """
        let filtered = LogicalPlan.filter(try Expression(sql: "x > 0"), Self.input)
        let grouped = LogicalPlan.aggregate(
            grouping: [.attribute("gt")], outputs: [.attribute("gt"), .alias(.aggregate(.count, nil), "n")], filtered)
        let having = LogicalPlan.filter(try Expression(sql: "count(*) > 1"), grouped)
        let sorted = LogicalPlan.sort(
            [.init(.attribute("n"), ascending: false), .init(.attribute("gt"))], having)
        #expect(try parse(sql) == .limit(3, sorted))
    }

    @Test func `a table's name or alias before a column is left away`() throws {
        let plain = LogicalPlan.project([.attribute("a"), try Expression(sql: "b + 1")], Self.input)
        #expect(try parse("SELECT input.a, INPUT.b + 1 FROM input") == plain)
        #expect(try parse("SELECT t.a, t.b + 1 FROM input t") == plain)
        #expect(try parse("SELECT `t`.a, t.`b` + 1 FROM input AS t") == plain)
    }

    @Test func `without FROM there is one row`() throws {
        #expect(try parse("SELECT 1") == .project([.literal(.long(1), .integer)], .local(StructType([]), [[]])))
    }

    @Test func `an aggregate in the list makes an aggregation`() throws {
        #expect(
            try parse("SELECT sum(x) FROM input")
                == .aggregate(grouping: [], outputs: [.aggregate(.sum, .attribute("x"))], Self.input))
    }

    static let errors: [(String, String, String)] = [
        ("", "PARSE_SYNTAX_ERROR", "expected SELECT"), ("SELEC a FROM input", "PARSE_SYNTAX_ERROR", "'SELEC'"),
        ("SELECT FROM input", "PARSE_SYNTAX_ERROR", "'FROM': expected an expression"),
        ("SELECT a,, b FROM input", "PARSE_SYNTAX_ERROR", "(line 1, pos 9)"),
        ("SELECT a FROM", "PARSE_SYNTAX_ERROR", "expected a table name"),
        ("SELECT a FROM input WHERE", "PARSE_SYNTAX_ERROR", "end"),
        ("SELECT a b c FROM input", "PARSE_SYNTAX_ERROR", "'c': expected FROM"),
        ("SELECT a FROM input GROUP gt", "PARSE_SYNTAX_ERROR", "expected BY"),
        ("SELECT a FROM input GROUP BY", "PARSE_SYNTAX_ERROR", "end of input"),
        ("SELECT a FROM input LIMIT x", "PARSE_SYNTAX_ERROR", "expected a whole number"),
        ("SELECT a FROM input)", "PARSE_SYNTAX_ERROR", "')'"), ("SELECT a FROM input; x", "PARSE_SYNTAX_ERROR", "';'"),
        ("SELECT a FROM input ORDER BY a WHERE b", "PARSE_SYNTAX_ERROR", "'WHERE'"),
        ("SELECT a FROM nope", "TABLE_OR_VIEW_NOT_FOUND", "`nope`"),
        ("SELECT DISTINCT a FROM input", "UNSUPPORTED_FEATURE.SQL", "SELECT DISTINCT"),
        ("SELECT a FROM input JOIN input", "UNSUPPORTED_FEATURE.SQL", "JOIN"),
        ("SELECT a FROM input i LEFT JOIN input", "UNSUPPORTED_FEATURE.SQL", "JOIN"),
        ("SELECT a FROM input, input", "UNSUPPORTED_FEATURE.SQL", "JOIN"),
        ("SELECT a FROM (SELECT 1)", "UNSUPPORTED_FEATURE.SQL", "subquery"),
        ("SELECT a FROM input UNION SELECT 1", "UNSUPPORTED_FEATURE.SQL", "UNION"),
        ("WITH x AS (SELECT 1) SELECT 1", "UNSUPPORTED_FEATURE.SQL", "WITH"),
        ("INSERT INTO x VALUES (1)", "UNSUPPORTED_FEATURE.SQL", "INSERT"),
        ("SELECT a FROM input ORDER BY a NULLS LAST", "UNSUPPORTED_FEATURE.SQL", "NULLS"),
        ("SELECT a FROM input GROUP BY ROLLUP(a)", "UNSUPPORTED_FEATURE.SQL", "rollup"),
    ]

    @Test(arguments: errors)
    func `what cannot be read says where and what was expected`(_ sql: String, _ errorClass: String, _ part: String) {
        do {
            let plan = try parse(sql)
            Issue.record("read \(sql) as \(plan)")
        } catch {
            #expect(error.errorClass == errorClass)
            #expect(error.message.contains(part), "\(error.message)")
        }
    }
}
