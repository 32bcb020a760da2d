import StructuredStreaming
import Testing

@Suite struct AnalyzerAggregatesTests {
    func analyze(_ sql: String) throws(AnalysisError) -> LogicalPlan { try AnalyzerTypesTests.analyze(sql) }

    static let accepted: [(String, String)] = [
        ("select a+1, count(*) from t group by a+1", "struct<(a + 1):int,count(1):bigint>"),
        ("select a+1 as k, count(*) c from t group by k", "struct<k:int,c:bigint>"),
        ("select a+1, count(*) from t group by 1", "struct<(a + 1):int,count(1):bigint>"),
        ("select A, count(*) from t group by a", "struct<A:int,count(1):bigint>"),
        ("select a + 2 from t group by a", "struct<(a + 2):int>"),
        ("select sum(b) / count(*) + a from t group by a", "struct<((sum(b) / count(1)) + a):double>"),
        ("select a from t group by a, a, 1", "struct<a:int>"),
        ("select 5, count(*) from t", "struct<5:int,count(1):bigint>"),
        ("select a, sum(b) from t group by a having sum(b)>1", "struct<a:int,sum(b):bigint>"),
        ("select a from t group by a having count(*) > 1", "struct<a:int>"),
        ("select sum(b) from t group by a having a > 1", "struct<sum(b):bigint>"),
        ("select a, sum(b) s from t group by a having s>1 order by s", "struct<a:int,s:bigint>"),
        ("select a, sum(b) s from t group by a order by sum(b), a limit 3", "struct<a:int,s:bigint>"),
        ("select a, sum(b) s from t group by a order by count(*)", "struct<a:int,s:bigint>"),
        ("select sum(a) x from t group by a having count(*) > 1 order by a + 1 limit 3", "struct<x:bigint>"),
        ("select a from t group by a having count(*) > 1 order by sum(b)", "struct<a:int>"),
        ("select a+1 from t group by a+1 order by a+1 desc", "struct<(a + 1):int>"),
        ("select a from t order by b", "struct<a:int>"),
        ("select a, b from t order by 2 desc, 1", "struct<a:int,b:bigint>"),
        ("select a b from t where b > 1", "struct<b:int>"), ("select a, a from t", "struct<a:int,a:int>"),
        ("select *, a + 1 n from t", "struct<a:int,b:bigint,c:string,d:double,e:boolean,n:int>"),
    ]

    @Test(arguments: accepted) func `queries have Spark's result columns`(_ sql: String, _ schema: String) throws {
        let plan = try analyze(sql)
        #expect(plan.schema.simpleString == schema)
        #expect(try AnalyzerTypesTests.analyzer.analyze(plan) == plan)
    }

    static let refused: [(String, String)] = [
        ("select a, count(*) from t", "MISSING_GROUP_BY"), ("select a from t having a > 1", "MISSING_GROUP_BY"),
        ("select count(*) from t where sum(a)>1", "INVALID_WHERE_CONDITION"),
        ("select a from t group by sum(a)", "GROUP_BY_AGGREGATE"),
        ("select a, sum(b) from t group by a having c>1", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        ("select * from t group by a", "MISSING_AGGREGATION"),
        ("select a from t group by 3", "GROUP_BY_POS_OUT_OF_RANGE"),
        ("select sum(a) from t group by 1", "GROUP_BY_POS_AGGREGATE"),
        ("select *, 1 from t group by 1", "STAR_GROUP_BY_POS"),
        ("select a as b, b from t group by b", "MISSING_AGGREGATION"),
        ("select a from t order by 5", "ORDER_BY_POS_OUT_OF_RANGE"),
        ("select a from t order by 0", "ORDER_BY_POS_OUT_OF_RANGE"),
        ("select a from t where a", "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN"),
        ("select a from t where c", "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN"),
        ("select a from t limit -1", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE"),
        ("select a", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"),
        ("select a from t order by count(*)", "UNSUPPORTED_EXPR_FOR_OPERATOR"),
        ("select sum(a) as s from t where s > 1", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        ("select a b, b from t order by b", "AMBIGUOUS_REFERENCE"),
    ]

    @Test(arguments: refused) func `queries Spark refuses are refused by the same class`(
        _ sql: String, _ expected: String
    ) {
        #expect(errorClass { () throws(AnalysisError) in _ = try analyze(sql) } == expected, "\(sql)")
    }

    @Test func `HAVING adds a hidden aggregate and removes it again`() throws {
        let plan = try analyze("select a from t group by a having count(*) > 1")
        guard case .project(let outputs, .filter(let condition, .aggregate(_, let columns, _))) = plan else {
            Issue.record("\(plan)")
            return
        }
        #expect(outputs == [.column(index: 0, name: "a", type: .integer, nullable: true)])
        #expect(columns.count == 2)
        let count = Expression.column(index: 1, name: "count(1)", type: .long, nullable: false)
        #expect(condition == .binary(.greater, count, .literal(.long(1), .long)))
    }

    @Test func `an aggregate of the list is not computed twice for HAVING and ORDER BY`() throws {
        let plan = try analyze("select a, sum(b) s from t group by a having sum(b) > 1 order by sum(b) desc")
        guard case .sort(let orders, .filter(_, .aggregate(_, let columns, _))) = plan else {
            Issue.record("\(plan)")
            return
        }
        #expect(columns.count == 2)
        #expect(orders[0].expression == .column(index: 1, name: "s", type: .long, nullable: true))
    }

    @Test func `a plan is drawn as a tree`() throws {
        let tree = try analyze("select a, count(*) n from t where d > 1 group by a order by n desc limit 3").treeString
        #expect(
            tree == """
                Limit 3
                +- Sort [n DESC]
                   +- Aggregate [a], [a, count(1) AS n]
                      +- Filter (d > 1.0)
                         +- Table t

                """)
    }

    @Test func `columns of files are nullable whatever the schema says`() throws {
        let schema = StructType([StructField("x", .long, nullable: false)])
        let relation = DataSourceRelation(format: "json", options: [:], paths: ["p"], schema: schema, isStreaming: true)
        #expect(try AnalyzerTypesTests.analyzer.analyze(.relation(relation)).schema.fields[0].nullable)
    }

    @Test func `columns that differ by case only are refused`() {
        let schema = StructType([StructField("x", .long), StructField("X", .long)])
        #expect(
            errorClass { () throws(AnalysisError) in _ = try AnalyzerTypesTests.analyzer.analyze(.local(schema, [])) }
                == "COLUMN_ALREADY_EXISTS")
    }

    @Test func `a plan built by a long loop is refused, not a crash`() {
        var plan = LogicalPlan.table("t")
        for _ in 0..<2000 { plan = .limit(5, plan) }
        #expect(throws: AnalysisError.self) { try AnalyzerTypesTests.analyzer.analyze(plan) }
        var expression = Expression.attribute("a")
        for _ in 0..<2000 { expression = .binary(.add, expression, .attribute("a")) }
        #expect(throws: AnalysisError.self) {
            try AnalyzerTypesTests.analyzer.analyze(.project([expression], .table("t")))
        }
        #expect(throws: AnalysisError.self) {
            try AnalyzerTypesTests.analyzer.analyze(.sort([.init(expression)], .project([.star], .table("t"))))
        }
    }
}
