import FoundationEssentials
import StreamingMetrics
import StreamingTesting
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

/// What is wrong and can be known before a query runs is thrown by `start()`, with what to do.
@Suite struct StartRefusalTests {
    /// Starts a query over the workspace's input and waits for its end.
    static func run(
        _ workspace: Workspace, _ sql: String, mode: OutputMode = .append, format: String = "noop",
        path: String? = nil, checkpoint: String? = nil, name: String? = nil, input: String? = nil,
        options: [String: String] = [:]
    ) async throws {
        let spark = try workspace.session()
        let frame = try await spark.readStream.schema(Workspace.schema).options(options).json(input ?? workspace.input)
        try frame.createOrReplaceTempView("input")
        var writer = try spark.sql(sql).writeStream.outputMode(mode).format(format).trigger(.availableNow)
            .option("checkpointLocation", checkpoint ?? workspace.checkpoint)
        if let name { writer = writer.queryName(name) }
        if let path { writer = writer.option("path", path) }
        let query = try await writer.start()
        try await query.awaitTermination()
        try await spark.stop()
    }

    /// The text of the error of a run.
    static func refusal(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func `a missing input folder is named`() async throws {
        let workspace = try Workspace()
        let text = await Self.refusal {
            try await Self.run(workspace, "SELECT gt FROM input", input: workspace.path + "/nowhere")
        }
        #expect(text.contains("PATH_NOT_FOUND"))
        #expect(text.contains(workspace.path + "/nowhere"))
    }

    @Test func `an unknown column comes with a suggestion`() async throws {
        let workspace = try Workspace()
        let text = await Self.refusal { try await Self.run(workspace, "SELECT gtt FROM input") }
        #expect(text.contains("UNRESOLVED_COLUMN"))
        #expect(text.contains("gt"))
    }

    @Test(arguments: [
        ("SELECT gt FROM input", OutputMode.complete, "noop"),
        ("SELECT gt, count(*) FROM input GROUP BY gt", .append, "noop"),
        ("SELECT gt, count(*) FROM input GROUP BY gt", .update, "json"),
        ("SELECT gt, count(*) FROM input GROUP BY gt", .complete, "json"),
        ("SELECT gt FROM input ORDER BY gt", .append, "noop"),
    ])
    func `an output mode that the query or the sink cannot have is refused`(
        _ sql: String, _ mode: OutputMode, _ format: String
    ) async throws {
        let workspace = try Workspace()
        await #expect(throws: AnalysisError.self) {
            try await Self.run(workspace, sql, mode: mode, format: format, path: workspace.output)
        }
        #expect(!FileManager.default.fileExists(atPath: workspace.checkpoint), "nothing may be left behind")
    }

