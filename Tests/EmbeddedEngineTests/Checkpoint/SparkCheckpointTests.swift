import Testing

@testable import EmbeddedEngine

/// Files of real Spark checkpoints are read, and written again byte for byte.
@Suite struct SparkCheckpointTests {
    @Test(arguments: CheckpointFixture.allCases)
    func `every offsets, commits and metadata file is written again as it was`(_ fixture: CheckpointFixture) throws {
        let scratch = try CheckpointScratch()
        let copy = try fixture.copy(to: scratch)
        let location = try CheckpointLocation(copy, files: scratch.files)
        #expect(location.metadata.text == (try fixture.text("checkpoint/metadata")))
        let offsets = try OffsetSeqLog(directory: scratch.path + "/offsets", files: scratch.files)
        let commits = try CommitLog(directory: scratch.path + "/commits", files: scratch.files)
        let batches = try location.offsetLog.batchIds()
        #expect(batches == (fixture == .activityCounts ? [0, 1, 2] : [0, 1, 2, 3, 4, 5, 6]))
        #expect(try location.commitLog.batchIds() == batches)
        for batch in batches {
            try offsets.add(batch, try #require(try location.offsetLog.get(batch)))
            try commits.add(batch, try #require(try location.commitLog.get(batch)))
            #expect(try scratch.text("offsets/\(batch)") == (try fixture.text("checkpoint/offsets/\(batch)")))
            #expect(try scratch.text("commits/\(batch)") == (try fixture.text("checkpoint/commits/\(batch)")))
        }
    }

    @Test func `a finished batch is followed by the next one with the newer watermark`() throws {
        let scratch = try CheckpointScratch()
        let location = try CheckpointLocation(
            try CheckpointFixture.windowedAppend.copy(to: scratch), files: scratch.files)
        let point = try location.recover()
        #expect(point.nextBatchId == 7)
        #expect(!point.isRerun)
        #expect(point.previous?.offsets == [#"{"logOffset":5}"#])
        #expect(point.watermarkMs == 1_704_069_000_000)
        #expect(point.pinned?["spark.sql.shuffle.partitions"] == "2")
        #expect(point.warnings.isEmpty)
    }

    @Test func `the settings of a new query are the eleven that Spark pins, in its order`() throws {
        let session = ["spark.sql.shuffle.partitions": "2"]
        let scratch = try CheckpointScratch()
        let log = try OffsetSeqLog(directory: scratch.path, files: scratch.files)
        let metadata = OffsetSeqMetadata(
            batchWatermarkMs: 0, batchTimestampMs: 1_795_429_080_043, conf: PinnedConfiguration(session: session))
        try log.add(0, OffsetSeq(metadata: metadata, offsets: [#"{"logOffset":0}"#]))
        #expect(try scratch.text("0") == (try CheckpointFixture.windowedAppend.text("checkpoint/offsets/0")))
    }

    @Test func `the source log's files are written again as they were, compact ones included`() throws {
        for fixture in CheckpointFixture.allCases {
            let scratch = try CheckpointScratch()
            let original = try FileStreamSourceLog(
                directory: fixture.path + "/checkpoint/sources/0", files: scratch.files)
            let interval: Int64 = fixture == .activityCounts ? 10 : 3
            let copy = try FileStreamSourceLog(
                directory: scratch.path + "/sources/0", files: scratch.files,
                settings: CompactionSettings(interval: interval))
            for offset in 0...(try #require(original.latest)) {
                try copy.add(offset, try original.entries(after: offset - 1, through: offset))
            }
            let names = try scratch.names("sources/0")
            #expect(
                names
                    == (fixture == .activityCounts ? ["0", "1", "2"] : ["0", "1", "2.compact", "3", "4", "5.compact"]))
            for name in names {
                #expect(try scratch.text("sources/0/\(name)") == (try fixture.text("checkpoint/sources/0/\(name)")))
            }
            #expect(try copy.allEntries() == original.allEntries())
            #expect(try original.allEntries().count == 6)
        }
    }

    @Test func `the sink log lists the files with the expected rows, and is written again as it was`() throws {
        let fixture = CheckpointFixture.windowedAppend
        let scratch = try CheckpointScratch()
        let original = try FileStreamSinkLog(outputDirectory: fixture.path + "/output", files: scratch.files)
        #expect(original.latest == 6)
        let all = try original.allFiles()
        #expect(all.count == 10)
        var lines: [String] = []
        for file in all where file.size > 0 {
            let name = CheckpointPath.name(of: try FileURI.path(of: file.path))
            lines += try fixture.text("output/\(name)").split(separator: "\n").map(String.init)
        }
        #expect(lines.sorted() == (try fixture.text("expected.jsonl").split(separator: "\n").map(String.init).sorted()))

        let copy = try FileStreamSinkLog(
            outputDirectory: scratch.path, files: scratch.files, settings: CompactionSettings(interval: 3))
        let perBatch = [1, 1, 1, 1, 2, 2, 2]
        var rest = all[...]
        for (batch, count) in perBatch.enumerated() {
            try copy.add(Int64(batch), Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        for name in try scratch.names("_spark_metadata") {
            #expect(try scratch.text("_spark_metadata/\(name)") == (try fixture.text("output/_spark_metadata/\(name)")))
        }
        #expect(try scratch.names("_spark_metadata").count == 7)
    }
}
