import Foundation
@testable import Kafka
import KafkaTesting
import Testing

/// Logins against the broker's side of SASL in the proxy.
@Suite struct SASLTests {
    private static let canary = "canary-\(UInt64.random(in: .min ... .max))"

    /// A cluster with one topic behind a proxy that asks for a login.
    private struct Guarded {
        let cluster: MockCluster
        let proxy: FaultProxy

        init(_ responder: SASLResponder) throws {
            cluster = try MockCluster()
            try cluster.createTopic("t")
            proxy = try FaultProxy(to: cluster.bootstrapServers, sasl: responder)
        }

        func configuration(_ sasl: KafkaSecurity.SASL) -> KafkaConfiguration {
            KafkaConfiguration(
                bootstrapServers: proxy.bootstrapServers, security: .saslPlaintext(sasl),
                properties: [
                    "reconnect.backoff.ms": "10", "reconnect.backoff.max.ms": "50", "debug": "all",
                    "message.timeout.ms": "10000",
                ])
        }

        func close() {
            proxy.close()
            cluster.close()
        }
    }

    /// What a client tells, all of it.
    private final class Told: Sendable {
        private let state = Monitor((errors: [KafkaError](), text: ""))

        var onError: @Sendable (KafkaError) -> Void {
            { error in
                self.state.withLock {
                    $0.errors.append(error)
                    $0.text += "\(error)\n"
                }
                self.state.broadcast()
            }
        }

        var onLog: @Sendable (KafkaLogEntry) -> Void {
            { entry in self.state.withLock { $0.text += "\(entry)\n" } }
        }

        var text: String { state.withLock { $0.text } }

        func firstError(_ code: KafkaError.Code) -> KafkaError? {
            state.wait(timeout: .seconds(30)) { $0.errors.first { $0.code == code } }
        }
    }

    private static func login(_ mechanism: SASLResponder.Mechanism, _ password: String) -> KafkaSecurity.SASL {
        switch mechanism {
        case .plain: .plain(username: "u=,é", password: Secret(password))
        case .scramSHA256: .scramSHA256(username: "u=,é", password: Secret(password))
        default: .scramSHA512(username: "u=,é", password: Secret(password))
        }
    }

    @Test(arguments: [SASLResponder.Mechanism.plain, .scramSHA256, .scramSHA512])
    func `the right password lets a client in, a wrong one is told, and neither is shown`(
        mechanism: SASLResponder.Mechanism
    ) async throws {
        let responder = SASLResponder(users: ["u=,é": Self.canary], mechanisms: [mechanism])
        let guarded = try Guarded(responder)
        let told = Told()
        let producer = try KafkaProducer(
            guarded.configuration(Self.login(mechanism, Self.canary)), onError: told.onError, onLog: told.onLog)
        let report = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        #expect(report.status == .persisted)
        await producer.close()
        #expect(!responder.attempts.isEmpty)
        #expect(responder.attempts.allSatisfy { $0.isAccepted && $0.user == "u=,é" && $0.mechanism == mechanism })
        let wrong = try KafkaProducer(
            guarded.configuration(Self.login(mechanism, Self.canary + "x")), onError: told.onError, onLog: told.onLog)
        let error = try #require(told.firstError(.authenticationFailed))
        #expect(error.message.contains("password"))
        #expect(responder.attempts.last?.isAccepted == false)
        await wrong.close(timeout: .zero)
        #expect(told.text.contains("SASL"))
        #expect(!told.text.contains(Self.canary))
        guarded.close()
    }

    @Test func `a mechanism that the broker does not offer is told with those it does`() async throws {
        let guarded = try Guarded(SASLResponder(users: ["u=,é": "p"], mechanisms: [.scramSHA512]))
        let told = Told()
        let producer = try KafkaProducer(
            guarded.configuration(.plain(username: "u=,é", password: "p")), onError: told.onError, onLog: told.onLog)
        let error = try #require(told.firstError(.authenticationFailed))
        #expect(error.message.contains("SCRAM-SHA-512"), "\(error)")
        await producer.close(timeout: .zero)
        guarded.close()
    }

