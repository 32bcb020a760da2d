import Foundation
import Kafka
import KafkaTesting
import StreamingMetrics
import Testing

/// `streamgauge doctor`.
@Suite struct DoctorTests {
    private let program = BuiltProgram()

    private func cluster() throws -> MockCluster {
        let cluster = try MockCluster()
        // The mock has no controller that could create the probe's topic.
        for topic in ["streaming-metrics", "streaming-metrics-lifecycle", "streamgauge-probe"] {
            try cluster.createTopic(topic)
        }
        return cluster
    }

    /// Runs it, and gives its findings by check.
    private func examine(
        _ servers: String, _ more: [String] = [], environment: [String: String] = [:]
    ) async throws -> (run: BuiltProgram.Output, findings: [[String: String]]) {
        let run = try await program.run(
            ["doctor", "--bootstrap-servers", servers, "--timeout", "5", "--format", "json"] + more,
            environment: environment)
        let object = try JSONValue(parsing: run.output)
        #expect(object["ok"]?.jsonText == (run.status == 0 ? "true" : "false"))
        let findings = (object["findings"]?.elements ?? []).map { finding in
            (finding.members ?? []).reduce(into: [String: String]()) {
                $0[$1.key] = $1.value.string ?? $1.value.jsonText
            }
        }
        return (run, findings)
    }

    private func failures(_ findings: [[String: String]]) -> [String] {
        findings.filter { $0["status"] == "failed" }.map {
            "\($0["check"] ?? ""): \($0["text"] ?? "") \($0["hint"] ?? "")"
        }
    }

    @Test func `a healthy broker is examined down to a record there and back, and the metrics' topic stays clean`()
        async throws
    {
        let cluster = try cluster()
        let (run, findings) = try await examine(cluster.bootstrapServers)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.error == "")
        #expect(findings.allSatisfy { $0["status"] == "ok" }, "\(run.output)")
        #expect(
            findings.map { $0["check"] ?? "" } == [
                "versions", "network", "connection", "brokers", "topics", "topics", "write and read",
            ])
        #expect(findings[0]["librdkafka"] == RdKafkaLibrary.version)
        #expect(try #require(Double(findings[6]["roundTripMs"] ?? "")) > 0)
        #expect(try #require(Double(findings[6]["acknowledgedMs"] ?? "")) > 0)
        let metrics = TopicPartition(topic: "streaming-metrics", partition: 0)
        #expect(try await KafkaAdmin(cluster.configuration).logOffsets(of: metrics).end == 0)
        let text = try await program.run(["doctor", "--bootstrap-servers", cluster.bootstrapServers])
        #expect(text.status == 0)
        #expect(text.output.hasSuffix("\nall is well\n"))
        #expect(text.output.split(separator: "\n").count == 8)
        cluster.close()
    }

    @Test func `a broker that nobody runs is told with its address`() async throws {
        let (run, findings) = try await examine("127.0.0.1:1")
        #expect(run.status == 1)
        #expect(failures(findings).first?.contains("127.0.0.1:1 cannot be reached") == true)
        #expect(findings.last?["status"] == "skipped")
    }

    @Test func `a name that means nothing is told`() async throws {
        let (run, findings) = try await examine("nowhere.invalid:9092")
        #expect(run.status == 1)
        #expect(failures(findings).first?.contains("nowhere.invalid:9092 has no address") == true)
    }

    @Test func `an advertised address that cannot be reached is told as what it is`() async throws {
        let cluster = try cluster()
        let proxy = try FaultProxy(to: cluster.bootstrapServers, advertisedPort: 1)
        let (run, findings) = try await examine(proxy.bootstrapServers)
        #expect(run.status == 1)
        let told = failures(findings).first { $0.hasPrefix("brokers: ") }
        #expect(told?.contains("sends clients to 127.0.0.1:1, which cannot be reached") == true, "\(run.output)")
        #expect(told?.contains("advertised.listeners") == true)
        proxy.close()
        cluster.close()
    }

    @Test func `a topic that may not be used, and one without a leader, are told`() async throws {
        let cluster = try cluster()
        try cluster.setTopicError("streaming-metrics", code: 29)
        try cluster.setLeader(of: TopicPartition(topic: "streaming-metrics-lifecycle", partition: 0), broker: nil)
        let (run, findings) = try await examine(
            cluster.bootstrapServers,
            ["--topic", "streaming-metrics", "--topic", "streaming-metrics-lifecycle", "--topic", "missing"])
        #expect(run.status == 1)
        let told = failures(findings)
        #expect(told.contains { $0.contains("\"streaming-metrics\"") && $0.contains("access lists") }, "\(told)")
        #expect(
            told.contains { $0.contains("streaming-metrics-lifecycle") && $0.contains("without a leader") }, "\(told)")
        #expect(findings.contains { $0["status"] == "warning" && $0["text"]?.contains("missing") == true })
        cluster.close()
    }

    @Test func `a probe that is not allowed to write is told`() async throws {
        let cluster = try cluster()
        try cluster.setTopicError("streamgauge-probe", code: 29)
        let (run, findings) = try await examine(cluster.bootstrapServers, ["--timeout", "2"])
        #expect(run.status == 1)
        #expect(failures(findings).contains { $0.hasPrefix("write and read: ") }, "\(run.output)")
        cluster.close()
    }

    @Test func `a wrong password is told without being shown, and the right one goes through`() async throws {
        let canary = "canary-\(UInt64.random(in: .min ... .max))"
        let cluster = try cluster()
        let proxy = try FaultProxy(to: cluster.bootstrapServers, sasl: SASLResponder(users: ["u": canary]))
        let login = [
            "--set", "security.protocol=sasl_plaintext", "--set", "sasl.mechanism=SCRAM-SHA-256", "--set",
            "sasl.username=u",
        ]
        let right = try await examine(
            proxy.bootstrapServers, login, environment: ["STREAMGAUGE_KAFKA_SASL_PASSWORD": canary])
        #expect(right.run.status == 0, "\(right.run.output)")
        let wrong = try await examine(
            proxy.bootstrapServers, login, environment: ["STREAMGAUGE_KAFKA_SASL_PASSWORD": canary + "x"])
        #expect(wrong.run.status == 1)
        let told = failures(wrong.findings).first
        #expect(told?.hasPrefix("connection: ") == true)
        #expect(told?.contains("Authentication failed") == true, "\(wrong.run.output)")
        #expect(told?.contains("password") == true)
        for run in [right.run, wrong.run] { #expect(!(run.output + run.error).contains(canary)) }
        proxy.close()
        cluster.close()
    }

    @Test func `a broker that wants a login is guessed from its silence`() async throws {
        let cluster = try cluster()
        let proxy = try FaultProxy(to: cluster.bootstrapServers, sasl: SASLResponder())
        let (run, findings) = try await examine(proxy.bootstrapServers, ["--timeout", "2"])
        #expect(run.status == 1)
        #expect(failures(findings).first?.hasPrefix("connection: ") == true, "\(run.output)")
        proxy.close()
        cluster.close()
    }
}
