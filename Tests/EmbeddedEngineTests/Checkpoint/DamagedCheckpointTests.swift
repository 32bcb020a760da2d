import StreamingMetrics
import Testing

@testable import EmbeddedEngine

/// Every damage names the file, the line where there is one, and what to do.
@Suite struct DamagedCheckpointTests {
    /// Damages one file of a real checkpoint and recovers.
    private func recover(_ name: String, _ content: String?) throws -> (error: EngineError?, point: RecoveryPoint?) {
        let scratch = try CheckpointScratch()
        let copy = try CheckpointFixture.activityCounts.copy(to: scratch)
        try scratch.files.delete("\(copy)/\(name)")
        if let content { try scratch.write("checkpoint/\(name)", content) }
        var point: RecoveryPoint?
        let error = engineError { point = try CheckpointLocation(copy, files: scratch.files).recover() }
        if let error {
            #expect(error.message.contains(copy), "the path is named: \(error)")
            #expect(error.hint != nil, "a hint is given: \(error)")
        }
        return (error, point)
    }

    private static let metadataLine = #"{"batchWatermarkMs":0,"batchTimestampMs":1,"conf":{}}"#

    @Test(
        arguments: [
            ("offsets/2", "", .checkpointCorrupt, "offsets/2: Incomplete log file"),
            ("offsets/2", "v1", .checkpointCorrupt, "offsets/2, line 2: Incomplete log file"),
            ("offsets/2", "v1\n{\"batchWater", .checkpointCorrupt, "offsets/2, line 2: "),
            ("offsets/2", "v1\n[]\n0", .checkpointCorrupt, "offsets/2, line 2: a JSON object is needed"),
            (
                "offsets/2", "v1\n{\"batchWatermarkMs\":\"x\"}\n0", .checkpointCorrupt,
                "line 2: batchWatermarkMs must be"
            ),
            ("offsets/2", "v1\n{\"conf\":3}\n0", .checkpointCorrupt, "line 2: conf must be an object"),
            (
                "offsets/2", "v1\n\(metadataLine)\n{\"log", .checkpointCorrupt,
                "offsets/2, line 3: a source's offset is no JSON"
            ),
            (
                "offsets/2", "v2\n\(metadataLine)\n0", .checkpointIncompatible,
                "line 1: INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION"
            ),
            ("offsets/2", "x\n\(metadataLine)\n0", .checkpointCorrupt, "line 1: MALFORMED_LOG_FILE"),
            ("offsets/2", "\u{0}\u{0}", .checkpointCorrupt, "line 1: MALFORMED_LOG_FILE"),
            ("offsets/1", nil, .checkpointCorrupt, "batch 1 doesn't exist in offsets"),
            ("offsets/2", nil, .checkpointCorrupt, "batch 2 is in commits, but the newest of"),
            ("commits/2", "", .checkpointCorrupt, "commits/2: Incomplete log file"),
            ("commits/2", "v2\n{}", .checkpointIncompatible, "line 1: INVALID_LOG_VERSION.EXACT_MATCH_VERSION"),
            ("commits/2", "v1\n{\"next", .checkpointCorrupt, "commits/2, line 2: "),
            (
                "commits/2", "v1\n{\"nextBatchWatermarkMs\":1.5}", .checkpointCorrupt,
                "line 2: nextBatchWatermarkMs must be"
            ),
            ("metadata", "", .checkpointCorrupt, "metadata, line 1: the file is empty"),
            ("metadata", "{\"id\":\"abc\"}", .checkpointCorrupt, "metadata, line 1: Invalid UUID string: abc"),
            ("metadata", "{\"id\"", .checkpointCorrupt, "metadata, line 1: "),
            ("metadata", "{}", .checkpointCorrupt, "metadata, line 1: it has no id"),
            ("metadata", nil, .checkpointCorrupt, "the file metadata with the query's id is missing"),
        ] as [(String, String?, EngineError.Code, String)])
    func `damage is refused before anything runs`(
        _ name: String, _ content: String?, _ code: EngineError.Code, _ message: String
    ) throws {
        let error = try recover(name, content).error
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }

