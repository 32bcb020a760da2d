import StructuredStreaming
import Testing

@Suite struct DataFrameTests {
    let engine = RecordingEngine(tables: ["people": AnalyzerTypesTests.schema])
    var spark: SparkSession { SparkSession(engine: engine) }

    func frame() throws -> DataFrame {
        let schema = StructType([StructField("gt", .string), StructField("x", .double), StructField("n", .long)])
        return try spark.createDataFrame(
            [[.string("sit"), .double(1), .long(2)], [.null, .double(3), .long(4)]], schema: schema)
    }

    @Test func `grouping and counting makes a column count`() throws {
        let counts = try frame().groupBy("gt").count()
        #expect(counts.schema.ddl == "gt STRING,count BIGINT NOT NULL")
        #expect(counts.error == nil)
    }

    @Test func `frame methods make Spark's columns`() throws {
        let frame = try frame()
        let cases: [(DataFrame, String)] = [
            (frame.select("x", "gt"), "struct<x:double,gt:string>"),
            (frame.select("*"), "struct<gt:string,x:double,n:bigint>"),
            (frame.select(col("n") + 1, (col("n") * 2).alias("twice")), "struct<(n + 1):bigint,twice:bigint>"),
            (frame.selectExpr("n + 1 AS m", "upper(gt)"), "struct<m:bigint,upper(gt):string>"),
            (frame.withColumn("y", lit(1)), "struct<gt:string,x:double,n:bigint,y:int>"),
            (frame.withColumn("X", col("n")), "struct<gt:string,X:bigint,n:bigint>"),
            (frame.withColumnRenamed("n", "m"), "struct<gt:string,x:double,m:bigint>"),
            (frame.withColumnRenamed("nope", "m"), "struct<gt:string,x:double,n:bigint>"),
            (frame.drop("GT", "nope"), "struct<x:double,n:bigint>"),
            (frame.groupBy("gt").sum(), "struct<gt:string,sum(x):double,sum(n):bigint>"),
            (frame.groupBy("gt").mean("n"), "struct<gt:string,avg(n):double>"),
            (frame.groupBy().max(), "struct<max(x):double,max(n):bigint>"),
            (
                frame.groupBy(col("n") % 2).agg(min("x"), count("*").alias("c")),
                "struct<(n % 2):bigint,min(x):double,c:bigint>"
            ),
            (frame.agg(avg("x"), count("gt")), "struct<avg(x):double,count(gt):bigint>"),
            (frame.select(count("*")), "struct<count(1):bigint>"),
            (frame.filter("x > 1 AND gt IS NOT NULL").limit(3), "struct<gt:string,x:double,n:bigint>"),
            (frame.where(col("x") > 1 && !col("gt").isNull || col("n") == 4).select("n"), "struct<n:bigint>"),
            (frame.orderBy(col("n").desc).select("n"), "struct<n:bigint>"),
            (frame.select("x").orderBy("n"), "struct<x:double>"),
            (frame.select(when(col("n") > 1, lit("up")).otherwise(lit("down")).as("w")), "struct<w:string>"),
            (
                frame.select(round(col("x"), 1), coalesce(col("gt"), lit("?"))),
                "struct<round(x, 1):double,coalesce(gt, ?):string>"
            ),
            (frame.select(col("n").cast(.string), try col("n").cast("int")), "struct<n:string,n:int>"),
        ]
        for (frame, schema) in cases {
            #expect(frame.error == nil, "\(schema)")
            #expect(frame.schema.simpleString == schema)
        }
    }

    @Test func `the first error is kept and thrown by the action`() async throws {
        let broken = try frame().filter("nope > 1").groupBy("other").count()
        let error = try #require(broken.error)
        #expect(error.errorClass == "UNRESOLVED_COLUMN.WITH_SUGGESTION")
        #expect(error.message.contains("`nope`"))
        #expect(broken.schema.fields.isEmpty)
        await #expect(throws: error) { try await broken.collect() }
        await #expect(throws: error) { try await broken.show() }
        await #expect(throws: error) { try await broken.writeStream.format("noop").start() }
        #expect(throws: AnalysisError.self) { try broken.printSchema() }
        #expect(try frame().filter("x >").error?.errorClass == "PARSE_SYNTAX_ERROR")
        #expect(try frame().groupBy("gt").sum("gt").error?.errorClass == "GROUPED_DATA_NOT_NUMERIC")
        #expect(throws: AnalysisError.self) { try spark.createDataFrame([[.null]], schema: StructType([])) }
    }

    @Test func `show prints the first rows and says when there are more`() async throws {
        #expect(
            try await frame().showString(1) == """
                +---+---+---+
                | gt|  x|  n|
                +---+---+---+
                |sit|1.0|  2|
                +---+---+---+
                only showing top 1 row

                """)
        #expect(try await frame().showString().hasSuffix("|NULL|3.0|  4|\n+----+---+---+\n\n"))
    }

    @Test func `tables, views and SQL find one another`() throws {
        let spark = spark
        #expect(try spark.table("people").columns == ["a", "b", "c", "d", "e"])
        #expect(throws: AnalysisError.self) { try spark.table("nobody") }
        #expect(throws: AnalysisError.self) { try spark.sql("SELECT nope FROM people") }
        try spark.sql("SELECT a + 1 AS next FROM people").createOrReplaceTempView("later")
        #expect(try spark.sql("SELECT next * 2 AS twice FROM Later WHERE next > 1").columns == ["twice"])
        #expect(try spark.table("later").schema.simpleString == "struct<next:int>")
    }
}
