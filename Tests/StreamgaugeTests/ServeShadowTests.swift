import Foundation
import Kafka
import StreamingMetrics
import Testing

/// `serve` with groups that show what queries have read.
@Suite struct ServeShadowTests {
    private let program = BuiltProgram()
    private let command = ServeCommandTests()

    @Test func `the end offsets of a query are committed to its group, also what comes just before the end`()
        async throws
    {
        let broker = try program.start(["broker", "--port", "0"])
        defer { broker.signal(SIGTERM) }
        try await broker.waitUntil { broker.output.hasSuffix("\n") }
        let servers = String(try #require(broker.output.split(separator: "=").last).dropLast())
        func forward(_ batch: Int) async throws {
            let line =
                #"{"id":"0a0a0a0a-0000-4000-8000-000000000001","runId":"0a0a0a0a-0000-4000-8000-0000000000f1","#
                + #""name":"orders","timestamp":"2026-11-23T10:00:0\#(batch).500Z","batchId":\#(batch),"numInputRows":5,"#
                + #""durationMs":{"triggerExecution":100},"stateOperators":[],"sources":[{"description":"#
                + #""KafkaV2[Subscribe[streaming-metrics]]","endOffset":{"streaming-metrics":{"0":\#(batch * 10 + 5)}}}],"#
                + #""sink":{"description":"noop"}}"# + "\n"
            let end = try await program.run(["forward", "-", "--bootstrap-servers", servers], input: line)
            #expect(end.status == 0, "\(end.error)")
        }
        func committed() async throws -> Int64? {
            let place = TopicPartition(topic: "streaming-metrics", partition: 0)
            let group = try GroupCommitter(KafkaConfiguration(bootstrapServers: servers), group: "spark-orders")
            return try await group.committed([place])[place]
        }
        try await forward(0)
        let (run, address) = try await command.serve([
            "--bootstrap-servers", servers, "--from-beginning", "--shadow-group", "spark-{query}", "--shadow-interval",
            "1",
        ])
        // The topic of the events serves as the one that the query reads: it is there.
        func wait(for offset: Int64) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while run.isRunning, try await committed() != offset {
                try #require(ContinuousClock.now < deadline, "\(run.error)")
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        try await wait(for: 5)
        try await forward(1)
        try await wait(for: 15)
        let metrics = try await command.get(address, "/metrics").text
        #expect(
            metrics.contains("streamgauge_shadow_groups 1\n")
                && metrics.contains("streamgauge_shadow_commits_total 2\n"))
        #expect(metrics.contains("streamgauge_shadow_last_commit_age_seconds "))
        run.signal(SIGTERM)
        let end = try await run.wait()
        #expect(end.status == 0 && end.error == "", "\(end.error)")
        #expect(try await committed() == 15)
    }

    @Test(arguments: [
        (["--replay", "/dev/null", "--shadow-group", "x-{id}"], "--shadow-group is for what happens now"),
        (["--bootstrap-servers", "localhost:1", "--shadow-group", ""], "--shadow-group has an empty value"),
        (["--bootstrap-servers", "localhost:1", "--shadow-group", "spark"], "put {query} or {id} into it"),
        (["--bootstrap-servers", "localhost:1", "--shadow-group", "{query}"], "put something beside {query}"),
        (["--bootstrap-servers", "localhost:1", "--shadow-interval", "3"], "give --shadow-group as well"),
        (
            ["--bootstrap-servers", "localhost:1", "--shadow-bootstrap-servers", "localhost:2"],
            "give --shadow-group as well"
        ),
        (
            ["--bootstrap-servers", "localhost:1", "--shadow-group", "x-{id}", "--shadow-interval", "0"],
            "--shadow-interval must be between"
        ),
    ])
    func `shadow groups that cannot be are refused before anything is served`(
        arguments: [String], message: String
    ) async throws {
        let run = try await program.run(["serve", "--listen", "127.0.0.1:0"] + arguments)
        #expect(run.status == 2 && run.errorLines.count == 1 && run.error.contains(message), "\(run.error)")
    }

    @Test func `another cluster's file counts alone, and a wrong option in it is told at the start`() async throws {
        let folder = TemporaryFolder()
        try folder.write("data.properties", "bootstrap.servers=localhost:1\nno.such.option=1\n")
        let run = try await program.run([
            "serve", "--listen", "127.0.0.1:0", "--bootstrap-servers", "localhost:1", "--shadow-group", "x-{id}",
            "--shadow-kafka-config", folder.path("data.properties"),
        ])
        #expect(run.status != 0 && run.error.contains("no.such.option"), "\(run.error)")
    }
}
