import Foundation
import Kafka
import KafkaTesting
import Testing

/// Row F39 of the reliability table: commands run with a random secret, with everything librdkafka has to say; nothing of it
/// may hold the secret.
@Suite struct SecretsCanaryTests {
    private static let canary = "canary-\(UInt64.random(in: .min ... .max))"
    private static let event = #"""
        {"id":"7a3c1f2e-0b5d-4a8e-9c6f-1d2e3f4a5b6c","runId":"0f9e8d7c-6b5a-4c3d-8e2f-1a0b9c8d7e6f","name":"q",\#
        "timestamp":"2026-11-23T10:21:45.894Z","batchId":1,"numInputRows":2,"stateOperators":[],"sources":[],\#
        "sink":{"description":"x"}}
        """#

    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    private func commands(_ data: ActivityFolder) -> [[String]] {
        [
            ["forward", "--timeout", "2"], ["consume", "--from-beginning", "--until-end"],
            ["doctor", "--timeout", "2"],
            data.run(["--trigger", "once", "--sink", "noop"]),
        ]
    }

    /// Runs every command and gives all that they said.
    private func sayings(
        _ servers: String, _ options: [String], environment: [String: String]
    ) async throws -> String {
        let data = try ActivityFolder(files: 1, rowsPerFile: 3)
        var all = ""
        for command in commands(data) {
            for more in [["--set", "debug=all"], ["--print-config"]] {
                let run = try await program.run(
                    command + ["--bootstrap-servers", servers, "--insecure"] + options + more, input: Self.event + "\n",
                    environment: environment)
                all += run.output + run.error
            }
        }
        return all
    }

    private func broker(_ responder: SASLResponder) throws -> (MockCluster, FaultProxy) {
        let cluster = try MockCluster()
        for topic in ["streaming-metrics", "streaming-metrics-lifecycle", "streamgauge-probe"] {
            try cluster.createTopic(topic)
        }
        return (cluster, try FaultProxy(to: cluster.bootstrapServers, sasl: responder))
    }

    @Test(arguments: [SASLResponder.Mechanism.plain, .scramSHA512])
    func `F39 a password that is right is never printed`(mechanism: SASLResponder.Mechanism) async throws {
        let responder = SASLResponder(users: ["me": Self.canary])
        let (cluster, proxy) = try broker(responder)
        let said = try await sayings(
            proxy.bootstrapServers,
            [
                "--set", "security.protocol=sasl_plaintext", "--set", "sasl.mechanism=\(mechanism.rawValue)", "--set",
                "sasl.username=me",
            ],
            environment: ["STREAMGAUGE_KAFKA_SASL_PASSWORD": Self.canary])
        #expect(responder.attempts.contains { $0.isAccepted })
        #expect(said.contains("SASL"), "librdkafka's debug lines are missing")
        #expect(said.contains("sasl.password=<redacted>"))
        #expect(!said.contains(Self.canary))
        proxy.close()
        cluster.close()
    }

    @Test func `F39 a password that is wrong is never printed, wherever it comes from`() async throws {
        let (cluster, proxy) = try broker(SASLResponder(users: ["me": "another"]))
        try folder.write("password", Self.canary + "\n")
        let login = [
            "--set", "security.protocol=sasl_plaintext", "--set", "sasl.mechanism=PLAIN", "--set", "sasl.username=me",
        ]
        for password in ["sasl.password=\(Self.canary)", "sasl.password=file:\(folder.path("password"))"] {
            let said = try await sayings(proxy.bootstrapServers, login + ["--set", password], environment: [:])
            #expect(said.contains("Authentication failed"))
            #expect(!said.contains(Self.canary))
        }
        proxy.close()
        cluster.close()
    }

    @Test(arguments: [true, false])
    func `F39 a token is never printed, accepted or not`(isAccepted: Bool) async throws {
        try folder.write("token", Self.canary)
        let responder = SASLResponder(tokens: isAccepted ? [Self.canary] : [])
        let (cluster, proxy) = try broker(responder)
        let said = try await sayings(
            proxy.bootstrapServers,
            [
                "--set", "security.protocol=sasl_plaintext", "--set",
                "sasl.oauthbearer.token.file=\(folder.path("token"))",
            ], environment: [:])
        #expect(!responder.attempts.isEmpty)
        #expect(responder.attempts.allSatisfy { $0.token == Self.canary && $0.isAccepted == isAccepted })
        #expect(!said.contains(Self.canary))
        proxy.close()
        cluster.close()
    }

    @Test func `F39 a secret in a wrong place is never printed`() async throws {
        try folder.write(
            "wrong.properties", "bootstrap.servers=127.0.0.1:1\nsasl.jaas.config=x password=\"\(Self.canary)\";\n")
        try folder.write("half.properties", "bootstrap.servers=127.0.0.1:1\nsasl.password=\(Self.canary)")
        for arguments in [
            ["--kafka-config", folder.path("wrong.properties")], ["--kafka-config", folder.path("half.properties")],
            ["--set", "ssl.key.password=\(Self.canary)"], ["--set", "sasl.pasword=\(Self.canary)"],
            ["--set", "security.protocol=ssl", "--set", "ssl.key.pem=\(Self.canary)"],
            ["--set", "security.protocol=sasl_ssl", "--set", "sasl.oauthbearer.token.file=eyJ\(Self.canary)"],
        ] {
            let run = try await program.run(
                ["doctor", "--bootstrap-servers", "127.0.0.1:1", "--timeout", "1"] + arguments)
            #expect(run.status == 1, "\(arguments)")
            #expect(!(run.output + run.error).contains(Self.canary), "\(run.error)")
        }
    }
}
