import Foundation
import Kafka
import MetricsTopic
import StreamingMetrics
import Testing

/// `broker`, `forward` and `consume` with one another.
@Suite struct TopicCommandTests {
    private let program = BuiltProgram()

    /// `streamgauge broker` on a free port.
    private func startBroker() async throws -> (program: RunningProgram, servers: String) {
        let broker = try program.start(["broker", "--port", "0"])
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = try #require(broker.output.split(separator: "=").last).dropLast()
        return (broker, String(servers))
    }

    private func progress(_ name: String, batchId: Int64) -> StreamingQueryProgress {
        StreamingQueryProgress(
            id: UUID(), runId: UUID(), name: name, timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0),
            batchId: batchId, numInputRows: 3, sink: SinkProgress(description: "noop"))
    }

    private func consume(_ servers: String, _ more: [String] = []) async throws -> BuiltProgram.Output {
        try await program.run(["consume", "--bootstrap-servers", servers, "--from-beginning", "--until-end"] + more)
    }

    @Test func `what is forwarded is consumed, value for value`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let events = (0..<50).map { progress("query-\($0 % 3)", batchId: $0) }
        let ended = QueryTerminatedEvent(id: events[0].id, runId: events[0].runId, exception: nil)
        let lines = events.map(\.json) + [ended.json, "", "{\"id\":1}", "garbage"]
        let forward = try await program.run(
            ["forward", "--bootstrap-servers", broker.servers], input: lines.joined(separator: "\n"))
        #expect(forward.output == "sent 51 events, refused 2 lines, left 0 events\n")
        #expect(forward.status == 1)
        #expect(forward.errorLines.count == 2)
        #expect(forward.errorLines.last?.hasPrefix("refused standard input:54: ") == true)
        let json = try await consume(broker.servers, ["--format", "json"])
        #expect(json.status == 0, "\(json.error)")
        #expect(json.output.split(separator: "\n").map(String.init) == events.map(\.json))
        let table = try await consume(broker.servers, ["--query", "query-1"])
        #expect(table.output.split(separator: "\n").count == 2 + 17)
        let lifecycle = try await consume(
            broker.servers, ["--topic", TopicContract.lifecycleTopic, "--format", "json"])
        #expect(lifecycle.output == ended.json + "\n")
    }

    @Test func `garbage on the topic is told, kept and passed over, and never reaches the terminal raw`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: broker.servers))
        let good = progress("na\u{1b}[2Jme\u{9b}\u{202e}", batchId: 7)
        let values: [[UInt8]] = [
            Array("\u{1b}]0;owned\u{7} not JSON".utf8), [0xFF, 0x00], Array("{\"id\":{}}".utf8), Array(good.json.utf8),
        ]
        for value in values {
            _ = try await producer.deliver(ProducerRecord(topic: TopicContract.progressTopic, value: value))
        }
        await producer.close()
        let folder = TemporaryFolder()
        for format in ["table", "json", "csv"] {
            let run = try await consume(broker.servers, ["--format", format, "--dead-letter", folder.path("dead")])
            #expect(run.status == 0)
            #expect(run.errorLines.count == 4, "\(run.error)")
            #expect(run.error.contains("topic streaming-metrics, partition 0, offset 1: "))
            #expect(run.errorLines.last == "read 1 event, 3 unreadable records")
            // JSON is made safe on a terminal only: in a file or a pipe it is Spark's, byte for byte.
            let shown = format == "json" ? run.error : run.output + run.error
            let unsafe = shown.unicodeScalars.filter {
                $0 != "\n" && ($0.properties.generalCategory == .control || $0.properties.generalCategory == .format)
            }
            #expect(unsafe.isEmpty, "\(format)")
        }
        let json = try await consume(broker.servers, ["--format", "json"])
        #expect(try StreamingQueryProgress(json: json.output) == good)
        let dead = try folder.read("dead").split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(dead.count == 9)
        #expect(dead[0]["value"]?.string == "\u{1b}]0;owned\u{7} not JSON")
        #expect(dead[1]["valueBase64"]?.string == "/wA=")
        #expect(dead[2]["offset"]?.int64 == 2)
    }

    @Test func `a query's metrics come back from the topic`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let data = try ActivityFolder(files: 4)
        let run = try await program.run(
            data.run([
                "--trigger", "available-now", "--max-files-per-trigger", "1", "--sink", "noop", "--name", "mine",
                "--bootstrap-servers", broker.servers, "--topic", "mine",
            ]))
        #expect(run.errorLines.last == "metrics: 6 of 6 events delivered", "\(run.error)")
        let json = try await consume(broker.servers, ["--topic", "mine", "--format", "json"])
        let batches = try json.output.split(separator: "\n").map {
            try StreamingQueryProgress(json: String($0)).batchId
        }
        #expect(batches == [0, 1, 2, 3])
    }

    @Test func `a dead broker stops no query and is told once`() async throws {
        let data = try ActivityFolder(files: 2)
        let run = try await program.run(
            data.run([
                "--trigger", "available-now", "--result", data.folder.path("r"), "--bootstrap-servers", "127.0.0.1:1",
            ]))
        #expect(run.status == 0)
        #expect(try data.result("r").count == 3)
        #expect(run.errorLines.filter { $0.hasPrefix("warning: ") }.count == 1, "\(run.error)")
        #expect(run.errorLines.last == "metrics: 0 of 3 events delivered, 3 dropped (closed 3)")
    }

    @Test func `a dead broker fails what needs one`() async throws {
        let forward = try await program.run(
            ["forward", "--bootstrap-servers", "127.0.0.1:1", "--timeout", "1"],
            input: progress("q", batchId: 0).json + "\n")
        #expect(forward.status == 1)
        #expect(forward.output == "sent 0 events, refused 0 lines, left 1 event\n")
        #expect(forward.errorLines.last?.hasPrefix("error: 1 event not delivered to 127.0.0.1:1") == true)
        let consume = try await consume("127.0.0.1:1")
        #expect(consume.status == 1)
        #expect(consume.errorLines.count == 1)
    }

    @Test func `a wrong option of librdkafka is named`() async throws {
        let run = try await consume("127.0.0.1:1", ["--set", "no.such.option=1"])
        #expect(run.status == 1)
        #expect(run.error.contains("no.such.option"))
    }

    @Test func `following a topic ends cleanly with SIGINT`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let consume = try program.start([
            "consume", "--bootstrap-servers", broker.servers, "--from-beginning", "--format", "json",
        ])
        let event = progress("late", batchId: 1)
        let forward = try await program.run(["forward", "-", "--bootstrap-servers", broker.servers], input: event.json)
        #expect(forward.status == 0, "\(forward.error)")
        try await consume.waitUntil { consume.output.hasSuffix("\n") }
        consume.signal(SIGINT)
        let run = try await consume.wait()
        #expect(run.status == 0)
        #expect(run.output == event.json + "\n")
    }

    @Test func `a port that is taken is an error`() async throws {
        let broker = try await startBroker()
        defer { broker.program.signal(SIGTERM) }
        let port = String(broker.servers.split(separator: ":")[1])
        let second = try await program.run(["broker", "--port", port])
        #expect(second.status == 1)
        #expect(second.errorLines.last?.hasPrefix("error: ") == true)
    }
}
