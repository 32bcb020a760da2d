@testable import Kafka
import Testing

@Suite struct KafkaConfigurationTests {
    @Test func `an unknown option is named with librdkafka's version`() throws {
        let configuration = KafkaConfiguration(bootstrapServers: "localhost:1", properties: ["no.such.option": "7"])
        let error = try #require(throws: KafkaError.self) { try KafkaProducer(configuration) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("\"no.such.option\""))
        #expect(error.message.contains(RdKafkaLibrary.version))
    }

    @Test func `a refused value is shown with the option`() throws {
        let configuration = KafkaConfiguration(bootstrapServers: "localhost:1", properties: ["acks": "many"])
        let error = try #require(throws: KafkaError.self) { try KafkaProducer(configuration) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("\"acks\" to \"many\""))
    }

    @Test func `options that do not go together are refused when the client is made`() throws {
        let configuration = KafkaConfiguration(
            bootstrapServers: "localhost:1", properties: ["enable.idempotence": "true", "acks": "1"])
        let error = try #require(throws: KafkaError.self) { try KafkaProducer(configuration) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("acks"))
    }

    @Test func `no bootstrap servers is an error`() throws {
        let error = try #require(throws: KafkaError.self) {
            try KafkaProducer(KafkaConfiguration(bootstrapServers: ""))
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("bootstrap servers"))
    }

    @Test func `no description, dump or error shows a secret`() throws {
        let canary = "canary-7d1f"
        var configuration = KafkaConfiguration(bootstrapServers: "localhost:1")
        configuration.security = .sasl(
            .scramSHA512(username: "me", password: Secret(canary)),
            tls: .init(keyPath: "/k", keyPassword: Secret(canary)))
        configuration.properties = [
            "sasl.password": canary, "ssl.key.password": canary, "sasl.oauthbearer.config": canary,
            "sasl.oauthbearer.client.secret": canary, "ssl.key.pem": canary, "ssl.keystore.password": canary,
        ]
        var shown = "\(configuration) \(String(reflecting: configuration)) \(configuration.security)"
        dump(configuration, to: &shown)
        dump(configuration.security, to: &shown)
        shown += String(describing: Mirror(reflecting: configuration).children.map { $0 })
        do {
            _ = try KafkaProducer(configuration)
        } catch {
            shown += "\(error)"
        }
        #expect(!shown.contains(canary))
        #expect(shown.contains("<redacted>"))
    }

    @Test func `typed settings become librdkafka's options and properties win`() throws {
        var configuration = KafkaConfiguration(bootstrapServers: "b:1", clientId: "c")
        configuration.security = .sasl(.plain(username: "u", password: "p"), tls: .init(caPath: "/ca"))
        configuration.properties["client.id"] = "mine"
        let resolved = try configuration.resolved(defaults: [("linger.ms", "5")])
        let effective = Dictionary(resolved.pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        #expect(effective["bootstrap.servers"] == "b:1")
        #expect(effective["client.id"] == "mine")
        #expect(effective["linger.ms"] == "5")
        #expect(effective["security.protocol"] == "sasl_ssl")
        #expect(effective["sasl.mechanisms"] == "PLAIN")
        #expect(effective["sasl.password"] == "p")
        #expect(effective["ssl.ca.location"] == "/ca")
        #expect(effective["ssl.endpoint.identification.algorithm"] == "https")
    }

    @Test(arguments: [
        KafkaSecurity.plaintext, .saslPlaintext(.plain(username: "u", password: "p")),
        .sasl(.scramSHA256(username: "u", password: "p")), .sasl(.scramSHA512(username: "u", password: "p")),
        .saslPlaintext(.oauthBearerUnsecured(config: "principal=me")),
    ])
    func `librdkafka takes every kind of security`(_ security: KafkaSecurity) async throws {
        let configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1", security: security)
        let producer = try KafkaProducer(configuration)
        await producer.close(timeout: .zero)
    }

    @Test func `a certificate that is missing is an error that names it`() throws {
        let configuration = KafkaConfiguration(
            bootstrapServers: "127.0.0.1:1", security: .tls(.init(caPath: "/nowhere/ca.pem")))
        let error = try #require(throws: KafkaError.self) { try KafkaProducer(configuration) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("ca.location") || error.message.contains("/nowhere/ca.pem"))
    }
}
