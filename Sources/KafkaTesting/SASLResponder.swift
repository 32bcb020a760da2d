import FoundationEssentials
import Kafka

/// The broker's side of a login, for a ``FaultProxy``: PLAIN, SCRAM (RFC 5802) and OAUTHBEARER (RFC 7628).
///
/// It remembers every attempt, so that a test can see what came over the wire.
public final class SASLResponder: Sendable {
    /// A way to log in.
    public enum Mechanism: String, Sendable, Hashable, CaseIterable {
        /// User and password as they are.
        case plain = "PLAIN"
        /// A proof of the password, with SHA-256.
        case scramSHA256 = "SCRAM-SHA-256"
        /// A proof of the password, with SHA-512.
        case scramSHA512 = "SCRAM-SHA-512"
        /// A token.
        case oauthBearer = "OAUTHBEARER"
    }

    /// A login that was tried.
    public struct Attempt: Sendable, Hashable {
        /// How.
        public var mechanism: Mechanism
        /// Who; empty for a token.
        public var user: String
        /// The token; empty for a user.
        public var token: String
        /// Further pairs that came with a token.
        public var extensions: [String: String] = [:]
        /// Whether it was let in.
        public var isAccepted: Bool
    }

    private struct State: Sendable {
        var attempts: [Attempt] = []
        var tokens: Set<String>
    }

    /// What is offered to clients.
    public let mechanisms: [Mechanism]
    let users: [String: String]
    private let state: Monitor<State>

    /// Creates a responder.
    ///
    /// - Parameters:
    ///   - users: Passwords by user.
    ///   - tokens: The tokens that are let in.
    ///   - mechanisms: What is offered to clients.
    public init(
        users: [String: String] = [:], tokens: Set<String> = [], mechanisms: [Mechanism] = Mechanism.allCases
    ) {
        self.users = users
        self.mechanisms = mechanisms
        state = Monitor(State(tokens: tokens))
    }

    /// The logins that were tried so far.
    public var attempts: [Attempt] { state.withLock { $0.attempts } }

    /// Changes which tokens are let in from now on.
    public func accept(tokens: Set<String>) { state.withLock { $0.tokens = tokens } }

    /// Waits until the attempts are as wanted.
    ///
    /// - Returns: Whether they were in time.
    public func wait(timeout: Duration = .seconds(30), until condition: ([Attempt]) -> Bool) -> Bool {
        state.wait(timeout: timeout) { condition($0.attempts) ? true : nil } ?? false
    }

    func accepts(token: String) -> Bool { state.withLock { $0.tokens.contains(token) } }

    func note(_ attempt: Attempt) {
        state.withLock { $0.attempts.append(attempt) }
        state.broadcast()
    }
}

/// The login of one connection.
struct SASLExchange {
    /// What the client is answered.
    enum Answer {
        case reply([UInt8])
        case failure(String)
    }

    private enum Step {
        case start
        case plain
        case scramFirst(SHA2)
        case scramFinal(ScramServer)
        case token
        /// The client was told why its token is no good, and says that it has heard.
        case tokenRefused
        case done
    }

    private let responder: SASLResponder
    private var step = Step.start

    init(_ responder: SASLResponder) { self.responder = responder }

    var isAuthenticated: Bool {
        if case .done = step { true } else { false }
    }

    /// Chooses a mechanism; whether it is offered.
    mutating func begin(_ name: String) -> Bool {
        guard let mechanism = SASLResponder.Mechanism(rawValue: name), responder.mechanisms.contains(mechanism) else {
            return false
        }
        switch mechanism {
        case .plain: step = .plain
        case .scramSHA256: step = .scramFirst(.sha256)
        case .scramSHA512: step = .scramFirst(.sha512)
        case .oauthBearer: step = .token
        }
        return true
    }

    /// Takes a message of the client.
    mutating func step(_ message: [UInt8]) -> Answer {
        switch step {
        case .start, .done: return .failure("no mechanism was chosen")
        case .plain: return plain(message)
        case .scramFirst(let hash):
            guard let server = ScramServer(hash, clientFirst: message, users: responder.users) else {
                return .failure("this is no first message of SCRAM")
            }
            step = .scramFinal(server)
            return .reply(Array(server.firstReply.utf8))
        case .scramFinal(let server):
            let signature = server.finalReply(to: message)
            responder.note(
                .init(mechanism: server.mechanism, user: server.user, token: "", isAccepted: signature != nil))
            guard let signature else { return .failure("Authentication failed during SASL/SCRAM: invalid credentials") }
            step = .done
            return .reply(Array(signature.utf8))
        case .token: return token(message)
        case .tokenRefused: return .failure("Authentication failed: the token is not accepted")
        }
    }

