import FoundationEssentials
import Glibc
import Logging
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct FileSourceTests {
    static func source(
        _ workspace: Workspace, _ options: [String: String] = [:], path: String? = nil
    ) throws -> FileStreamSource {
        let relation = DataSourceRelation(
            format: "json", options: options, paths: [path ?? workspace.input],
            schema: try StructType(ddl: Workspace.schema), isStreaming: true)
        let log = try FileStreamSourceLog(
            directory: workspace.checkpoint + "/sources/0", files: LocalFileManager(isDurable: false))
        return try FileStreamSource(relation, log: log, logger: Workspace.quiet)
    }

    /// The names of the files of one batch after another.
    static func batches(_ source: FileStreamSource, most: Int = 20) throws -> [[String]] {
        var batches: [[String]] = []
        var start: SourceOffset?
        while batches.count < most, let end = try source.latestOffset(after: start, limit: .sourceOptions), end != start
        {
            let names = try source.tasks(from: start, to: end).compactMap { ($0 as? FileScanTask)?.path }
            batches.append(names.map(CheckpointPath.name))
            start = end
        }
        return batches
    }

    static func name(_ number: Int) -> String {
        "part-\(String(repeating: "0", count: 5 - String(number).count))\(number).json"
    }

    static func filled(_ count: Int) throws -> Workspace {
        let workspace = try Workspace()
        for number in 0..<count { try workspace.addFile(number, ["{}"]) }
        return workspace
    }

    @Test func `files are taken oldest first, as many as the limit allows`() throws {
        let workspace = try Self.filled(5)
        let batches = try Self.batches(Self.source(workspace, ["maxFilesPerTrigger": "2"]))
        #expect(batches == [[0, 1], [2, 3], [4]].map { $0.map(Self.name) })
    }

    @Test func `latestFirst takes the newest files first`() throws {
        let workspace = try Self.filled(5)
        let batches = try Self.batches(Self.source(workspace, ["maxFilesPerTrigger": "2", "latestFirst": "true"]))
        #expect(batches == [[4, 3], [2, 1], [0]].map { $0.map(Self.name) })
    }

    @Test func `maxBytesPerTrigger takes at least one file, however large`() throws {
        let workspace = try Workspace()
        for number in 0..<3 { try workspace.addFile(number, Workspace.lines(["walk"], count: 10)) }
        let batches = try Self.batches(Self.source(workspace, ["maxBytesPerTrigger": "1"]))
        #expect(batches.map(\.count) == [1, 1, 1])
    }

    @Test func `hidden, temporary and underscore files and directories are no input, any other name is`() throws {
        let workspace = try Workspace()
        for name in ["_meta.json", ".hidden.json", "a.json._COPYING_", "a.txt", "b"] {
            try workspace.write("{}\n", to: workspace.input + "/" + name)
        }
        try FileManager.default.createDirectory(atPath: workspace.input + "/sub", withIntermediateDirectories: true)
        try workspace.write("{}\n", to: workspace.input + "/sub/c.json")
        #expect(try Self.batches(Self.source(workspace)).flatMap { $0 }.sorted() == ["a.txt", "b"])
        var listing = FileListing(path: workspace.input)
        listing.isRecursive = true
        listing.nameFilter = "*.json"
        #expect(try listing.files().map(\.path) == [workspace.input + "/sub/c.json"])
    }

    @Test func `a file is read once, also after a restart and when it was rewritten`() throws {
        let workspace = try Self.filled(2)
        #expect(try Self.batches(Self.source(workspace)).flatMap { $0 }.count == 2)
        try workspace.addFile(0, ["{}", "{}"])
        try workspace.addFile(7, ["{}"])
        let again = try Self.source(workspace)
        let start = SourceOffset(json: #"{"logOffset":0}"#)
        let end = try #require(try again.latestOffset(after: start, limit: .sourceOptions))
        let names = try again.tasks(from: start, to: end).compactMap { ($0 as? FileScanTask)?.path }
        #expect(names.map(CheckpointPath.name) == [Self.name(7)])
    }

    @Test func `an available-now run leaves files that come later to the next run`() throws {
        let workspace = try Self.filled(2)
        let source = try Self.source(workspace, ["maxFilesPerTrigger": "1"])
        try source.prepareForAvailableNow()
        try workspace.addFile(9, ["{}"])
        #expect(try Self.batches(source) == [[Self.name(0)], [Self.name(1)]])
    }

    @Test func `files that were logged before a crash are the next batch`() throws {
        let workspace = try Self.filled(2)
        _ = try Self.source(workspace).latestOffset(after: nil, limit: .sourceOptions)
        try workspace.addFile(5, ["{}"])
        let batches = try Self.batches(Self.source(workspace))
        #expect(batches == [[Self.name(0), Self.name(1)], [Self.name(5)]])
    }

    @Test func `files older than maxFileAge before the newest are not read`() throws {
        let workspace = try Self.filled(1)
        let source = try Self.source(workspace, ["maxFileAge": "100s"])
        try workspace.addFile(1000, ["{}"])
        #expect(try Self.batches(source).flatMap { $0 }.count == 2)
        try workspace.addFile(500, ["{}"])
        #expect(
            try source.latestOffset(after: SourceOffset(json: #"{"logOffset":0}"#), limit: .all)?.json
                == #"{"logOffset":0}"#)
    }

    @Test func `a file of a batch that is gone is an error, not fewer rows`() throws {
        let workspace = try Self.filled(2)
        let source = try Self.source(workspace)
        let end = try #require(try source.latestOffset(after: nil, limit: .all))
        unlink(workspace.input + "/" + Self.name(1))
        let error = #expect(throws: EngineError.self) { try source.tasks(from: nil, to: end) }
        #expect(error?.code == .pathNotFound)
    }

    @Test(arguments: [
        ["maxFilesPerTrigger": "0"], ["maxFilesPerTrigger": "many"], ["maxBytesPerTrigger": "-1"],
        ["maxFilesPerTrigger": "1", "maxBytesPerTrigger": "1"], ["cleanSource": "burn"], ["cleanSource": "archive"],
        ["maxFileAge": "soon"], ["latestFirst": "perhaps"], ["modifiedBefore": "2024-01-01"],
        ["discardCachedInputRatio": "2"],
    ])
    func `an option with a value it cannot have is refused`(_ options: [String: String]) throws {
        let workspace = try Workspace()
        let error = #expect(throws: EngineError.self) { try Self.source(workspace, options) }
        #expect(error?.code == .illegalArgument)
    }

    @Test func `cleanSource deletes or archives the files of a batch once it is durable`() throws {
        let deleting = try Self.filled(2)
        let source = try Self.source(deleting, ["cleanSource": "delete", "maxFilesPerTrigger": "1"])
        let first = try #require(try source.latestOffset(after: nil, limit: .sourceOptions))
        try source.commit(first)
        source.stop()
        #expect(
            try FileListing(path: deleting.input).files().map(\.path).map(CheckpointPath.name) == [Self.name(1)])
        let archiving = try Self.filled(1)
        let other = try Self.source(
            archiving, ["cleanSource": "archive", "sourceArchiveDir": archiving.path + "/archive"])
        try other.commit(try #require(try other.latestOffset(after: nil, limit: .all)))
        other.stop()
        #expect(ListedFile.size(of: archiving.path + "/archive" + archiving.input + "/" + Self.name(0)) == 3)
    }

    @Test func `a pattern as path lists what matches`() throws {
        let workspace = try Self.filled(12)
        let batches = try Self.batches(Self.source(workspace, path: workspace.input + "/part-0000{1,2}.json"))
        #expect(batches.flatMap { $0 } == [Self.name(1), Self.name(2)])
    }
}
