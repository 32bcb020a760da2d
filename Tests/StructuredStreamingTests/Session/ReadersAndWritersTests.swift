import StructuredStreaming
import Testing

@Suite struct ReadersAndWritersTests {
    let engine = RecordingEngine()
    var spark: SparkSession { SparkSession(engine: engine) }

    @Test func `the textbook's query reaches the engine`() async throws {
        let spark = spark
        let staticFrame = try await spark.read.json("data/activity-data")
        #expect(engine.inferred == ["data/activity-data"])
        await #expect(throws: RecordingEngine.NotRun.self) {
            try await spark.readStream
                .schema(staticFrame.schema).option("maxFilesPerTrigger", 10).json("data/activity-data")
                .groupBy("gt").count()
                .writeStream.outputMode(.complete).option("checkpointLocation", "checkpoints/gt")
                .queryName("test_stream").format("memory").start()
        }
        let write = try #require(engine.writes.first)
        let source = DataSourceRelation(
            format: "json", options: ["maxFilesPerTrigger": "10"], paths: ["data/activity-data"],
            schema: staticFrame.schema, isStreaming: true)
        #expect(write.plan.relations == [source])
        #expect(write.outputMode == .complete)
        #expect(write.queryName == "test_stream")
        #expect(write.format == "memory")
        #expect(write.option("CHECKPOINTLOCATION") == "checkpoints/gt")
        #expect(write.trigger == .processingTime(.zero))
    }

    @Test func `a stream of files needs a schema`() async throws {
        let spark = spark
        let error = await #expect(throws: AnalysisError.self) { try await spark.readStream.json("p") }
        #expect(
            error?.message.hasPrefix("Schema must be specified when creating a streaming source DataFrame.") == true)
        spark.conf.set("spark.sql.streaming.schemaInference", "true")
        #expect(try await spark.readStream.json("p").columns == ["gt", "x"])
        #expect(try await spark.readStream.format("rate").load().isStreaming)
        #expect(try await spark.readStream.schema("a INT").json("p").schema.ddl == "a INT")
        await #expect(throws: AnalysisError.self) { try await spark.readStream.schema("a IN").json("p") }
        await #expect(throws: AnalysisError.self) { try await spark.readStream.format("json").load() }
    }

    @Test func `options are compared without regard to case`() async throws {
        let frame = try await spark.readStream.schema("a INT").option("MaxFilesPerTrigger", 1)
            .options(["maxfilespertrigger": "2", "multiLine": "x"]).option("multiline", false).option("path", "p")
            .format("json").load()
        #expect(frame.plan.relations[0].options == ["maxfilespertrigger": "2", "multiline": "false"])
        #expect(frame.plan.relations[0].paths == ["p"])
    }

    @Test func `what does not go together is refused before the engine is asked`() async throws {
        let spark = spark
        let stream = try await spark.readStream.schema("gt STRING, x DOUBLE").json("p")
        let counts = stream.groupBy("gt").count()
        func refusal(_ body: () async throws -> Void) async -> String? {
            do {
                try await body()
                return nil
            } catch { return (error as? AnalysisError)?.errorClass }
        }
        #expect(
            await refusal { _ = try await counts.writeStream.format("noop").start() }
                == "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION")
        #expect(
            await refusal { _ = try await counts.writeStream.outputMode(.complete).format("json").start("out") }
                == "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE")
        #expect(
            await refusal { _ = try await counts.writeStream.outputMode(.complete).format("memory").start() }
                == "QUERY_NAME_NOT_SPECIFIED")
        #expect(await refusal { _ = try await stream.writeStream.format("json").start() } == "PATH_NOT_SPECIFIED")
        #expect(
            await refusal { _ = try await spark.read.json("p").writeStream.format("noop").start() }
                == "WRITE_STREAM_NOT_ALLOWED")
        #expect(await refusal { _ = try await stream.collect() } == "STREAMING_QUERY_NOT_STARTED")
        #expect(await refusal { _ = try await stream.count() } == "STREAMING_QUERY_NOT_STARTED")
        #expect(engine.writes.isEmpty)
    }

    static let intervals: [(String, Duration)] = [
        ("5 seconds", .seconds(5)), ("1 minute 30 seconds", .seconds(90)),
        ("interval 500 milliseconds", .milliseconds(500)),
        ("0 seconds", .zero), ("1 HOUR", .seconds(3600)), ("2 weeks", .seconds(1_209_600)),
    ]

    @Test(arguments: intervals) func `triggers take intervals in words`(_ text: String, _ length: Duration) throws {
        #expect(try Trigger.processingTime(text) == .processingTime(length))
    }

    @Test(arguments: ["", "5", "seconds", "5 parsecs", "-5 seconds", "5 s", "x seconds", "9223372036854775807 weeks"])
    func `what is no interval is refused`(_ text: String) {
        #expect(throws: AnalysisError.self) { try Trigger.processingTime(text) }
    }
}
