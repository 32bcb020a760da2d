import FoundationEssentials
import StreamingMetrics
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct StreamingQueryTests {
    /// The counts of the memory table `counts`.
    static func counts(_ spark: SparkSession) async throws -> [Value: Int64] {
        var result: [Value: Int64] = [:]
        for row in try await spark.table("counts").collect() { result[row[0]] = row[1].integer }
        return result
    }

    /// Starts the textbook's count over the workspace's input.
    static func startCount(
        _ workspace: Workspace, _ spark: SparkSession, trigger: Trigger = .availableNow, perTrigger: Int = 1
    ) async throws -> any StreamingQuery {
        try await spark.readStream.schema(Workspace.schema).option("maxFilesPerTrigger", perTrigger)
            .json(workspace.input).groupBy("gt").count()
            .writeStream.outputMode(.complete).option("checkpointLocation", workspace.checkpoint)
            .queryName("counts").format("memory").trigger(trigger).start()
    }

    @Test func `the textbook's count runs in as many batches as the limit asks for`() async throws {
        let workspace = try Workspace()
        for number in 0..<4 { try workspace.addFile(number, Workspace.lines(["walk", "sit"], count: 5)) }
        let spark = try workspace.session()
        let query = try await Self.startCount(workspace, spark)
        try await query.awaitTermination()
        #expect(try await Self.counts(spark) == [.string("walk"): 20, .string("sit"): 20])
        #expect(query.recentProgress.map(\.batchId) == [0, 1, 2, 3])
        #expect(query.recentProgress.map(\.numInputRows) == [10, 10, 10, 10])
        #expect(query.status.message == "Stopped")
        #expect(!query.isActive)
        let progress = try #require(query.lastProgress)
        #expect(progress.name == "counts")
        #expect(progress.sources[0].endOffset["logOffset"]?.int64 == 3)
        #expect(progress.sink.numOutputRows == 2)
        #expect(progress.stateOperators[0].operatorName == "stateStoreSave")
        #expect(progress.stateOperators[0].numRowsTotal == 2)
        #expect(
            progress.durationMs.keys == [
                "addBatch", "commitOffsets", "getBatch", "latestOffset", "queryPlanning", "triggerExecution",
                "walCommit",
            ])
        try await spark.stop()
    }

    @Test func `a query that has ended goes when nobody holds it any more`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 3))
        let spark = try workspace.session()
        weak var query: EmbeddedStreamingQuery?
        do {
            let started = try await Self.startCount(workspace, spark)
            query = started as? EmbeddedStreamingQuery
            #expect(query != nil)
            try await started.awaitTermination()
            let engine = try #require(spark.engine as? EmbeddedEngine)
            #expect(try engine.result(of: started)?.count == 1)
        }
        // Its thread lets it go a moment after it has said that it has ended.
        let deadline = ContinuousClock.now + .seconds(20)
        while query != nil, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(2)) }
        #expect(query == nil)
        try await spark.stop()
    }

    @Test func `a restart goes on with the next batch under the same id and a new run id`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 3))
        let first = try workspace.session()
        let before = try await Self.startCount(workspace, first)
        try await before.awaitTermination()
        try await first.stop()
        try workspace.addFile(1, Workspace.lines(["walk", "sit"], count: 2))
        let second = try workspace.session()
        let after = try await Self.startCount(workspace, second)
        try await after.awaitTermination()
        #expect(after.id == before.id)
        #expect(after.runId != before.runId)
        #expect(after.recentProgress.map(\.batchId) == [1])
        #expect(try await Self.counts(second) == [.string("walk"): 5, .string("sit"): 2])
        try await second.stop()
    }

    @Test func `once takes all files in one batch, whatever the limit`() async throws {
        let workspace = try Workspace()
        for number in 0..<3 { try workspace.addFile(number, Workspace.lines(["walk"], count: 1)) }
        let spark = try workspace.session()
        let query = try await Self.startCount(workspace, spark, trigger: .once)
        try await query.awaitTermination()
        #expect(query.recentProgress.map(\.numInputRows) == [3])
        try await spark.stop()
    }

    @Test func `every aggregate has its value in complete mode, with nulls left out`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, [#"{"gt":"a","n":1,"x":1.5}"#, #"{"gt":"a","n":null,"x":2.5}"#, #"{"n":7}"#])
        try workspace.addFile(1, [#"{"gt":"a","n":5,"x":-1.0}"#, #"{"gt":"b"}"#])
        let spark = try workspace.session()
        let query = try await spark.readStream.schema(Workspace.schema).option("maxFilesPerTrigger", 1)
            .json(workspace.input).groupBy("gt")
            .agg(
                count(lit(1)).alias("all"), count("n").alias("n"), sum("n").alias("sum"), avg("x").alias("avg"),
                min("n").alias("min"), max("x").alias("max")
            )
            .writeStream.outputMode(.complete).option("checkpointLocation", workspace.checkpoint)
            .queryName("counts").format("memory").trigger(.availableNow).start()
        try await query.awaitTermination()
        let rows = try await spark.table("counts").collect().map(\.values).sorted { $0[0].order(to: $1[0]) < 0 }
        #expect(
            rows == [
                [.null, .long(1), .long(1), .long(7), .null, .long(7), .null],
                [.string("a"), .long(3), .long(2), .long(6), .double(1), .long(1), .double(2.5)],
                [.string("b"), .long(1), .long(0), .null, .null, .null, .null],
            ])
        try await spark.stop()
    }

    @Test func `update mode writes the touched groups only`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk", "sit"], count: 2))
        try workspace.addFile(1, Workspace.lines(["sit"], count: 3))
        let spark = try workspace.session()
        let query = try await spark.readStream.schema(Workspace.schema).option("maxFilesPerTrigger", 1)
            .json(workspace.input).groupBy("gt").count()
            .writeStream.outputMode(.update).option("checkpointLocation", workspace.checkpoint)
            .queryName("counts").format("memory").trigger(.availableNow).start()
        try await query.awaitTermination()
        #expect(query.recentProgress.map(\.sink.numOutputRows) == [2, 1])
        let rows = try await spark.table("counts").collect().map(\.values)
        #expect(rows.last == [.string("sit"), .long(5)])
        try await spark.stop()
    }

    @Test func `append mode writes each selected row once, also over a restart`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk", "sit"], count: 3))
        for round in 0..<2 {
            let spark = try workspace.session()
            let query = try await spark.readStream.schema(Workspace.schema).json(workspace.input)
                .filter("gt = 'walk' AND n > 0").selectExpr("gt", "n * 2 AS twice")
                .writeStream.option("checkpointLocation", workspace.checkpoint).format("json")
                .trigger(.availableNow).start(workspace.output)
            try await query.awaitTermination()
            #expect(query.lastProgress?.sink.numOutputRows == -1)
            try await spark.stop()
            if round == 0 { try workspace.addFile(1, Workspace.lines(["walk"], count: 2)) }
        }
        #expect(
            try workspace.outputRows() == [
                #"{"gt":"walk","twice":2}"#, #"{"gt":"walk","twice":2}"#, #"{"gt":"walk","twice":4}"#,
            ])
    }

    @Test func `a malformed line is a row of nulls, or ends the query where FAILFAST is asked for`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, [#"{"gt":"walk","n":1}"#, #"{"gt":"walk","n":oops}"#, "not json", ""])
        let spark = try workspace.session()
        let query = try await Self.startCount(workspace, spark)
        try await query.awaitTermination()
        #expect(try await Self.counts(spark) == [.string("walk"): 1, .null: 2])
        let failing = try await spark.readStream.schema(Workspace.schema).option("mode", "FAILFAST")
            .json(workspace.input).writeStream.format("noop").trigger(.availableNow).start()
        let error = await #expect(throws: StreamingQueryException.self) { try await failing.awaitTermination() }
        #expect(error?.errorClass == "MALFORMED_RECORD_IN_PARSING")
        #expect(failing.status.message.hasPrefix("Terminated with exception: "))
        try await spark.stop()
    }

    @Test func `listeners get started, the progress of every batch and terminated, even next to one that throws`()
        async throws
    {
        let workspace = try Workspace()
        for number in 0..<3 { try workspace.addFile(number, Workspace.lines(["walk"], count: 1)) }
        let spark = try workspace.session()
        let listener = RecordingListener()
        spark.streams.addListener(RecordingListener(failing: true))
        spark.streams.addListener(listener)
        let query = try await Self.startCount(workspace, spark)
        #expect(listener.kinds.first == "started")
        try await query.awaitTermination()
        try await spark.stop()
        #expect(listener.kinds == ["started", "progress", "progress", "progress", "terminated"])
        #expect(query.recentProgress.count == 3)
    }

    @Test func `processAllAvailable returns when a file that was added is counted`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 1))
        let spark = try workspace.session()
        let query = try await Self.startCount(workspace, spark, trigger: .processingTime(.zero))
        for number in 1..<4 {
            try workspace.addFile(number, Workspace.lines(["walk"], count: number))
            try await query.processAllAvailable()
            #expect(query.lastProgress?.numInputRows != nil)
        }
        #expect(try await Self.counts(spark) == [.string("walk"): 7])
        #expect(query.status.message == "Waiting for data to arrive")
        try await query.stop()
        #expect(query.exception == nil)
        try await spark.stop()
    }
}

