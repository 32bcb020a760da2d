import Foundation
import Kafka
import KafkaTesting
import Testing

/// Row F8 of the reliability table: certificates that are good, expired, foreign, for another name, and asked for.
@Suite struct TLSTests {
    private static let canary = "canary-\(UInt64.random(in: .min ... .max))"
    private let cluster: MockCluster
    private let folder: CertificateFolder
    private let told = Monitor<[KafkaError]>([])
    private let logged = Monitor("")

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic("t")
        folder = try CertificateFolder()
    }

    private func configuration(_ end: TLSEnd, _ security: KafkaSecurity) -> KafkaConfiguration {
        KafkaConfiguration(
            bootstrapServers: end.bootstrapServers, security: security,
            properties: [
                "reconnect.backoff.ms": "10", "reconnect.backoff.max.ms": "50", "message.timeout.ms": "20000",
                "debug": "all", "broker.address.family": "v4",
            ])
    }

    private func producer(_ configuration: KafkaConfiguration) throws -> KafkaProducer {
        try KafkaProducer(
            configuration,
            onError: { [told] error in
                told.withLock { $0.append(error) }
                told.broadcast()
            },
            onLog: { [logged] entry in
                logged.withLock { $0 += "\(entry.message)\n" }
                logged.broadcast()
            })
    }

    /// The first error of TLS, with what the log said meanwhile.
    private func refusal(_ end: TLSEnd, _ tls: KafkaSecurity.TLS) async throws -> KafkaError {
        let producer = try producer(configuration(end, .tls(tls)))
        let error = told.wait(timeout: .seconds(20)) { $0.first { $0.code == .tlsFailed } }
        await producer.close(timeout: .zero)
        end.close()
        cluster.close()
        return try #require(error, "\(told.withLock { $0 })")
    }

    private var trusted: KafkaSecurity.TLS { .init(caPath: folder.path("ca.pem")) }

    @Test func `F08 a good certificate lets records through, and every connection is encrypted`() async throws {
        let end = try await TLSEnd(folder, certificate: "good", to: cluster.bootstrapServers)
        let configuration = configuration(end, .tls(trusted))
        let producer = try producer(configuration)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        await producer.close()
        let consumer = try KafkaConsumer(
            configuration, subscription: .topics(["t"], from: .beginning), options: .init(stopsAtEnd: true))
        var values: [String] = []
        for try await record in consumer.records { values.append(String(decoding: record.value ?? [], as: UTF8.self)) }
        #expect(values == ["x"])
        await consumer.close()
        let admin = try KafkaAdmin(configuration)
        #expect(try await admin.metadata().brokers.map(\.port) == [end.port])
        end.close()
        cluster.close()
    }

    @Test(arguments: [
        ("expired", "has expired"), ("foreign", "authority that is not trusted here"), ("elsewhere", "another"),
    ])
    func `F08 a certificate that is not good is refused with the cause`(certificate: String, cause: String) async throws
    {
        let end = try await TLSEnd(folder, certificate: certificate, to: cluster.bootstrapServers)
        let error = try await refusal(end, trusted)
        #expect(error.message.contains(cause), "\(error)")
        #expect(error.message.contains("localhost:\(end.port)"), "\(error)")
    }

    @Test func `F08 a certificate for another name is taken when names do not count, and only then`() async throws {
        let end = try await TLSEnd(folder, certificate: "elsewhere", to: cluster.bootstrapServers)
        var tls = trusted
        tls.verifiesHostname = false
        let producer = try producer(configuration(end, .tls(tls)))
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        await producer.close()
        #expect(logged.withLock { $0.contains("not compared with their certificates") })
        end.close()
        cluster.close()
    }

    @Test func `F08 an expired certificate is taken when certificates are not verified, without an error`() async throws
    {
        let end = try await TLSEnd(folder, certificate: "expired", to: cluster.bootstrapServers)
        var configuration = configuration(end, .tls())
        configuration.properties["enable.ssl.certificate.verification"] = "false"
        let producer = try producer(configuration)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        await producer.close()
        #expect(told.withLock { $0.isEmpty })
        #expect(logged.withLock { $0.contains("certificates are not verified") })
        end.close()
        cluster.close()
    }

    @Test func `F08 a client's certificate that is asked for opens the door, none is told`() async throws {
        try folder.lock("client.key", password: Self.canary, as: "locked.key")
        let end = try await TLSEnd(folder, certificate: "good", asksForCertificate: true, to: cluster.bootstrapServers)
        var tls = trusted
        tls.certificatePath = folder.path("client.pem")
        tls.keyPath = folder.path("locked.key")
        tls.keyPassword = Secret(Self.canary)
        let producer = try producer(configuration(end, .tls(tls)))
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        await producer.close()
        tls.keyPassword = Secret(Self.canary + "x")
        let wrong = try #require(throws: KafkaError.self) { try KafkaProducer(configuration(end, .tls(tls))) }
        #expect(wrong.code == .invalidConfiguration)
        #expect(wrong.message.contains("ssl.key"), "\(wrong)")
        let none = try self.producer(configuration(end, .tls(trusted)))
        let error = told.wait(timeout: .seconds(20)) { $0.first { $0.code == .tlsFailed } }
        #expect(error?.message.contains("ssl.certificate.location") == true, "\(told.withLock { $0 })")
        await none.close(timeout: .zero)
        #expect(!(logged.withLock { $0 } + "\(wrong)\(told.withLock { $0 })").contains(Self.canary))
        end.close()
        cluster.close()
    }

    @Test func `F08 a login goes through the encrypted connection`() async throws {
        let responder = SASLResponder(users: ["u": Self.canary], mechanisms: [.scramSHA512])
        let end = try await TLSEnd(folder, certificate: "good", to: cluster.bootstrapServers, sasl: responder)
        let configuration = configuration(
            end, .sasl(.scramSHA512(username: "u", password: Secret(Self.canary)), tls: trusted))
        #expect(configuration.weaknesses.isEmpty)
        let producer = try producer(configuration)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        await producer.close()
        #expect(responder.attempts.map(\.isAccepted).contains(true))
        #expect(!logged.withLock { $0 }.contains(Self.canary))
        end.close()
        cluster.close()
    }

    @Test func `F08 a client that speaks in clear to an encrypted port is told so in its log`() async throws {
        let end = try await TLSEnd(folder, certificate: "good", to: cluster.bootstrapServers)
        let producer = try producer(configuration(end, .plaintext))
        let reason = logged.wait(timeout: .seconds(20)) { $0.contains("incorrect security.protocol") ? true : nil }
        #expect(reason == true)
        await producer.close(timeout: .zero)
        end.close()
        cluster.close()
    }

    /// The real broker of the integration tests, when it is on this machine.
    private static let realBroker = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"].flatMap {
        $0.hasPrefix("127.0.0.1:") || $0.hasPrefix("localhost:") ? $0 : nil
    }

    @Test(.enabled(if: realBroker != nil, "KAFKA_BOOTSTRAP_SERVERS names no broker of this machine"))
    func `F08 the real broker behind an end of TLS serves producers, groups and administration`() async throws {
        let end = try await TLSEnd(folder, certificate: "good", to: try #require(Self.realBroker))
        let configuration = configuration(end, .tls(trusted))
        let topic = "tls-\(UUID().uuidString)"
        let admin = try KafkaAdmin(configuration)
        #expect(try await admin.metadata().brokers.map(\.port) == [end.port])
        try await admin.createTopic(NewTopic(name: topic))
        let producer = try producer(configuration)
        for number in 0..<20 {
            _ = try await producer.deliver(ProducerRecord(topic: topic, value: Array("\(number)".utf8)))
        }
        await producer.close()
        let consumer = try KafkaConsumer(
            configuration, subscription: .group("g-\(topic)", topics: [topic], reset: .beginning),
            options: .init(stopsAtEnd: true))
        var values: [String] = []
        for try await record in consumer.records { values.append(String(decoding: record.value ?? [], as: UTF8.self)) }
        #expect(values == (0..<20).map { "\($0)" })
        await consumer.close()
        #expect(end.proxy.statistics.bytesToBroker > 0)
        _ = try await admin.deleteTopics([topic])
        end.close()
        cluster.close()
    }
}
