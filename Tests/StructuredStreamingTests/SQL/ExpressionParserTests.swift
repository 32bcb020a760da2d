import StructuredStreaming
import Testing

@Suite struct ExpressionParserTests {
    /// Text, and how it is read: brackets show what binds to what.
    static let precedence: [(String, String)] = [
        ("a + b * c", "(a + (b * c))"), ("a * b + c", "((a * b) + c)"), ("a - b - c", "((a - b) - c)"),
        ("(a - b) * c", "((a - b) * c)"), ("a DIV b % c", "((a div b) % c)"), ("- a * 3", "((- a) * 3)"),
        ("a OR b AND c", "(a OR (b AND c))"), ("NOT a = b", "(NOT (a = b))"), ("NOT a AND b", "((NOT a) AND b)"),
        ("a = b = c", "((a = b) = c)"), ("a < b + 1 AND c", "((a < (b + 1)) AND c)"), ("a <> b", "(NOT (a = b))"),
        ("a != b", "(NOT (a = b))"), ("a == b", "(a = b)"), ("a <=> b", "(a <=> b)"), ("! a", "(NOT a)"),
        ("a IS NULL AND b IS NOT NULL", "((a IS NULL) AND (b IS NOT NULL))"), ("a = b IS NULL", "((a = b) IS NULL)"),
        ("a IN (1, 2)", "(a IN (1, 2))"), ("a NOT IN (1)", "(NOT (a IN (1)))"), ("a || 'z'", "concat(a, z)"),
        ("a BETWEEN 1 AND 2 AND b", "(between(a, 1, 2) AND b)"), ("NOT a LIKE 'x%'", "(NOT a LIKE x%)"),
        ("a NOT LIKE 'x'", "(NOT a LIKE x)"), ("CASE WHEN a THEN 1 ELSE 2 END", "CASE WHEN a THEN 1 ELSE 2 END"),
        ("CASE a WHEN 1 THEN 'x' END", "CASE WHEN (a = 1) THEN x END"), ("a::bigint", "CAST(a AS BIGINT)"),
        ("CAST(a + 1 AS decimal(10, 2))", "CAST((a + 1) AS DECIMAL(10,2))"), ("count(*)", "count(1)"),
        ("SUM(a + 1)", "sum((a + 1))"), ("mean(a)", "avg(a)"), ("Upper(a)", "upper(a)"), ("a -- b\n + c", "(a + c)"),
        ("a /* b */ + c", "(a + c)"), ("a - -5", "(a - -5)"), ("a -5", "(a - 5)"), ("- -5", "(- -5)"), ("+a", "a"),
        ("`a b` + `c``d`", "(a b + c`d)"), ("a IS TRUE", "(a <=> true)"), ("a IS DISTINCT FROM b", "(NOT (a <=> b))"),
        ("bigint(a)", "CAST(a AS BIGINT)"), ("DATE '2024-01-01'", "CAST(2024-01-01 AS DATE)"),
        ("größe + 1", "(größe + 1)"),
    ]

    @Test(arguments: precedence) func `operators bind as in Spark`(_ sql: String, _ text: String) throws {
        #expect(try Expression(sql: sql).text == text)
    }

