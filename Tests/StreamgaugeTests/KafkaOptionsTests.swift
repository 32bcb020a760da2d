import Foundation
import Kafka
import Testing

/// `--bootstrap-servers`, `--kafka-config`, `--set`, `--insecure` and `--print-config`.
@Suite struct KafkaOptionsTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()

    private func config(_ text: String) throws -> String {
        try folder.write("client.properties", text)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: folder.path("client.properties"))
        return folder.path("client.properties")
    }

    private static let commands: [[String]] = [
        ["run", "--json", "nowhere", "--sql", "SELECT 1 AS one FROM input"], ["forward", "nowhere"], ["consume"],
    ]

    @Test(arguments: commands)
    func `the resolved configuration is printed with its origins and without secrets`(command: [String]) async throws {
        let path = try config(
            "# ours\nbootstrap.servers=file:1\nlinger.ms=1\nsecurity.protocol=sasl_ssl\nsasl.mechanism=PLAIN\n"
                + "sasl.username=me\n")
        let run = try await program.run(
            command + ["--kafka-config", path, "--set", "linger.ms=3", "--print-config"],
            environment: [
                "STREAMGAUGE_KAFKA_LINGER_MS": "2", "STREAMGAUGE_KAFKA_SASL_PASSWORD": "canary-91",
                "STREAMGAUGE_KAFKA_BOOTSTRAP_SERVERS": "environment:1",
            ])
        #expect(run.status == 0)
        #expect(run.error == "")
        let lines = run.output.split(separator: "\n").map {
            $0.split(separator: "#").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        #expect(
            lines == [
                ["bootstrap.servers=environment:1", "environment variable STREAMGAUGE_KAFKA_BOOTSTRAP_SERVERS"],
                ["client.id=streamgauge", "default"], ["linger.ms=3", "--set"],
                ["sasl.mechanisms=PLAIN", "\(path):5"],
                ["sasl.password=<redacted>", "environment variable STREAMGAUGE_KAFKA_SASL_PASSWORD"],
                ["sasl.username=me", "\(path):6"], ["security.protocol=sasl_ssl", "\(path):4"],
            ])
    }

    @Test(arguments: commands)
    func `a file that is wrong fails the command with its line`(command: [String]) async throws {
        let path = try config("bootstrap.servers=127.0.0.1:1\nlinger.ms=5s\n")
        let run = try await program.run(command + ["--kafka-config", path])
        #expect(run.status == 1)
        #expect(run.errorLines.count == 1, "\(run.error)")
        #expect(run.error.hasPrefix("error: \(path):2: "), "\(run.error)")
    }

    @Test(arguments: commands.prefix(2))
    func `a password in clear needs --insecure, and is warned of even then`(command: [String]) async throws {
        let path = try config(
            "bootstrap.servers=127.0.0.1:1\nsecurity.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\nsasl.username=me\n"
                + "sasl.password=canary-92\n")
        let refused = try await program.run(command + ["--kafka-config", path])
        #expect(refused.status == 1)
        #expect(refused.error.contains("--insecure"))
        #expect(refused.errorLines.count == 1, "\(refused.error)")
        let accepted = try await program.run(command + ["--kafka-config", path, "--insecure"])
        #expect(accepted.errorLines.filter { $0.hasPrefix("warning: the password is sent in clear") }.count == 1)
        #expect(!(refused.error + accepted.error).contains("canary"))
    }

    @Test func `a password on the command line works and is warned of`() async throws {
        let run = try await program.run([
            "forward", "nowhere", "--bootstrap-servers", "127.0.0.1:1", "--set", "security.protocol=sasl_ssl",
            "--set", "sasl.mechanisms=PLAIN", "--set", "sasl.username=u", "--set", "sasl.password=canary-93",
        ])
        #expect(run.errorLines.filter { $0.hasPrefix("warning: sasl.password stands on the command line") }.count == 1)
        #expect(!(run.output + run.error).contains("canary"))
    }
}