/// The whole result of an ended aggregation, and what a reader of a sink's output sees.
@Suite struct ResultTests {
    @Test
    func `update mode's result is the whole table, with HAVING as it holds now, also when nothing was left to do`()
        async throws
    {
        let workspace = try Workspace()
        for number in 0..<3 { try workspace.addFile(number, Workspace.lines(["walk"], count: 2)) }
        try workspace.addFile(3, Workspace.lines(["sit"], count: 1))
        for _ in 0..<2 {
            let engine = EmbeddedEngine(logger: Workspace.quiet)
            let spark = SparkSession(engine: engine)
            let input = try await spark.readStream.schema(Workspace.schema).option("maxFilesPerTrigger", 1)
                .json(workspace.input)
            try input.createOrReplaceTempView("input")
            let query = try await spark.sql("SELECT gt, count(*) AS c FROM input GROUP BY gt HAVING count(*) < 4")
                .writeStream.outputMode(.update).format("noop").option("checkpointLocation", workspace.checkpoint)
                .trigger(.availableNow).start()
            try await query.awaitTermination()
            try engine.writeResult(of: query, to: workspace.path + "/result.jsonl")
            #expect(try workspace.read(workspace.path + "/result.jsonl") == #"{"gt":"sit","c":1}"# + "\n")
            try await spark.stop()
        }
    }