    @Test func `a memory sink needs a name, and a name can be active once`() async throws {
        let workspace = try Workspace()
        await #expect(throws: (any Error).self) {
            try await Self.run(workspace, "SELECT gt FROM input", format: "memory")
        }
        let spark = try workspace.session()
        let query = try await StreamingQueryTests.startCount(workspace, spark, trigger: .processingTime(.zero))
        let text = await Self.refusal {
            _ = try await StreamingQueryTests.startCount(workspace, spark, trigger: .processingTime(.zero))
        }
        #expect(text.contains("Cannot start query with name counts"))
        try await query.stop()
        try await spark.stop()
    }

    @Test(arguments: [
        "SELECT x, count(*) FROM input GROUP BY x", "SELECT n, count(*) FROM input GROUP BY n",
        "SELECT gt, sum(n) FROM input GROUP BY gt", "SELECT gt, count(*), count(n) FROM input GROUP BY gt",
        "SELECT count(*) FROM input", "SELECT upper(gt), count(*) FROM input GROUP BY upper(gt)",
    ])
    func `the checkpoint of another aggregation is refused and left as it was`(_ sql: String) async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 2))
        try await Self.run(workspace, "SELECT gt, count(*) FROM input GROUP BY gt", mode: .update)
        try workspace.addFile(1, Workspace.lines(["walk"], count: 2))
        let before = try Self.tree(workspace.checkpoint)
        let text = await Self.refusal { try await Self.run(workspace, sql, mode: .update) }
        #expect(text.contains("CHECKPOINT_INCOMPATIBLE"), "\(text)")
        #expect(try Self.tree(workspace.checkpoint) == before)
        // The query that made it goes on.
        try await Self.run(workspace, "SELECT gt, count(*) FROM input GROUP BY gt", mode: .update)
    }

    @Test func `a stateless query cannot go on from the checkpoint of an aggregation, nor one of another folder`()
        async throws
    {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 2))
        try await Self.run(workspace, "SELECT gt, count(*) FROM input GROUP BY gt", mode: .update)
        for sql in ["SELECT gt FROM input", "SELECT gt, count(*) FROM input GROUP BY gt"] {
            let other = workspace.path + "/other"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            let text = await Self.refusal { try await Self.run(workspace, sql, mode: .update, input: other) }
            #expect(text.contains("belongs to another query"), "\(text)")
        }
    }

    @Test func `a filter may change between two runs`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 2))
        try await Self.run(workspace, "SELECT gt, count(*) FROM input GROUP BY gt", mode: .update)
        try await Self.run(workspace, "SELECT gt, count(*) FROM input WHERE n > 3 GROUP BY gt", mode: .update)
    }

    @Test func `a checkpoint that is a file, or in use by another session, is refused`() async throws {
        let workspace = try Workspace()
        try workspace.write("x", to: workspace.path + "/file")
        let text = await Self.refusal {
            try await Self.run(workspace, "SELECT gt FROM input", checkpoint: workspace.path + "/file")
        }
        #expect(text.contains(workspace.path + "/file"))
        let spark = try workspace.session()
        let query = try await StreamingQueryTests.startCount(workspace, spark, trigger: .processingTime(.zero))
        let used = await Self.refusal {
            try await Self.run(workspace, "SELECT gt, count(*) FROM input GROUP BY gt", mode: .update)
        }
        #expect(used.contains("CONCURRENT_STREAM_LOG_UPDATE"), "\(used)")
        try await query.stop()
        try await spark.stop()
    }

    @Test func `the same checkpoint started again in one session stops the run before`() async throws {
        let workspace = try Workspace()
        let spark = try workspace.session()
        let frame = try await spark.readStream.schema(Workspace.schema).json(workspace.input)
        func start() async throws -> any StreamingQuery {
            try await frame.writeStream.format("noop").option("checkpointLocation", workspace.checkpoint).start()
        }
        let first = try await start()
        let second = try await start()
        #expect(!first.isActive)
        #expect(first.exception == nil)
        #expect(second.isActive)
        #expect(second.id == first.id)
        try await spark.stop()
    }

    @Test(arguments: [
        ["spark.sql.streaming.stateStore.compression.codec": "zstd"],
        ["spark.sql.streaming.stateStore.providerClass": "RocksDBStateStoreProvider"],
        ["spark.sql.session.timeZone": "Europe/Berlin"], ["spark.sql.shuffle.partitions": "2s"],
    ])
    func `a setting that the engine cannot follow is refused`(_ settings: [String: String]) async throws {
        let workspace = try Workspace()
        let text = await Self.refusal {
            let spark = try workspace.session(settings)
            _ = try await StreamingQueryTests.startCount(workspace, spark)
        }
        #expect(text.contains(settings.values.first ?? "-"), "\(text)")
    }

    @Test func `columns of types that the engine has not are refused by name`() async throws {
        let workspace = try Workspace()
        let spark = try workspace.session()
        let frame = try await spark.readStream.schema("a STRUCT<b: INT>, c BIGINT").json(workspace.input)
        let text = await Self.refusal {
            _ = try await frame.writeStream.format("noop").option("checkpointLocation", workspace.checkpoint).start()
        }
        #expect(text.contains("UNSUPPORTED_FEATURE"))
        #expect(text.contains("as in a"))
    }

    /// Every visible file below a folder with its text.
    static func tree(_ path: String) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) where !name.hasPrefix(".streamgauge.lock")
        {
            if let data = FileManager.default.contents(atPath: path + "/" + name) { files[name] = Array(data) }
        }
        return files
    }
}

/// Queries without data, by the manual clock.
@Suite struct IdleQueryTests {
    @Test func `a query without data is idle every ten seconds, and its entries say so`() async throws {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 1))
        let clock = ManualClock(milliseconds: 1_000_000)
        let spark = workspace.session(clock: clock, files: LocalFileManager(isDurable: false))
        let listener = RecordingListener()
        spark.streams.addListener(listener)
        let query = try await StreamingQueryTests.startCount(workspace, spark, trigger: .processingTime(.zero))
        while query.lastProgress == nil { try await Task.sleep(for: .milliseconds(1)) }
        while listener.kinds.filter({ $0 == "idle" }).count < 2 {
            clock.advance(milliseconds: 10_000)
            try await Task.sleep(for: .milliseconds(5))
        }
        try await query.stop()
        try await spark.stop()
        let entries = query.recentProgress
        #expect(entries.map(\.batchId).first == 0)
        #expect(entries.dropFirst().allSatisfy { $0.batchId == 1 && $0.numInputRows == 0 })
        #expect(entries.dropFirst().allSatisfy { $0.stateOperators.first?.numRowsUpdated == 0 })
        #expect(entries.dropFirst().allSatisfy { $0.sink.numOutputRows == 0 })
        #expect(listener.kinds.first == "started")
        #expect(listener.kinds.last == "terminated")
        #expect(listener.kinds.filter { $0 == "progress" }.count == 1)
        for (one, next) in zip(entries.dropFirst(), entries.dropFirst(2)) {
            let between = (next.timestamp.millisecondsSinceEpoch ?? 0) - (one.timestamp.millisecondsSinceEpoch ?? 0)
            #expect(between >= 10_000)
        }
    }
}
