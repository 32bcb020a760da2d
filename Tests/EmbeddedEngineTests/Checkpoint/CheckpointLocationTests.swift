import Foundation
import Testing

@testable import EmbeddedEngine

@Suite struct CheckpointLocationTests {
    @Test func `a new checkpoint has a query id that stays`() throws {
        let scratch = try CheckpointScratch()
        let path = scratch.path + "/a/b"
        let first = try CheckpointLocation(path, files: scratch.files)
        let id = first.metadata.id
        #expect(RandomUUID.isUUID(id))
        #expect(try scratch.text("a/b/metadata") == "{\"id\":\"\(id)\"}")
        #expect(try scratch.names("a/b") == [".streamgauge.lock", "commits", "metadata", "offsets"])
        first.close()
        #expect(try CheckpointLocation(path, files: scratch.files).metadata.id == id)
    }

    @Test func `a second run is refused at once and let in when the first has closed`() throws {
        let scratch = try CheckpointScratch()
        let first = try CheckpointLocation(scratch.path, files: scratch.files)
        let error = engineError { _ = try CheckpointLocation(scratch.path, files: scratch.files) }
        #expect(error?.code == .checkpointInUse)
        #expect(error?.message.contains("another query of this process") == true)
        first.close()
        first.close()
        _ = try CheckpointLocation(scratch.path, files: scratch.files)
    }

    @Test func `another process is named by its number`() throws {
        let scratch = try CheckpointScratch()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let lock = scratch.path + "/.streamgauge.lock"
        process.arguments = ["-c", "echo $$ > '\(lock)'; exec flock '\(lock)' sh -c 'echo locked; read end'"]
        let output = Pipe()
        let input = Pipe()
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "locked\n")
        let error = engineError { _ = try CheckpointLocation(scratch.path, files: scratch.files) }
        #expect(error?.code == .checkpointInUse)
        #expect(error?.message.contains("process \(process.processIdentifier) is using it") == true)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        _ = try CheckpointLocation(scratch.path, files: scratch.files)
    }

    @Test func `paths may be plain, relative, or file URIs`() throws {
        let here = FileManager.default.currentDirectoryPath
        #expect(try CheckpointPath.absolute("/a//b/./c/") == "/a/b/c")
        #expect(try CheckpointPath.absolute("x/y") == here + "/x/y")
        #expect(try CheckpointPath.absolute("file:///a/b%20c") == "/a/b c")
        #expect(try CheckpointPath.absolute("file:/a/b%25") == "/a/b%")
        #expect(try CheckpointPath.absolute("/a:b") == "/a:b")
        #expect(engineError { _ = try CheckpointPath.absolute("") }?.code == .illegalArgument)
        #expect(engineError { _ = try CheckpointPath.absolute("hdfs://nn/a") }?.code == .unsupported)
        #expect(engineError { _ = try CheckpointPath.absolute("file:///a%2") }?.code == .illegalArgument)
        #expect(engineError { _ = try CheckpointPath.absolute("file://host/a") }?.code == .illegalArgument)
    }

    @Test func `a path that is a file is refused in one clear error`() throws {
        let scratch = try CheckpointScratch()
        try scratch.write("file", "x")
        for path in ["/file", "/file/below"] {
            let error = engineError { _ = try CheckpointLocation(scratch.path + path, files: scratch.files) }
            #expect(error?.code == .inputOutput)
            #expect(error?.message.contains("cannot use \(scratch.path)\(path) as a checkpoint") == true)
            #expect(error?.message.contains("Not a directory") == true)
            #expect(error?.hint?.contains("name another folder") == true)
        }
    }

    @Test func `offsets without the query's id are refused, state without offsets too`() throws {
        let scratch = try CheckpointScratch()
        let copy = try CheckpointFixture.activityCounts.copy(to: scratch)
        try scratch.files.delete(copy + "/metadata")
        let missing = engineError { _ = try CheckpointLocation(copy, files: scratch.files) }
        #expect(missing?.code == .checkpointCorrupt)
        #expect(missing?.message.contains("the file metadata with the query's id is missing") == true)
        #expect(missing?.hint?.contains("{\"id\":") == true)

        let other = try CheckpointFixture.activityCounts.copy(to: scratch, as: "other")
        for folder in ["offsets", "commits"] { try FileManager.default.removeItem(atPath: "\(other)/\(folder)") }
        let leftover = engineError { _ = try CheckpointLocation(other, files: scratch.files).recover() }
        #expect(leftover?.code == .checkpointCorrupt)
        #expect(leftover?.message.contains("STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY") == true)
        #expect(leftover?.message.contains("state/0/0/1.delta") == true)
    }

    @Test func `operator metadata alone is no leftover state`() throws {
        let scratch = try CheckpointScratch()
        try scratch.write("state/0/_metadata/metadata", "v1\n{}")
        try scratch.write("state/0/0/_metadata/schema", "")
        #expect(try CheckpointLocation(scratch.path, files: scratch.files).recover() == RecoveryPoint())
    }

    @Test func `purging keeps the batches to retain and the one in work`() throws {
        let scratch = try CheckpointScratch()
        let location = try CheckpointLocation(scratch.path, files: scratch.files)
        for batch: Int64 in 0..<16 {
            try location.offsetLog.add(batch, OffsetSeq(metadata: nil, offsets: ["0"]))
            try location.purge(current: batch, minBatchesToRetain: 3)
            try location.commitLog.add(batch, CommitMetadata())
        }
        #expect(try location.offsetLog.batchIds() == [12, 13, 14, 15])
        #expect(try location.commitLog.batchIds() == [12, 13, 14, 15])
    }

    @Test func `hidden and foreign names in the logs are taken no notice of`() throws {
        let scratch = try CheckpointScratch()
        try scratch.write("offsets/.3.ab12.tmp", "")
        try scratch.write("offsets/notes.txt", "")
        try scratch.write("offsets/1x", "")
        try scratch.write("offsets/-1", "")
        let location = try CheckpointLocation(scratch.path, files: scratch.files)
        #expect(try location.recover() == RecoveryPoint())
    }
}
