import StreamingTesting
import Testing

@testable import EmbeddedEngine

@Suite struct CompactibleFileStreamLogTests {
    private func entry(_ offset: Int64) -> FileEntry {
        FileEntry(path: "file:///in/\(offset).json", timestamp: 1000 + offset, batchId: offset)
    }

    @Test func `with interval 3 and 3 to retain, 16 offsets leave what Spark leaves`() throws {
        let scratch = try CheckpointScratch()
        let log = try FileStreamSourceLog(
            directory: scratch.path, files: scratch.files,
            settings: CompactionSettings(interval: 3, minBatchesToRetain: 3, cleanupDelayMs: 0))
        for offset: Int64 in 0..<16 { try log.add(offset, [entry(offset)]) }
        #expect(try scratch.names() == ["11.compact", "12", "13", "14.compact", "15"])
        #expect(try log.allEntries() == (0..<16).map(entry))
        let reopened = try FileStreamSourceLog(directory: scratch.path, files: scratch.files)
        #expect(try reopened.allEntries() == (0..<16).map(entry))
        #expect(try reopened.entries(after: 9, through: 12) == [entry(10), entry(11), entry(12)])
        #expect(reopened.latest == 15)
    }

    @Test func `superseded files stay until they are old enough`() throws {
        let scratch = try CheckpointScratch()
        let log = try FileStreamSourceLog(
            directory: scratch.path, files: scratch.files,
            settings: CompactionSettings(interval: 2, minBatchesToRetain: 1))
        for offset: Int64 in 0..<6 { try log.add(offset, [entry(offset)]) }
        #expect(try scratch.names() == ["0", "1.compact", "2", "3.compact", "4", "5.compact"])
    }

    @Test(arguments: [
        ([Int64](), Int64(10), Int64(10)), ([2, 5], 10, 3), ([9], 10, 10), ([4], 10, 5), ([19], 10, 20), ([11], 5, 6),
        ([24], 7, 25), ([12], 3, 13), ([29], 7, 10),
    ])
    func `the interval on disk wins over the setting`(_ compactions: [Int64], _ setting: Int64, _ expected: Int64) {
        #expect(CompactibleFileStreamLog.interval(compactions: compactions, setting: setting) == expected)
    }

    @Test func `adding reads no file but the last compact one, and only when compacting`() throws {
        let scratch = try CheckpointScratch()
        let faulty = FaultyFileManager(over: scratch.files)
        let log = try FileStreamSourceLog(
            directory: scratch.path, files: faulty, settings: CompactionSettings(interval: 4))
        for offset: Int64 in 0..<12 { try log.add(offset, [entry(offset)]) }
        let reads = faulty.operations.filter { $0.name == "read" }.map { CheckpointPath.name(of: $0.path) }
        #expect(reads == ["3.compact", "7.compact"])
        #expect(faulty.operations.filter { $0.name == "list" }.count == 1)
    }

    @Test func `a log goes on after a restart in the middle of an interval`() throws {
        let scratch = try CheckpointScratch()
        for offset: Int64 in 0..<9 {
            let log = try FileStreamSourceLog(
                directory: scratch.path, files: scratch.files, settings: CompactionSettings(interval: 4))
            try log.add(offset, [entry(offset)])
        }
        #expect(try scratch.names() == ["0", "1", "2", "3.compact", "4", "5", "6", "7.compact", "8"])
        #expect(try scratch.text("7.compact").split(separator: "\n").count == 9)
    }

    @Test func `a taken number is refused under either of its names`() throws {
        let scratch = try CheckpointScratch()
        let settings = CompactionSettings(interval: 2)
        let first = try FileStreamSourceLog(directory: scratch.path, files: scratch.files, settings: settings)
        try first.add(0, [entry(0)])
        let second = try FileStreamSourceLog(directory: scratch.path, files: scratch.files, settings: settings)
        try first.add(1, [entry(1)])
        #expect(engineError { try second.add(1, [entry(1)]) }?.code == .checkpointInUse)
        try scratch.files.rename(scratch.path + "/1.compact", to: scratch.path + "/1", .failIfExists)
        #expect(engineError { try second.add(1, [entry(1)]) }?.code == .checkpointInUse)
    }

    @Test func `a sink's retention drops old files at a compaction`() throws {
        let scratch = try CheckpointScratch()
        let log = try FileStreamSinkLog(
            outputDirectory: scratch.path, files: scratch.files, settings: CompactionSettings(interval: 3),
            oldestRetainedMs: { 11 })
        for batch: Int64 in 0..<3 {
            try log.add(batch, [SinkFileStatus(path: "file:///o/\(batch)", size: 1, modificationTime: 10 + batch)])
        }
        #expect(try log.allFiles().map(\.path) == ["file:///o/1", "file:///o/2"])
        try log.add(3, [])
        #expect(try scratch.text("_spark_metadata/3") == "v1")
        #expect(engineError { try log.add(3, []) }?.code == .checkpointInUse)
    }

    @Test func `an interval that is not positive is refused`() throws {
        let scratch = try CheckpointScratch()
        let error = engineError {
            _ = try FileStreamSourceLog(
                directory: scratch.path, files: scratch.files, settings: CompactionSettings(interval: 0))
        }
        #expect(error?.code == .illegalArgument)
    }
}
