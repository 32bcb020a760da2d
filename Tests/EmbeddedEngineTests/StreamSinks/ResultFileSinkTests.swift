import Glibc
import StreamingTesting
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct ResultFileSinkTests {
    private static func workspace() throws -> Workspace {
        let workspace = try Workspace()
        try workspace.addFile(0, Workspace.lines(["walk"], count: 2))
        try workspace.addFile(1, Workspace.lines(["sit"], count: 3))
        try workspace.addFile(2, Workspace.lines(["walk", "ride"], count: 1))
        return workspace
    }

    private static let expected = [
        #"{"gt":"ride","count":1}"#, #"{"gt":"sit","count":3}"#, #"{"gt":"walk","count":3}"#,
    ]

    /// Counts what is there, a file a batch, into the file `out`.
    private static func count(
        _ workspace: Workspace, _ mode: OutputMode, keys: String? = "0",
        files: any CheckpointFileManager = LocalFileManager(isDurable: false)
    ) async throws {
        let spark = workspace.session(clock: SystemClock(), files: files)
        var writer = try await spark.readStream.schema(Workspace.schema).option("maxFilesPerTrigger", 1)
            .json(workspace.input).groupBy("gt").count().writeStream.outputMode(mode).trigger(.availableNow)
            .option("checkpointLocation", workspace.checkpoint).format("result").option("path", workspace.output)
        if let keys { writer = writer.option("keyPositions", keys) }
        try await writer.start().awaitTermination()
    }

    private static func rows(_ workspace: Workspace) throws -> [String] {
        try workspace.read(workspace.output).split(separator: "\n").map(String.init).sorted()
    }

    @Test(arguments: [OutputMode.complete, .update])
    func `the file holds the whole table, over restarts`(mode: OutputMode) async throws {
        let workspace = try Self.workspace()
        try await Self.count(workspace, mode)
        #expect(try Self.rows(workspace) == Self.expected)
        try workspace.addFile(3, [#"{"gt":"ride"}"#, #"{}"#])
        try await Self.count(workspace, mode)
        #expect(
            try Self.rows(workspace) == [#"{"count":1}"#, #"{"gt":"ride","count":2}"#] + Self.expected.dropFirst())
    }

    @Test(arguments: [OutputMode.complete, .update])
    func `an error at a file operation ends the query, and a restart makes the file whole`(
        mode: OutputMode
    ) async throws {
        let counting = FaultyFileManager(over: LocalFileManager(isDurable: false))
        try await Self.count(Self.workspace(), mode, files: counting)
        for point in stride(from: mode == .update ? 0 : 1, to: counting.operations.count, by: 3) {
            let workspace = try Self.workspace()
            let faulty = FaultyFileManager(over: LocalFileManager(isDurable: false), failingAt: point, errno: EIO)
            // Whether the run notices or not: after the next one the file is right.
            _ = try? await Self.count(workspace, mode, files: faulty)
            try await Self.count(workspace, mode)
            #expect(try Self.rows(workspace) == Self.expected, "failed at \(counting.operations[point])")
        }
    }

    @Test func `a new query does not go on from another one's file`() async throws {
        let workspace = try Self.workspace()
        try workspace.write("{\"gt\":\"swim\",\"count\":9}\n", to: workspace.output)
        try await Self.count(workspace, .update)
        #expect(try Self.rows(workspace) == Self.expected)
    }

    @Test func `a file that cannot be gone on from is an error, not a wrong table`() async throws {
        let workspace = try Self.workspace()
        try await Self.count(workspace, .update)
        try workspace.addFile(3, Workspace.lines(["walk"], count: 1))
        try workspace.write("torn {", to: workspace.output)
        await #expect(throws: StreamingQueryException.self) { try await Self.count(workspace, .update) }
    }

    @Test func `update mode needs the key's positions`() async throws {
        let workspace = try Self.workspace()
        await #expect(throws: EngineError.self) { try await Self.count(workspace, .update, keys: nil) }
        await #expect(throws: EngineError.self) { try await Self.count(workspace, .update, keys: "gt") }
    }
}
