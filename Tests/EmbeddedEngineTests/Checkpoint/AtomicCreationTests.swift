import Glibc
import StreamingTesting
import Testing

@testable import EmbeddedEngine

/// Every point at which a run may die while it creates a file.
@Suite struct AtomicCreationTests {
    @Test(arguments: [ExistingFilePolicy.failIfExists, .overwrite])
    func `after a failure at any operation the file is whole or absent, and adding it again works`(
        _ policy: ExistingFilePolicy
    ) throws {
        let counting = try CheckpointScratch()
        let recorder = FaultyFileManager(over: counting.files)
        try recorder.createAtomic(counting.path + "/7", Array("content".utf8), policy)
        let operations = recorder.operations
        #expect(
            operations.map(\.name).filter { $0 != "delete" } == ["write", "syncFiles", "rename", "syncDirectories"])
        for point in operations.indices {
            let scratch = try CheckpointScratch()
            let path = scratch.path + "/7"
            let faulty = FaultyFileManager(over: scratch.files, failingAt: point, errno: EIO)
            let error = engineError { try faulty.createAtomic(path, Array("content".utf8), policy) }
            #expect(error?.code == .inputOutput)
            #expect(error?.message.contains("Input/output error") == true)
            #expect(error?.message.contains(scratch.path) == true)
            let isThere = try scratch.files.exists(path)
            if isThere { #expect(try scratch.text("7") == "content") }
            #expect(isThere == (operations[point].name == "syncDirectories"))
            if !isThere || policy == .overwrite {
                try scratch.files.createAtomic(path, Array("content".utf8), policy)
                #expect(try scratch.text("7") == "content")
            }
        }
    }

    @Test func `the second writer of a number loses and changes nothing`() throws {
        let scratch = try CheckpointScratch()
        let log = try CommitLog(directory: scratch.path, files: scratch.files)
        try log.add(0, CommitMetadata(nextBatchWatermarkMs: 1))
        let error = engineError { try log.add(0, CommitMetadata(nextBatchWatermarkMs: 2)) }
        #expect(error?.code == .checkpointInUse)
        #expect(error?.description.contains("[CONCURRENT_STREAM_LOG_UPDATE]") == true)
        #expect(error?.message.contains("Multiple streaming jobs detected for 0") == true)
        #expect(try log.get(0)?.nextBatchWatermarkMs == 1)
        #expect(try scratch.names() == ["0"])
    }

    @Test func `of many writers of one number exactly one wins`() async throws {
        let scratch = try CheckpointScratch()
        let path = scratch.path
        let wins = await withTaskGroup(of: Int.self) { group in
            for writer in 0..<16 {
                group.addTask {
                    do {
                        try LocalFileManager(isDurable: false).createAtomic(
                            path + "/0", Array("\(writer)".utf8), .failIfExists)
                        return 1
                    } catch { return 0 }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wins == 1)
        #expect(try scratch.names() == ["0"])
    }

    @Test func `a death between any two operations of a batch's logs leaves a checkpoint that recovers`() throws {
        func run(_ files: any CheckpointFileManager, _ path: String) throws {
            let offsets = try OffsetSeqLog(directory: path + "/offsets", files: files)
            let commits = try CommitLog(directory: path + "/commits", files: files)
            try offsets.add(
                3, OffsetSeq(metadata: OffsetSeqMetadata(batchTimestampMs: 5), offsets: [#"{"logOffset":3}"#]))
            try commits.add(3, CommitMetadata())
            try offsets.purge(below: 2)
            try commits.purge(below: 2)
        }
        let counting = try CheckpointScratch()
        let recorder = FaultyFileManager(over: counting.files)
        try run(recorder, try CheckpointFixture.activityCounts.copy(to: counting))
        var rerunPoints = 0
        for point in recorder.operations.indices where recorder.operations[point].isChange {
            let scratch = try CheckpointScratch()
            let path = try CheckpointFixture.activityCounts.copy(to: scratch)
            #expect(
                engineError {
                    try run(FaultyFileManager(over: scratch.files, failingAt: point, errno: ENOSPC), path)
                }?.hint?.contains("make room on the disk") == true)
            let recovered = try CheckpointLocation(path, files: scratch.files).recover()
            #expect(recovered.nextBatchId == 3 || recovered.nextBatchId == 4)
            if recovered.nextBatchId == 4 { #expect(!recovered.isRerun) }
            if recovered.isRerun {
                rerunPoints += 1
                #expect(recovered.rerun?.metadata?.batchTimestampMs == 5)
            }
        }
        #expect(rerunPoints > 0)
    }

    @Test func `replacing or purging a file of Spark's also deletes Hadoop's checksum of it`() throws {
        let scratch = try CheckpointScratch()
        for name in ["3", ".3.crc", "4", ".4.crc", "5.delta", ".5.delta.crc"] { try scratch.write(name, "x") }
        try scratch.files.createAtomic(scratch.path + "/5.delta", [1], .overwrite)
        try CommitLog(directory: scratch.path, files: scratch.files).purge(below: 4)
        #expect(try scratch.names() == [".4.crc", "4", "5.delta"])
    }

    @Test func `many files are waited for together, and one that fails is reported`() throws {
        let scratch = try CheckpointScratch()
        let files = (0..<40).map { AtomicFile(path: scratch.path + "/\($0)", bytes: [UInt8($0)]) }
        try LocalFileManager().createAtomic(files, .overwrite)
        #expect(try scratch.names().count == 40)
        let error = engineError { try LocalFileManager().syncFiles(files.map(\.path) + [scratch.path + "/none"]) }
        #expect(error?.message.contains("cannot sync \(scratch.path)/none: No such file") == true)
    }

    @Test func `large and empty files are written and read whole, durably too`() throws {
        let scratch = try CheckpointScratch()
        let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for bytes in [large, []] {
            let path = scratch.path + "/\(bytes.count)"
            try LocalFileManager().createAtomic(path, bytes, .failIfExists)
            #expect(try LocalFileManager().read(path) == bytes)
        }
        #expect(engineError { _ = try scratch.files.read(scratch.path + "/none") }?.code == .pathNotFound)
        #expect(try scratch.files.list(scratch.path + "/none") == [])
        #expect(try scratch.files.status(scratch.path)?.isDirectory == true)
    }
}