    @Test func `what Spark accepts is accepted`() throws {
        #expect(try recover("commits/2", "v1").point?.nextBatchId == 3)
        #expect(try recover("commits/2", "v1\n{}\n").point?.watermarkMs == 0)
        #expect(try recover("commits/2", "v1\n{\"nextBatchWatermarkMs\":7,\"new\":1}").point?.watermarkMs == 7)
        #expect(try recover("commits/2", nil).point?.isRerun == true)
        let noMetadata = try recover("offsets/2", "v1\n\n{\"logOffset\":2}\n").point
        #expect(noMetadata?.previous == OffsetSeq(metadata: nil, offsets: [#"{"logOffset":2}"#]))
        #expect(noMetadata?.pinned == nil)
        let dash = try recover("offsets/2", "v1\n{}\n-\n{\"a\" : 1}").point
        #expect(dash?.previous?.offsets == [nil, #"{"a" : 1}"#])
        let metadata = try recover("metadata", #"{"id":"6C8708C9-68b5-4224-81cd-1c58c9357717","x":[1]}"# + "\n").point
        #expect(metadata?.nextBatchId == 3)
    }

    @Test func `unknown fields and settings are kept`() throws {
        let text =
            "v1\n{\"batchWatermarkMs\":1,\"batchTimestampMs\":2,\"conf\":{\"my.key\":\"v\",\"n\":3},\"later\":{\"a\":[1.50]}}"
            + "\n{\"logOffset\":0}\n-"
        let offsets = try OffsetSeq(Array(text.utf8), path: "/offsets/0")
        #expect(offsets.text == text)
        #expect(offsets.metadata?.conf["n"] == "3")
    }

    @Test func `the wrong number of sources is refused in Spark's words`() throws {
        let offsets = OffsetSeq(metadata: nil, offsets: ["0"])
        try offsets.requireSources(1, path: "/c/offsets/0")
        let error = engineError { try offsets.requireSources(2, path: "/c/offsets/0") }
        #expect(error?.code == .checkpointIncompatible)
        #expect(
            error?.message.contains("There are [1] sources in the checkpoint offsets and now there are [2]") == true)
    }

    @Test(arguments: [
        ("spark.sql.streaming.stateStore.compression.codec", "zstd", "the compression codec of the state is zstd"),
        ("spark.sql.streaming.stateStore.encodingFormat", "avro", "the encoding of the state is avro"),
        (
            "spark.sql.streaming.stateStore.providerClass", "org.apache.RocksDBStateStoreProvider",
            "the state store provider is org.apache.RocksDBStateStoreProvider"
        ),
    ])
    func `state of a kind that cannot be read is refused`(_ key: String, _ value: String, _ message: String) throws {
        let error = try recover("offsets/2", "v1\n{\"conf\":{\"\(key)\":\"\(value)\"}}\n0").error
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(message) == true)
    }

    @Test func `pinned settings win over the session's, and old files mean what they meant`() {
        let pinned = PinnedConfiguration([.init("spark.sql.shuffle.partitions", "2")])
        let session = ["spark.sql.shuffle.partitions": "5", "spark.sql.streaming.multipleWatermarkPolicy": "max"]
        #expect(pinned.effective("spark.sql.shuffle.partitions", session: session) == "2")
        #expect(pinned.effective("spark.sql.streaming.multipleWatermarkPolicy", session: session) == "min")
        #expect(pinned.effective("spark.sql.streaming.aggregation.stateFormatVersion", session: session) == "1")
        #expect(PinnedConfiguration().effective("spark.sql.shuffle.partitions", session: session) == "5")
        #expect(PinnedConfiguration().effective("spark.sql.shuffle.partitions", session: [:]) == "200")
        #expect(
            pinned.overridden(session: session).map(\.key) == [
                "spark.sql.streaming.multipleWatermarkPolicy", "spark.sql.shuffle.partitions",
            ])
    }

    @Test(
        arguments: [
            ("sources/0/2", nil, "batch 2 doesn't exist"),
            ("sources/0/2", "", "sources/0/2: Incomplete log file"),
            ("sources/0/2", "v1", "sources/0/2: Incomplete log file, it names no file of offset 2"),
            ("sources/0/2", "v1\n{\"path\":\"file:/", "sources/0/2, line 2: "),
            ("sources/0/2", "v1\n{\"path\":3}", "sources/0/2, line 2: path must be a string"),
            ("sources/0/2", "v9\n{}", "sources/0/2, line 1: INVALID_LOG_VERSION"),
        ] as [(String, String?, String)])
    func `a damaged source log is refused`(_ name: String, _ content: String?, _ message: String) throws {
        let scratch = try CheckpointScratch()
        let copy = try CheckpointFixture.activityCounts.copy(to: scratch)
        try scratch.files.delete("\(copy)/\(name)")
        if let content { try scratch.write("checkpoint/\(name)", content) }
        let log = try FileStreamSourceLog(directory: copy + "/sources/0", files: scratch.files)
        let error = engineError { _ = try log.entries(after: 1, through: 2) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error?.hint != nil)
    }

    @Test func `a hole in a source log is refused with what was looked for`() throws {
        let scratch = try CheckpointScratch()
        let copy = try CheckpointFixture.activityCounts.copy(to: scratch)
        try scratch.files.delete("\(copy)/sources/0/0")
        let log = try FileStreamSourceLog(directory: copy + "/sources/0", files: scratch.files)
        let error = engineError { _ = try log.allEntries() }
        #expect(error?.message == "\(copy)/sources/0/0 doesn't exist (latestId: 2, compactInterval: 10)")
    }
}
