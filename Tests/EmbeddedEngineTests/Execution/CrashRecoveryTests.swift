import Foundation
import StreamingTesting
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

/// What a query leaves behind when its process dies, and what the next run makes of it.
@Suite(.serialized) struct CrashRecoveryTests {
    /// What a run of the probe printed.
    struct Run {
        var status: Int32
        var lines: [String]

        func value(_ key: String) -> String? {
            lines.last { $0.hasPrefix(key + " ") }.map { String($0.dropFirst(key.count + 1)) }
        }

        var rows: [String] { lines.filter { $0.hasPrefix("row ") }.sorted() }
    }

    /// Runs the probe; see its own documentation.
    static func probe(_ kind: String, _ workspace: Workspace, killAt: Int? = nil) throws -> Run {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "crash-probe")
        process.arguments =
            [kind, workspace.input, workspace.checkpoint, workspace.output] + (killAt.map { [String($0)] } ?? [])
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Run(status: process.terminationStatus, lines: text.split(separator: "\n").map(String.init))
    }

    static func workspace() throws -> Workspace {
        let workspace = try Workspace()
        for number in 0..<3 { try workspace.addFile(number, Workspace.lines(["walk", "sit"], count: number + 2)) }
        return workspace
    }

    @Test func `a count killed after any change of its checkpoint ends with the counts of an undisturbed run`() throws {
        let undisturbed = try Self.probe("count", Self.workspace())
        #expect(undisturbed.rows.count == 2)
        #expect(undisturbed.value("batches") == "[0, 1, 2]")
        let changes = try #require(undisturbed.value("changes").flatMap { Int($0) })
        #expect(changes > 30)
        for point in 0..<changes {
            let workspace = try Self.workspace()
            let killed = try Self.probe("count", workspace, killAt: point)
            #expect(killed.status == SIGKILL, "the probe must die at change \(point)")
            let id = Self.queryId(workspace)
            let restarted = try Self.probe("count", workspace)
            #expect(restarted.rows == undisturbed.rows, "killed after change \(point)")
            // A kill after the last commit leaves nothing to do but to say which batch would come next.
            let batches = try #require(restarted.value("batches"))
            #expect(batches == "[3]" || batches.hasSuffix("2]"), "killed after change \(point): \(batches)")
            if let id { #expect(restarted.value("id") == id, "killed after change \(point)") }
        }
    }

    @Test func `rows written to files by a run killed after any change are there once after a restart`() throws {
        let first = try Self.workspace()
        let undisturbed = try Self.probe("select", first)
        let expected = try first.outputRows()
        #expect(expected.count == 9)
        let changes = try #require(undisturbed.value("changes").flatMap { Int($0) })
        for point in 0..<changes {
            let workspace = try Self.workspace()
            #expect(try Self.probe("select", workspace, killAt: point).status == SIGKILL)
            let restarted = try Self.probe("select", workspace)
            #expect(restarted.status == 0, "killed after change \(point)")
            #expect(try workspace.outputRows() == expected, "killed after change \(point)")
        }
    }

    /// The id in the checkpoint; nil when the process died before it was written.
    static func queryId(_ workspace: Workspace) -> String? {
        guard let text = try? workspace.read(workspace.checkpoint + "/metadata") else { return nil }
        return text.split(separator: "\"").dropFirst(3).first.map(String.init)
    }

    @Test func `an input or output error at any operation ends the query, and a restart makes it whole`() async throws {
        let counting = FaultyFileManager(over: LocalFileManager(isDurable: false))
        let expected = try await Self.count(Self.workspace(), counting)
        #expect(expected == [.string("walk"): 9, .string("sit"): 9])
        for point in stride(from: 0, to: counting.operations.count, by: 3) {
            let workspace = try Self.workspace()
            let faulty = FaultyFileManager(over: LocalFileManager(isDurable: false), failingAt: point, errno: EIO)
            await #expect(throws: (any Error).self) { try await Self.count(workspace, faulty) }
            let healed = try await Self.count(workspace, LocalFileManager(isDurable: false))
            #expect(healed == expected, "failed at \(counting.operations[point])")
        }
    }

    /// The counts a session on these files comes to.
    static func count(_ workspace: Workspace, _ files: any CheckpointFileManager) async throws -> [Value: Int64] {
        let spark = workspace.session(clock: SystemClock(), files: files)
        let query = try await StreamingQueryTests.startCount(workspace, spark)
        try await query.awaitTermination()
        return try await StreamingQueryTests.counts(spark)
    }
}
