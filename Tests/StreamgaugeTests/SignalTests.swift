import Foundation
import StreamingMetrics
import Testing

/// What a program that forwards does when it is signalled: SIGHUP and SIGTERM.
@Suite struct SignalTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    private func config(_ text: String) throws -> String {
        try folder.write("client.properties", text)
        return folder.path("client.properties")
    }

    private func startBroker() async throws -> (program: RunningProgram, servers: String) {
        let broker = try program.start(["broker", "--port", "0"])
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = try #require(broker.output.split(separator: "=").last).dropLast()
        return (broker, String(servers))
    }

    private func makePipe() throws -> NamedPipe { try NamedPipe(folder.path("pipe")) }

    private func event(_ batch: Int64) -> Data {
        let progress = StreamingQueryProgress(
            id: UUID(), runId: UUID(), name: "q", timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0),
            batchId: batch, numInputRows: 1, sink: SinkProgress(description: "noop"))
        return Data((progress.json + "\n").utf8)
    }

    /// The program ends by itself within a time that has room for a busy machine.
    private func end(_ running: RunningProgram, within seconds: Double = 30) async throws -> BuiltProgram.Output? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        try await running.waitUntil { Date() > deadline }
        guard !running.isRunning else {
            running.signal(SIGKILL)
            Issue.record("it did not end: \(running.error)")
            return nil
        }
        return try await running.wait()
    }

    // MARK: SIGHUP

    @Test func `SIGHUP makes forward go on with the settings that stand in the file now`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let path = try config("bootstrap.servers=127.0.0.1:1\n")
        let pipe = try makePipe()
        let running = try program.start(["forward", pipe.path, "--kafka-config", path])
        let writer = try await pipe.open(running)
        try writer.write(contentsOf: event(0))
        // The first client has met nobody.
        try await running.waitUntil { running.error.contains("at 127.0.0.1:1: ") }
        _ = try config("bootstrap.servers=\(broker.servers)\n")
        running.signal(SIGHUP)
        try await running.waitUntil { running.error.contains("read again from \(path)") }
        try writer.write(contentsOf: event(1))
        try writer.close()
        let run = try #require(try await end(running, within: 30))
        #expect(run.output == "sent 2 events, refused 0 lines, left 0 events\n")
        #expect(run.status == 0, "\(run.error)")
    }

    @Test func `a file that is wrong at SIGHUP is one warning, and the old settings stay`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let path = try config("bootstrap.servers=\(broker.servers)\n")
        let pipe = try makePipe()
        let running = try program.start(["forward", pipe.path, "--kafka-config", path])
        let writer = try await pipe.open(running)
        let wrong = [
            "bootstrap.servers=\(broker.servers)\nlinger.ms=soon\n", "no such line\n", "linger.ms=5\n",
            "bootstrap.servers=\(broker.servers)\nsecurity.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n"
                + "sasl.username=me\nsasl.password=canary-94\n",
        ]
        for (index, text) in wrong.enumerated() {
            _ = try config(text)
            running.signal(SIGHUP)
            try await running.waitUntil { running.error.split(separator: "\n").count > index }
        }
        try FileManager.default.removeItem(atPath: path)
        running.signal(SIGHUP)
        try await running.waitUntil { running.error.split(separator: "\n").count > wrong.count }
        try writer.write(contentsOf: event(0))
        try writer.close()
        let run = try #require(try await end(running, within: 30))
        #expect(run.output == "sent 1 event, refused 0 lines, left 0 events\n")
        #expect(run.status == 0)
        #expect(run.errorLines.count == wrong.count + 1, "\(run.error)")
        #expect(run.errorLines.allSatisfy { $0.hasPrefix("warning: the Kafka settings stay as they were: ") })
        #expect(run.error.contains("\(path):2: ") && !run.error.contains("canary"))
    }

    @Test func `SIGHUP makes run go on with the settings that stand in the file now`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let path = try config("bootstrap.servers=127.0.0.1:1\n")
        let data = try ActivityFolder(files: 2)
        let running = try program.start(data.run(["--sink", "noop", "--kafka-config", path]))
        try await running.waitUntil { running.error.contains("at 127.0.0.1:1: ") }
        _ = try config("bootstrap.servers=\(broker.servers)\n")
        running.signal(SIGHUP)
        try await running.waitUntil { running.error.contains("read again") }
        let consume = [
            "consume", "--bootstrap-servers", broker.servers, "--from-beginning", "--until-end", "--format", "json",
        ]
        while running.isRunning, try await program.run(consume).output.isEmpty {}
        running.signal(SIGTERM)
        let run = try #require(try await end(running, within: 30))
        let told = try #require(run.errorLines.last?.split(separator: " "))
        #expect(told.count > 3 && told[1] != "0" && told[1] == told[3], "\(run.error)")
    }

    @Test(arguments: ["run", "forward"]) func `the help tells of SIGHUP`(verb: String) async throws {
        #expect(try await program.run([verb, "--help"]).output.contains("SIGHUP"))
    }

    // MARK: SIGTERM

    @Test func `forward ends on SIGTERM while nobody writes into its pipe`() async throws {
        let pipe = try makePipe()
        let spool = folder.path("spool")
        let running = try program.start(["forward", pipe.path, "--spool", spool, "--bootstrap-servers", "127.0.0.1:1"])
        // Signals are taken over before the spool is made.
        try await running.waitUntil { FileManager.default.fileExists(atPath: "\(spool)/.lock") }
        running.signal(SIGTERM)
        let run = try #require(try await end(running))
        #expect(run.status == 1 && run.error.contains("stopped by a signal"), "\(run.error)")
    }

    @Test func `forward ends on SIGTERM while its pipe is silent within a line, and keeps what came before`()
        async throws
    {
        let pipe = try makePipe()
        let spool = folder.path("spool")
        let running = try program.start(["forward", pipe.path, "--spool", spool, "--bootstrap-servers", "127.0.0.1:1"])
        let writer = try await pipe.open(running)
        try writer.write(contentsOf: event(0) + Data("{\"id\":".utf8))
        let files = {
            (try? FileManager.default.contentsOfDirectory(atPath: spool))?.filter { $0.hasSuffix(".spool") } ?? []
        }
        try await running.waitUntil { !files().isEmpty }
        running.signal(SIGTERM)
        let run = try #require(try await end(running))
        try writer.close()
        #expect(run.output == "sent 0 events, refused 0 lines, left 1 event\n")
        #expect(run.status == 1 && run.error.contains("all kept in \(spool)"), "\(run.error)")
    }
}