    @Test func `a client without a login is not served`() async throws {
        let guarded = try Guarded(SASLResponder())
        let admin = try KafkaAdmin(KafkaConfiguration(bootstrapServers: guarded.proxy.bootstrapServers))
        await #expect(throws: KafkaError.self) { try await admin.metadata(timeout: .seconds(1)) }
        guarded.close()
    }

    // MARK: Tokens

    private func token(_ text: String, lives: Duration = .seconds(3600)) -> OAuthBearerToken {
        OAuthBearerToken(
            value: Secret(text), expiresAtMs: TokenFile.nowMs() + Int64(lives.milliseconds), principal: "me",
            extensions: ["logicalCluster": "c1"])
    }

    @Test func `a token opens producers, consumers and administration, with its extensions`() async throws {
        let responder = SASLResponder(tokens: [Self.canary], mechanisms: [.oauthBearer])
        let guarded = try Guarded(responder)
        let configuration = guarded.configuration(.oauthBearer(OAuthBearerProvider { token(Self.canary) }))
        let told = Told()
        let producer = try KafkaProducer(configuration, onError: told.onError, onLog: told.onLog)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "x"))
        await producer.close()
        let admin = try KafkaAdmin(configuration, onLog: told.onLog)
        #expect(try await admin.metadata(topic: "t").topics.map(\.name) == ["t"])
        let consumer = try KafkaConsumer(
            configuration, subscription: .topics(["t"], from: .beginning), options: .init(stopsAtEnd: true),
            onError: told.onError, onLog: told.onLog)
        var count = 0
        for try await _ in consumer.records { count += 1 }
        #expect(count == 1)
        await consumer.close()
        #expect(responder.attempts.allSatisfy { $0.isAccepted && $0.extensions == ["logicalCluster": "c1"] })
        #expect(!told.text.contains(Self.canary))
        guarded.close()
    }

    @Test func `a token is asked for again before it ends, and the new one is used`() async throws {
        let responder = SASLResponder(tokens: ["token-1"], mechanisms: [.oauthBearer])
        let guarded = try Guarded(responder)
        let asked = Monitor(0)
        let provider = OAuthBearerProvider {
            let count = asked.withLock { count in
                count += 1
                return count
            }
            asked.broadcast()
            return token("token-\(count)", lives: .seconds(2))
        }
        let producer = try KafkaProducer(guarded.configuration(.oauthBearer(provider)))
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "first"))
        #expect(asked.wait(timeout: .seconds(30)) { $0 >= 2 ? true : nil } == true)
        // From now on only a newer token opens a connection.
        responder.accept(tokens: Set((2...60).map { "token-\($0)" }))
        guarded.proxy.strike(.reset)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "second"))
        #expect(responder.attempts.last?.isAccepted == true)
        #expect(responder.attempts.last?.token != "token-1")
        await producer.close()
        guarded.close()
    }

    @Test func `a refused token is an error of the client, without the token`() async throws {
        let guarded = try Guarded(SASLResponder(tokens: ["other"], mechanisms: [.oauthBearer]))
        let told = Told()
        let configuration = guarded.configuration(.oauthBearer(OAuthBearerProvider { token(Self.canary) }))
        let producer = try KafkaProducer(configuration, onError: told.onError, onLog: told.onLog)
        let error = try #require(told.firstError(.authenticationFailed))
        #expect(error.message.contains("token"), "\(error)")
        await producer.close(timeout: .zero)
        #expect(!told.text.contains(Self.canary))
        guarded.close()
    }

    @Test(arguments: ["producer", "consumer", "admin"])
    func `a provider that fails is an error of each kind of client`(role: String) async throws {
        struct Away: Error, CustomStringConvertible { var description: String { "the token server is away" } }
        let guarded = try Guarded(SASLResponder(mechanisms: [.oauthBearer]))
        let told = Told()
        let configuration = guarded.configuration(.oauthBearer(OAuthBearerProvider { throw Away() }))
        let close: () async -> Void
        switch role {
        case "producer":
            let producer = try KafkaProducer(configuration, onError: told.onError)
            close = { await producer.close(timeout: .zero) }
        case "consumer":
            let consumer = try KafkaConsumer(
                configuration, subscription: .topics(["t"], from: .end), onError: told.onError)
            close = { await consumer.close() }
        default:
            let admin = try KafkaAdmin(configuration, onError: told.onError)
            close = { withExtendedLifetime(admin) {} }
        }
        let error = try #require(told.firstError(.authenticationFailed))
        #expect(error.message.contains("the token server is away"))
        await close()
        guarded.close()
    }

    @Test func `a token that has ended already, or cannot be a token, is an error`() async throws {
        let guarded = try Guarded(SASLResponder(mechanisms: [.oauthBearer]))
        for bad in [token(Self.canary, lives: .zero), token("a\u{0}b")] {
            let told = Told()
            let producer = try KafkaProducer(
                guarded.configuration(.oauthBearer(OAuthBearerProvider { bad })), onError: told.onError,
                onLog: told.onLog)
            #expect(told.firstError(.authenticationFailed) != nil)
            await producer.close(timeout: .zero)
            #expect(!told.text.contains(Self.canary))
        }
        guarded.close()
    }

    @Test func `a client can be closed while its provider blocks`() async throws {
        let guarded = try Guarded(SASLResponder(mechanisms: [.oauthBearer]))
        let gate = Monitor((isAsked: false, isOpen: false))
        let provider = OAuthBearerProvider {
            gate.withLock { $0.isAsked = true }
            gate.broadcast()
            _ = gate.wait(timeout: .seconds(60)) { $0.isOpen ? true : nil }
            return token("late")
        }
        let producer = try KafkaProducer(guarded.configuration(.oauthBearer(provider)))
        #expect(gate.wait(timeout: .seconds(30)) { $0.isAsked ? true : nil } == true)
        await producer.close(timeout: .zero)
        gate.withLock { $0.isOpen = true }
        gate.broadcast()
        guarded.close()
    }

    @Test func `a token in a file is read again at each refresh`() async throws {
        let folder = TemporaryFiles()
        let jwt = { (name: String, lives: Double) in
            let claims = #"{"sub":"\#(name)","exp":\#((Date().timeIntervalSince1970 + lives).rounded(.up))}"#
            let payload = Data(claims.utf8).base64EncodedString().replacing("=", with: "")
            return "eyJhbGciOiJub25lIn0.\(payload)."
        }
        let first = jwt("one", 3)
        let path = try folder.write("token", first + "\n")
        let responder = SASLResponder(tokens: [first], mechanisms: [.oauthBearer])
        let guarded = try Guarded(responder)
        let settings = try KafkaSettings(
            flags: [
                ("bootstrap.servers", guarded.proxy.bootstrapServers), ("security.protocol", "sasl_plaintext"),
                ("sasl.oauthbearer.token.file", path), ("reconnect.backoff.ms", "10"),
                ("reconnect.backoff.max.ms", "50"), ("message.timeout.ms", "30000"),
            ].map { KafkaSettings.Flag(flag: "--set", name: $0.0, value: $0.1) })
        let producer = try KafkaProducer(settings.configuration)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "first"))
        let second = jwt("two", 3600)
        try folder.write("token", second)
        responder.accept(tokens: [second])
        // Until the refresh the old token is shown and refused.
        guarded.proxy.strike(.reset)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: "second"))
        #expect(responder.attempts.last?.token == second)
        await producer.close()
        guarded.close()
    }

    @Test func `a token file that holds none is an error that names it`() throws {
        let folder = TemporaryFiles()
        let path = folder.path("token")
        #expect(try #require(throws: KafkaError.self) { try TokenFile.token(path: path) }.message.contains(path))
        try folder.write("token", "")
        #expect(try #require(throws: KafkaError.self) { try TokenFile.token(path: path) }.message.contains("empty"))
        let ended = Data(#"{"sub":"a","exp":1000}"#.utf8).base64EncodedString().replacing("=", with: "")
        try folder.write("token", "h.\(ended).s")
        let error = try #require(throws: KafkaError.self) { try TokenFile.token(path: path) }
        #expect(error.message.contains("ago"))
        #expect(!error.message.contains(ended))
        try folder.write("token", "opaque")
        let token = try TokenFile.token(path: path)
        #expect(token.principal == "unknown")
        #expect(token.expiresAtMs > TokenFile.nowMs())
    }
}