    static let literals: [(String, Expression)] = [
        ("1", .literal(.long(1), .integer)), ("2147483647", .literal(.long(2_147_483_647), .integer)),
        ("2147483648", .literal(.long(2_147_483_648), .long)),
        ("-2147483648", .literal(.long(-2_147_483_648), .integer)),
        ("-9223372036854775808", .literal(.long(.min), .long)), ("1L", .literal(.long(1), .long)),
        ("7s", .literal(.long(7), .short)), ("7Y", .literal(.long(7), .byte)), ("1.5", .literal(.double(1.5), .double)),
        (".5", .literal(.double(0.5), .double)), ("5.", .literal(.double(5), .double)),
        ("1e3", .literal(.double(1000), .double)), ("1.5E-2", .literal(.double(0.015), .double)),
        ("2D", .literal(.double(2), .double)), ("2F", .literal(.double(2), .float)),
        ("'it''s'", .literal(.string("it's"), .string)), ("\"dq\"", .literal(.string("dq"), .string)),
        ("'a' 'b'", .literal(.string("ab"), .string)), (#"'a\'b\n\\'"#, .literal(.string("a'b\n\\"), .string)),
        (#"'\u0041\101\U0001F600'"#, .literal(.string("AA😀"), .string)),
        (#"'\%\_'"#, .literal(.string(#"\%\_"#), .string)),
        (#"'\uZZZZ'"#, .literal(.string("uZZZZ"), .string)), ("true", .literal(.boolean(true), .boolean)),
        ("NULL", .literal(.null, .null)), ("'日本'", .literal(.string("日本"), .string)),
        ("''", .literal(.string(""), .string)),
    ]

    @Test(arguments: literals) func `constants have Spark's types`(_ sql: String, _ expected: Expression) throws {
        #expect(try Expression(sql: sql) == expected)
    }

    @Test func `an alias needs no AS`() throws {
        #expect(try Expression(sql: "a b") == .alias(.attribute("a"), "b"))
        #expect(try Expression(sql: "a AS `b c`") == .alias(.attribute("a"), "b c"))
        #expect(try Expression(sql: "*") == .star)
        #expect(try Expression(sql: "count") == .attribute("count"))
        #expect(try Expression(sql: "`a.b`") == .attribute("`a.b`"))
    }

    static let errors: [(String, String, String)] = [
        ("", "PARSE_SYNTAX_ERROR", "end of input: expected an expression (line 1, pos 0)"),
        ("a +", "PARSE_SYNTAX_ERROR", "end of input: expected an expression (line 1, pos 3)"),
        ("a +\n * b", "PARSE_SYNTAX_ERROR", "'*': expected an expression (line 2, pos 1)"),
        ("(a", "PARSE_SYNTAX_ERROR", "end of input: expected ')' (line 1, pos 2)"),
        ("a)", "PARSE_SYNTAX_ERROR", "')': expected end of input (line 1, pos 1)"),
        ("a b c", "PARSE_SYNTAX_ERROR", "'c': expected end of input (line 1, pos 4)"),
        ("'abc", "PARSE_SYNTAX_ERROR", "the text has no end"),
        ("`abc", "PARSE_SYNTAX_ERROR", "the quoted name has no end"),
        ("``", "PARSE_SYNTAX_ERROR", "must not be empty"), ("/* a", "PARSE_SYNTAX_ERROR", "the comment has no end"),
        ("a # b", "PARSE_SYNTAX_ERROR", "'#': no such character"), ("a é§ b", "PARSE_SYNTAX_ERROR", "(line 1, pos 5)"),
        ("1abc", "PARSE_SYNTAX_ERROR", "neither a number nor a name"), ("a IN ()", "PARSE_SYNTAX_ERROR", "')'"),
        ("CASE END", "PARSE_SYNTAX_ERROR", "'END'"), ("CASE WHEN a END", "PARSE_SYNTAX_ERROR", "expected THEN"),
        ("CAST(a int)", "PARSE_SYNTAX_ERROR", "expected AS"), ("CAST(a AS foo)", "UNSUPPORTED_DATATYPE", "\"FOO\""),
        ("a IS 5", "PARSE_SYNTAX_ERROR", "expected NULL, TRUE, FALSE"),
        ("a BETWEEN 1", "PARSE_SYNTAX_ERROR", "expected AND"),
        ("upper(*)", "PARSE_SYNTAX_ERROR", "only count takes '*'"), ("from", "PARSE_SYNTAX_ERROR", "'from'"),
        ("9223372036854775808", "NUMERIC_VALUE_OUT_OF_RANGE", "9223372036854775808"),
        ("40000S", "NUMERIC_VALUE_OUT_OF_RANGE", "40000S"), ("1e999", "NUMERIC_VALUE_OUT_OF_RANGE", "1e999"),
        ("sum()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "`sum` requires 1"), ("1BD", "UNSUPPORTED_FEATURE.SQL", "BD"),
        ("a[0]", "UNSUPPORTED_FEATURE.SQL", "'['"), ("sum(a) OVER ()", "UNSUPPORTED_FEATURE.SQL", "OVER"),
        ("count(DISTINCT a)", "UNSUPPORTED_FEATURE.SQL", "DISTINCT"),
        ("(SELECT 1)", "UNSUPPORTED_FEATURE.SQL", "subquery"),
        ("EXISTS (SELECT 1)", "UNSUPPORTED_FEATURE.SQL", "subquery"),
        ("a RLIKE 'x'", "UNSUPPORTED_FEATURE.SQL", "RLIKE"),
        ("INTERVAL 1 DAY", "UNSUPPORTED_FEATURE.SQL", "INTERVAL"),
        ("a IN (SELECT 1)", "UNSUPPORTED_FEATURE.SQL", "subquery"),
        ("a LIKE 'x' ESCAPE '/'", "UNSUPPORTED_FEATURE.SQL", "ESCAPE"), ("(a, b)", "UNSUPPORTED_FEATURE.SQL", "row"),
    ]

    @Test(arguments: errors)
    func `what cannot be read says where and what was expected`(_ sql: String, _ errorClass: String, _ part: String) {
        do {
            let expression = try Expression(sql: sql)
            Issue.record("read \(sql) as \(expression.text)")
        } catch {
            #expect(error.errorClass == errorClass)
            #expect(error.message.contains(part), "\(error.message)")
            #expect(!error.description.contains("\n"))
        }
    }

    /// A text too long to be shown: a beginning, a part many times, an end.
    struct Deep: Sendable, CustomTestStringConvertible {
        var start = ""
        var part: String
        var count = 50_000
        var end = ""
        var testDescription: String { "\(start)\(part)… \(count) times" }
    }

    static let deep = [
        Deep(part: "(", count: 100_000), Deep(part: "(", count: 401, end: "a" + String(repeating: ")", count: 401)),
        Deep(start: "a", part: " + a"), Deep(start: "a", part: " OR a"), Deep(part: "NOT ", end: "a"),
        Deep(part: "- ", end: "a"), Deep(part: "upper(", count: 5000, end: "a"), Deep(start: "a", part: "::int"),
        Deep(part: "CASE WHEN ", count: 5000), Deep(start: "CAST(a AS ", part: "array<"),
        Deep(start: "a", part: " || a"),
    ]

    @Test(arguments: deep) func `nesting too deep is an error, not a crash`(_ deep: Deep) {
        let sql = deep.start + String(repeating: deep.part, count: deep.count) + deep.end
        #expect(throws: AnalysisError.self) { try Expression(sql: sql) }
    }

    @Test func `nesting to the limit is read and analyzed`() throws {
        for sql in [
            String(repeating: "(", count: 390) + "a" + String(repeating: ")", count: 390),
            String(repeating: "abs(", count: 190) + "a" + String(repeating: ")", count: 190),
            "a" + String(repeating: " + a", count: 390), "e" + String(repeating: " AND e", count: 390),
        ] {
            let plan = LogicalPlan.project([try Expression(sql: sql)], .table("t"))
            #expect(try AnalyzerTypesTests.analyzer.analyze(plan).schema.fields.count == 1)
        }
    }

    @Test func `an IN list may be long`() throws {
        let list = (0..<20_000).map(String.init).joined(separator: ", ")
        guard case .isIn(_, let items) = try Expression(sql: "a IN (\(list))") else {
            Issue.record("no IN")
            return
        }
        #expect(items.count == 20_000)
    }
}