    @Test func `the output of a json sink is read by its log, without the files of failed batches`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 3))
        let spark = try workspace.session()
        let query = try await spark.readStream.schema(Workspace.schema).json(workspace.input).writeStream.format("json")
            .option("checkpointLocation", workspace.checkpoint).trigger(.availableNow).start(workspace.output)
        try await query.awaitTermination()
        try workspace.write(#"{"gt":"orphan"}"# + "\n", to: workspace.output + "/part-00099-left-behind-c000.json")
        let rows = try await spark.read.schema(Workspace.schema).json(workspace.output).collect()
        #expect(rows.map { $0[0] } == [.string("walk"), .string("walk"), .string("walk")])
        try await spark.stop()
    }

    @Test func `a limit in append mode, which would count per batch, is refused`() async throws {
        let workspace = try Workspace()
        await #expect(throws: EngineError.self) {
            try await StartRefusalTests.run(workspace, "SELECT gt FROM input LIMIT 1")
        }
    }

    @Test func `a newest source log entry that is gone is an error, not files read under its number`() async throws {
        let workspace = try Workspace()
        for number in 0..<2 { try workspace.addFile(number, Workspace.lines(["walk"], count: 1)) }
        let sql = "SELECT gt, count(*) FROM input GROUP BY gt"
        try await StartRefusalTests.run(workspace, sql, mode: .update, options: ["maxFilesPerTrigger": "1"])
        try FileManager.default.removeItem(atPath: workspace.checkpoint + "/sources/0/1")
        try workspace.addFile(5, Workspace.lines(["walk"], count: 1))
        let text = await StartRefusalTests.refusal { try await StartRefusalTests.run(workspace, sql, mode: .update) }
        #expect(text.contains("CHECKPOINT_CORRUPT"), "\(text)")
    }

    @Test func `the file of a task is closed when the task is done, so that a batch may have many`() throws {
        let workspace = try Workspace()
        let write = StreamingWrite(plan: .local(StructType([]), []), format: "json")
        let files = LocalFileManager(isDurable: false)
        let sink = try FileStreamSink(path: workspace.output, write: write, fileManager: files)
        let schema = StructType([StructField("n", .long)])
        let batch = try #require(try sink.begin(batchId: 0, schema: schema, mode: .append))
        for task in 0..<300 {
            try batch.write(ColumnBatch(schema: schema, rows: [[.long(Int64(task))]]), task: task)
            try batch.finish(task: task)
        }
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
        }
        #expect(!open.contains { $0.hasPrefix(workspace.output) })
        _ = try batch.commit()
        #expect(try workspace.outputRows().count == 300)
    }
}