    private mutating func plain(_ message: [UInt8]) -> Answer {
        let parts = message.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 3 else { return .failure("this is no message of PLAIN") }
        let isAccepted = responder.users[parts[1]] == parts[2]
        responder.note(.init(mechanism: .plain, user: parts[1], token: "", isAccepted: isAccepted))
        guard isAccepted else { return .failure("Authentication failed: Invalid username or password") }
        step = .done
        return .reply([])
    }

    private mutating func token(_ message: [UInt8]) -> Answer {
        // "n,,", then pairs that begin and end with a byte of value 1.
        let pairs = message.split(separator: 1).dropFirst().map { String(decoding: $0, as: UTF8.self) }
        var extensions: [String: String] = [:]
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { extensions[String(parts[0])] = String(parts[1]) }
        }
        let bearer = extensions.removeValue(forKey: "auth") ?? ""
        guard bearer.hasPrefix("Bearer ") else { return .failure("this is no message of OAUTHBEARER") }
        let token = String(bearer.dropFirst("Bearer ".count))
        let isAccepted = responder.accepts(token: token)
        responder.note(
            .init(mechanism: .oauthBearer, user: "", token: token, extensions: extensions, isAccepted: isAccepted))
        step = isAccepted ? .done : .tokenRefused
        return .reply(isAccepted ? [] : Array(#"{"status":"invalid_token"}"#.utf8))
    }
}

/// The server of a SCRAM login, after the client's first message.
struct ScramServer {
    let user: String
    /// Salt, count and nonce.
    let firstReply: String
    private let hash: SHA2
    private let clientFirstBare: String
    private let nonce: String
    private let saltedPassword: [UInt8]?
    /// Far fewer than the 4096 that a broker should ask for: what is tested is the exchange, and tests are not optimised.
    private static let iterations = 64

    var mechanism: SASLResponder.Mechanism { hash == .sha256 ? .scramSHA256 : .scramSHA512 }

    init?(_ hash: SHA2, clientFirst: [UInt8], users: [String: String]) {
        let text = String(decoding: clientFirst, as: UTF8.self)
        guard text.hasPrefix("n,,") else { return nil }
        clientFirstBare = String(text.dropFirst(3))
        let fields = Self.fields(clientFirstBare)
        guard let user = fields["n"], let clientNonce = fields["r"], !clientNonce.isEmpty else { return nil }
        self.hash = hash
        self.user = user.split(separator: "=3D", omittingEmptySubsequences: false).joined(separator: "=")
            .split(separator: "=2C", omittingEmptySubsequences: false).joined(separator: ",")
        nonce = clientNonce + "\(UInt64.random(in: .min ... .max))"
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        firstReply = "r=\(nonce),s=\(Data(salt).base64EncodedString()),i=\(Self.iterations)"
        saltedPassword = users[self.user].map {
            hash.salted(password: Array($0.utf8), salt: salt, iterations: Self.iterations)
        }
    }

    /// The server's signature; nil when the client has not proved that it knows the password.
    func finalReply(to clientFinal: [UInt8]) -> String? {
        let text = String(decoding: clientFinal, as: UTF8.self)
        let fields = Self.fields(text)
        // librdkafka before 2.6.1 puts its own nonce before the whole one once more, which Kafka's brokers let pass too.
        guard let saltedPassword, fields["c"] == "biws", fields["r"]?.hasSuffix(nonce) == true,
            let proof = fields["p"].flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        let withoutProof = text.split(separator: ",").filter { !$0.hasPrefix("p=") }.joined(separator: ",")
        let message = Array("\(clientFirstBare),\(firstReply),\(withoutProof)".utf8)
        let storedKey = hash.hash(hash.hmac(key: saltedPassword, Array("Client Key".utf8)))
        let signature = hash.hmac(key: storedKey, message)
        guard proof.count == signature.count, hash.hash(zip(proof, signature).map { $0 ^ $1 }) == storedKey else {
            return nil
        }
        let serverKey = hash.hmac(key: saltedPassword, Array("Server Key".utf8))
        return "v=\(Data(hash.hmac(key: serverKey, message)).base64EncodedString())"
    }

    private static func fields(_ text: String) -> [String: String] {
        text.split(separator: ",").reduce(into: [:]) { fields, part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
        }
    }
}
