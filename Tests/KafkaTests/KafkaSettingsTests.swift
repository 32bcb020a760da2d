import Foundation
@testable import Kafka
import Testing

@Suite struct KafkaSettingsTests {
    private let folder = TemporaryFiles()

    private func settings(
        _ text: String? = nil, environment: [String: String] = [:], set: [(String, String)] = []
    ) throws -> KafkaSettings {
        let path = try text.map { try folder.write("c.properties", $0) }
        return try KafkaSettings(
            path: path, environment: environment,
            flags: set.map { KafkaSettings.Flag(flag: "--set", name: $0.0, value: $0.1) },
            defaults: ["client.id": "program"])
    }

    private func failure(
        _ text: String? = nil, environment: [String: String] = [:], set: [(String, String)] = []
    ) throws -> String {
        let error = try #require(throws: KafkaError.self) {
            try settings(text, environment: environment, set: set)
        }
        #expect(error.code == .invalidConfiguration)
        return error.message
    }

    @Test func `flags win over the environment, and the environment over the file`() throws {
        let settings = try settings(
            "linger.ms=1\nacks=1\nretries=1\n",
            environment: ["STREAMGAUGE_KAFKA_LINGER_MS": "2", "STREAMGAUGE_KAFKA_ACKS": "all", "PATH": "/bin"],
            set: [("queue.buffering.max.ms", "3"), ("linger.ms", "4")])
        #expect(settings["linger.ms"] == "4")
        #expect(settings["acks"] == "all")
        #expect(settings["retries"] == "1")
        let origins = settings.settings.map { "\($0.name) \($0.origin)" }
        #expect(
            origins == [
                "acks environment variable STREAMGAUGE_KAFKA_ACKS", "client.id default", "linger.ms --set",
                "retries \(folder.path("c.properties")):3",
            ])
    }

    @Test func `they become a configuration that a client takes`() throws {
        let settings = try settings(
            "bootstrap.servers=127.0.0.1:1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
                + "sasl.username=me\nlinger.ms=0.5\n", environment: ["STREAMGAUGE_KAFKA_SASL_PASSWORD": "p"],
            set: [("client.id", "mine"), ("log_level", "3")])
        let configuration = settings.configuration
        #expect(configuration.bootstrapServers == "127.0.0.1:1")
        #expect(configuration.clientId == "mine")
        #expect(configuration.properties["sasl.mechanisms"] == "SCRAM-SHA-512")
        #expect(configuration.properties["sasl.password"] == "p")
        #expect(configuration.weaknesses.isEmpty)
        _ = try KafkaAdmin(configuration)
    }

    @Test(arguments: [
        ("acks=1\nno.such.option=1\n", 2, "no such option"), ("compresion.type=lz4\n", 1, "compression.type"),
        ("plugin.library.paths=/tmp/x.so\n", 1, "loads code"), ("ssl.engine.id=x\n", 1, "loads code"),
        ("ssl.engine.location=x\n", 1, "loads code"), ("sasl.kerberos.kinit.cmd=rm -rf /\n", 1, "runs a command"),
        ("interceptors=x\n", 1, "loaded into this program"), ("opaque=x\n", 1, "callbacks"),
        ("log_cb=x\n", 1, "callbacks"), ("enable.auto.offset.store=true\n", 1, "sets it itself"),
        ("transactional.id=x\n", 1, "no transactions"),
        ("linger.ms=5s\n", 1, "milliseconds"), ("message.max.bytes=1MB\n", 1, "bytes"),
        ("retries=0x10\n", 1, "whole number"),
        ("acks=many\n", 1, "acks"), ("security.protocol=tls\n", 1, "security.protocol"),
        ("sasl.jaas.config=x required password=\"canary-1\";\n", 1, "sasl.username and sasl.password"),
        ("ssl.truststore.location=/x.jks\n", 1, "ssl.ca.location"), ("max.request.size=1\n", 1, "message.max.bytes"),
        ("partition.assignment.strategy=org.apache.kafka.clients.consumer.RangeAssignor\n", 1, "cooperative-sticky"),
        ("security.protocol=sasl_ssl\nsasl.oauthbearer.token.file=eyJcanary-1\n", 2, "the token itself"),
        ("security.protocol=ssl\nssl.key.location=-----BEGIN PRIVATE KEY-----canary-1\n", 2, "the content"),
        ("sasl.password=canary-1\n", 1, "no effect"), ("ssl.ca.location=/ca\n", 1, "no effect"),
        ("security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=u\n", 2, "needs sasl.password"),
        ("security.protocol=sasl_ssl\nsasl.mechanism=OAUTHBEARER\n", 2, "needs a token"),
    ])
    func `a setting that cannot be is told with its line and what to do`(text: String, line: Int, reason: String) throws
    {
        let message = try failure(text)
        #expect(message.hasPrefix("\(folder.path("c.properties")):\(line): "), "\(message)")
        #expect(message.contains(reason), "\(message)")
        #expect(!message.contains("canary"))
    }

    @Test func `a fault in the environment or a flag is told with its name`() throws {
        #expect(
            try failure(environment: ["STREAMGAUGE_KAFKA_LINGER_MSEC": "5"]).hasPrefix(
                "environment variable STREAMGAUGE_KAFKA_LINGER_MSEC: "))
        #expect(try failure(environment: ["STREAMGAUGE_KAFKA_SASL_PASSWORD": ""]).contains("no value"))
        #expect(
            try failure(environment: [
                "STREAMGAUGE_KAFKA_SASL_MECHANISM": "PLAIN", "STREAMGAUGE_KAFKA_SASL_MECHANISMS": "PLAIN",
            ]).contains("keep one"))
        #expect(try failure(set: [("plugin.library.paths", "x")]).hasPrefix("--set: "))
    }

    @Test func `every option of the allow-list is known to librdkafka or is of a later one`() throws {
        let later: Set = [
            "client.dns.lookup", "enable.metrics.push", "group.protocol", "group.remote.assignor",
            "metadata.recovery.strategy", "metadata.recovery.rebootstrap.trigger.ms", "retry.backoff.max.ms",
            "fetch.queue.backoff.ms", PropertyRules.tokenFile,
        ]
        for name in PropertyRules.allowed.keys.sorted() where !later.contains(name) {
            do throws(KafkaError) {
                try Handle.check(name, "1")
            } catch {
                #expect(!error.message.contains("no such option"), "\(name)")
            }
        }
    }

    @Test func `a password comes from a file, without its line end`() throws {
        let path = try folder.write("password", "canary-77\n")
        let settings = try settings(
            "security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=u\nsasl.password=file:\(path)\n")
        #expect(settings.configuration.properties["sasl.password"] == "canary-77")
        #expect(settings.settings.map(\.description).contains("sasl.password=<redacted> (from \(path))"))
        #expect(settings.warnings.isEmpty)
    }

    @Test(arguments: [
        ("", "empty"), ("a\nb\n", "more than one line"), ("a\u{0}b", "NUL"),
        (String(repeating: "x", count: KafkaSettings.maximumSecretBytes + 1), "bytes"),
    ])
    func `a file that holds no password is refused`(content: String, reason: String) throws {
        let path = try folder.write("password", content)
        let message = try failure(set: [("sasl.password", "file:\(path)")])
        #expect(message.contains(path))
        #expect(message.contains("sasl.password"))
        #expect(message.contains(reason))
    }

    @Test func `a missing file, a folder and a pipe are no settings`() throws {
        for path in ["/nowhere/c.properties", "/tmp", "/dev/null"] {
            let error = try #require(throws: KafkaError.self) { try KafkaSettings(path: path) }
            #expect(error.message.contains(path))
        }
    }

    @Test func `a password in sight of others is warned of`() throws {
        let login = "security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=u\n"
        let flag = try settings(login, set: [("sasl.password", "canary-1")])
        #expect(flag.warnings.count == 1)
        #expect(flag.warnings[0].contains("command line"))
        try #require(chmod(try folder.write("c.properties", login + "sasl.password=canary-1\n"), 0o644) == 0)
        let open = try KafkaSettings(path: folder.path("c.properties"))
        #expect(open.warnings.count == 1)
        #expect(open.warnings[0].contains("chmod 600"))
        #expect(!(flag.warnings + open.warnings).joined().contains("canary"))
        try #require(chmod(folder.path("c.properties"), 0o600) == 0)
        #expect(try KafkaSettings(path: folder.path("c.properties")).warnings.isEmpty)
    }

    @Test func `no description or dump shows a secret`() throws {
        let settings = try settings(
            "security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=u\nsasl.password=canary-1\n"
                + "ssl.key.pem=canary-2\nssl.key.password=canary-3\n")
        var shown = "\(settings) \(settings.settings) \(settings.configuration)"
        dump(settings, to: &shown)
        #expect(!shown.contains("canary"))
        #expect(shown.contains("sasl.password=<redacted>"))
        #expect(settings["sasl.password"] == nil)
    }

    @Test(arguments: [
        (["security.protocol": "ssl", "enable.ssl.certificate.verification": "false"], "not verified"),
        (["security.protocol": "ssl", "ssl.endpoint.identification.algorithm": "none"], "not compared"),
        (["security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN"], "password is sent in clear"),
        (["security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER"], "token is sent in clear"),
    ])
    func `what weakens a connection is said by the configuration and by each client's log`(
        properties: [String: String], reason: String
    ) throws {
        var configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1", properties: properties)
        #expect(configuration.weaknesses.count == 1)
        #expect(configuration.weaknesses[0].contains(reason))
        configuration.properties["sasl.username"] = "u"
        configuration.properties["sasl.password"] = "p"
        let told = Monitor<[KafkaLogEntry]>([])
        _ = try KafkaAdmin(configuration, onLog: { entry in told.withLock { $0.append(entry) } })
        #expect(told.withLock { $0.contains { $0.facility == "INSECURE" && $0.message.contains(reason) } })
    }

    @Test func `the program's own properties go through the same list`() throws {
        for name in ["plugin.library.paths", "ssl.engine.location", "sasl.kerberos.kinit.cmd", "sasl.jaas.config"] {
            let configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1", properties: [name: "canary"])
            let error = try #require(throws: KafkaError.self) { try KafkaProducer(configuration) }
            #expect(error.message.contains(name))
            #expect(!error.message.contains("canary"))
        }
    }
}

/// Files of one test that go away with it.
final class TemporaryFiles: Sendable {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "kafka-tests-\(UUID().uuidString)")

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Writes a file that only its owner can read, and gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path(name))
        return path(name)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
