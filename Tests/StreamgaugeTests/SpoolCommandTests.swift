import Foundation
import StreamingMetrics
import Testing

/// The spool as a user meets it: a program that is killed, one that is stopped, and the command that looks and delivers.
@Suite struct SpoolCommandTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()
    private var spool: String { folder.path("spool") }

    private func events(_ count: Int) throws -> String {
        let (id, runId) = (UUID().uuidString.lowercased(), UUID().uuidString.lowercased())
        return (0..<count).map { batch in
            """
            {"id":"\(id)","runId":"\(runId)","name":"q","timestamp":"2026-11-23T10:21:45.894Z","batchId":\(batch),\
            "numInputRows":2,"durationMs":{},"stateOperators":[],"sources":[],"sink":{"description":"noop"}}
            """
        }.joined(separator: "\n") + "\n"
    }

    private func inspect() async throws -> JSONValue {
        let run = try await program.run(["spool", "inspect", spool, "--format", "json"])
        return try JSONValue(parsing: run.output)
    }

    private func startBroker() async throws -> (program: RunningProgram, servers: String) {
        let broker = try program.start(["broker", "--port", "0"])
        try await broker.waitUntil { broker.output.contains("\n") }
        let line = try #require(broker.output.split(separator: "\n").first)
        return (broker, String(line.drop { $0 != "=" }.dropFirst()))
    }

    private func consumed(_ servers: String) async throws -> [Int64] {
        let run = try await program.run([
            "consume", "--bootstrap-servers", servers, "--from-beginning", "--until-end", "--no-deduplicate",
            "--format",
            "json",
        ])
        return try run.output.split(separator: "\n").map { try StreamingQueryProgress(json: String($0)).batchId ?? -1 }
    }

    /// F12: what the spool was seen to hold is delivered after a kill at any moment, in order and without a hole.
    @Test(arguments: 0..<5) func `F12 a killed program's events are delivered from its spool`(round: Int) async throws {
        let count = 2000
        let running = try program.start(
            ["forward", "-", "--spool", spool, "--bootstrap-servers", "127.0.0.1:1"], input: try events(count))
        var seen: Int64 = 0
        while running.isRunning, seen <= Int64(round * 300) {
            if FileManager.default.fileExists(atPath: "\(spool)/.lock") {
                seen = try await inspect()["events"]?.int64 ?? 0
            }
        }
        running.signal(SIGKILL)
        _ = try await running.wait()
        let left = try #require(try await inspect()["events"]?.int64)
        #expect(left >= seen && seen > 0)
        let (broker, servers) = try await startBroker()
        defer { broker.signal(SIGTERM) }
        let drain = try await program.run(["spool", "drain", spool, "--bootstrap-servers", servers])
        #expect(drain.output == "sent \(left) event\(left == 1 ? "" : "s"), left 0\n", "\(drain.error)")
        #expect(try await consumed(servers) == Array(0..<left))
        #expect(try await inspect()["events"]?.int64 == 0)
    }

    @Test func `a stopped program says what it has spooled, and forwarding again sends it first`() async throws {
        let first = try await program.run(
            ["forward", "-", "--spool", spool, "--bootstrap-servers", "127.0.0.1:1", "--timeout", "1"],
            input: try events(3))
        #expect(first.status == 1)
        #expect(first.output == "sent 0 events, refused 0 lines, left 3 events\n")
        #expect(first.errorLines.last?.contains("all kept in \(spool)") == true, "\(first.error)")
        let (broker, servers) = try await startBroker()
        defer { broker.signal(SIGTERM) }
        let second = try await program.run(
            ["forward", "-", "--spool", spool, "--bootstrap-servers", servers], input: try events(2))
        #expect(second.status == 0, "\(second.error)")
        #expect(try await consumed(servers) == [0, 1, 2, 0, 1])
    }

    @Test func `a slow input is read and spooled on however long no broker answers`() async throws {
        let pipe = try NamedPipe(folder.path("pipe"))
        let running = try program.start(
            ["forward", pipe.path, "--spool", spool, "--bootstrap-servers", "127.0.0.1:1", "--timeout", "1"])
        let writer = try await pipe.open(running)
        // Three times as long as the timeout.
        for line in try events(10).split(separator: "\n") {
            try writer.write(contentsOf: Data("\(line)\n".utf8))
            try await Task.sleep(for: .milliseconds(300))
        }
        try writer.close()
        let run = try await running.wait()
        #expect(run.status == 1)
        #expect(run.output == "sent 0 events, refused 0 lines, left 10 events\n", "\(run.error)")
        #expect(run.errorLines.last?.contains("all kept in \(spool)") == true, "\(run.error)")
    }

    @Test func `what finds no room is waited for, and the input left once no broker answers for too long`() async throws
    {
        // More than the memory of a forwarder without a spool.
        let run = try await program.run(
            ["forward", "-", "--bootstrap-servers", "127.0.0.1:1", "--timeout", "1"], input: try events(40_000))
        #expect(run.status == 1)
        #expect(run.errorLines.last?.contains("the rest of the input not read") == true, "\(run.error)")
        let left = run.output.split(separator: " ").dropLast().last.flatMap { Int($0) }
        #expect(left.map { $0 > 0 && $0 < 40_000 } == true, "\(run.output)")
    }

    @Test func `a run spools beside its checkpoint unless told otherwise`() async throws {
        let data = try ActivityFolder(files: 2)
        let checkpoint = data.folder.path("checkpoint")
        let arguments = [
            "--trigger", "available-now", "--checkpoint", checkpoint, "--result", data.folder.path("r"),
            "--bootstrap-servers", "127.0.0.1:1",
        ]
        let run = try await program.run(data.run(arguments))
        #expect(run.status == 0)
        let spool = "\(checkpoint)-metrics-spool"
        #expect(run.errorLines.last == "metrics: 0 of 3 events delivered, 3 spooled in \(spool)", "\(run.error)")
        let inspect = try await program.run(["spool", "inspect", spool])
        #expect(inspect.output.contains("3 events not acknowledged"))
        let without = try await program.run(data.run(arguments + ["--no-spool"]))
        #expect(without.errorLines.last?.hasSuffix("dropped (closed 2)") == true, "\(without.error)")
    }

    @Test(arguments: ["drain", "inspect"])
    func `a folder that is no spool is refused in one line, and nothing is written into it`(verb: String) async throws {
        try folder.write("foreign/notes.txt", "mine\n")
        try FileManager.default.createDirectory(at: folder.url(name: "empty"), withIntermediateDirectories: true)
        for name in ["foreign", "empty"] {
            let path = folder.path(name)
            let before = try FileManager.default.contentsOfDirectory(atPath: path)
            let run = try await program.run(
                ["spool", verb, path] + (verb == "drain" ? ["--bootstrap-servers", "127.0.0.1:1"] : []))
            #expect(run.status == 1 && run.output == "")
            #expect(run.errorLines.count == 1 && run.error.hasPrefix("error: "), "\(run.error)")
            #expect(run.error.contains(path) && run.error.contains("no spool"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == before)
        }
    }

    @Test func `a spool in which everything was sent is a spool still`() async throws {
        let (broker, servers) = try await startBroker()
        defer { broker.signal(SIGTERM) }
        for count in [0, 2] {
            let run = try await program.run(
                ["forward", "-", "--spool", spool, "--bootstrap-servers", servers], input: try events(count))
            #expect(run.status == 0, "\(run.error)")
            #expect(try await inspect()["events"]?.int64 == 0)
        }
    }

    @Test func `a wrong folder, a foreign one and one in use are told apart`() async throws {
        let missing = try await program.run(["spool", "drain", folder.path("no"), "--bootstrap-servers", "127.0.0.1:1"])
        #expect(missing.status == 1)
        #expect(missing.error.contains(folder.path("no")) && missing.errorLines.count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.path("no")))

        try folder.write("spool/00000000000000000000.spool", "this is no spool file, only text\n")
        let foreign = try await program.run(["spool", "inspect", spool])
        #expect(foreign.status == 1 && foreign.output.contains("damaged"), "\(foreign.output)")

        let holder = try program.start(
            ["forward", "-", "--spool", spool, "--bootstrap-servers", "127.0.0.1:1"], input: try events(1))
        defer { holder.signal(SIGKILL) }
        while holder.isRunning, try await inspect()["inUse"] != .bool(true) {}
        let second = try await program.run(["spool", "drain", spool, "--bootstrap-servers", "127.0.0.1:1"])
        #expect(second.status == 1)
        #expect(second.error.contains("uses it"), "\(second.error)")
    }
}
