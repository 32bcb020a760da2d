import FoundationEssentials
import Glibc

/// A token for SASL OAUTHBEARER.
public struct OAuthBearerToken: Sendable, Hashable {
    /// The token as the broker gets it.
    public var value: Secret
    /// When it ends, in milliseconds since 1970. A new one is asked for when four fifths of its time are over.
    public var expiresAtMs: Int64
    /// Whose token it is; for the client's own use, the broker reads the token.
    public var principal: String
    /// SASL extensions for the broker, such as `logicalCluster`.
    public var extensions: [String: String]

    /// Creates a token.
    public init(value: Secret, expiresAtMs: Int64, principal: String, extensions: [String: String] = [:]) {
        self.value = value
        self.expiresAtMs = expiresAtMs
        self.principal = principal
        self.extensions = extensions
    }
}

/// Where tokens come from.
///
/// Called when a client starts, and again before each token ends; after a failure every ten seconds. Failures come to the
/// client's `onError` with the code `authenticationFailed`. Two values are equal when they are copies of one another.
public struct OAuthBearerProvider: Sendable, Hashable {
    private final class Source: Sendable {
        let token: @Sendable () throws -> OAuthBearerToken

        init(_ token: @escaping @Sendable () throws -> OAuthBearerToken) { self.token = token }
    }

    private let source: Source

    /// Takes tokens from a function.
    ///
    /// - Parameter token: Gives a token that is good now. It runs on a thread of its own and may block; for one client it
    ///   does not run twice at a time. The text of an error it throws is shown, so it must hold no secret.
    public init(_ token: @escaping @Sendable () throws -> OAuthBearerToken) {
        source = Source(token)
    }

    /// Takes tokens from a file that somebody else keeps up to date; it is read anew each time.
    ///
    /// When the token is a JWT, its end (`exp`) and its principal (`sub`) are read from it. Any other token is asked for again
    /// after five minutes.
    public static func file(_ path: String) -> OAuthBearerProvider {
        OAuthBearerProvider { try TokenFile.token(path: path) }
    }

    func token() throws -> OAuthBearerToken { try source.token() }

    /// Whether both are copies of one provider.
    public static func == (left: OAuthBearerProvider, right: OAuthBearerProvider) -> Bool {
        left.source === right.source
    }

    /// Hashes the identity.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(source)) }
}

/// A token in a file.
enum TokenFile {
    private struct Claims: Decodable {
        var exp: Double?
        var sub: String?
    }

    static let maximumBytes = 65_536
    /// How long a token that does not tell its end is taken for good.
    static let unknownLifetimeMs: Int64 = 300_000

    static func token(path: String) throws(KafkaError) -> OAuthBearerToken {
        let purpose = "the OAUTHBEARER token from"
        let text = try SmallFile(path: path, purpose: purpose, maximumBytes: maximumBytes)
            .secretText(path: path, purpose: purpose)
        let now = nowMs()
        let claims = claims(of: text)
        // Beyond the range of whole milliseconds a time is as good as none.
        let end = claims?.exp.flatMap { Int64(exactly: ($0 * 1000).rounded(.down)) }
        if let end, end <= now {
            throw KafkaError(
                code: .authenticationFailed,
                message: "cannot use the OAUTHBEARER token from \(path): it ended \((now - end) / 1000) s ago; "
                    + "write a new one into the file")
        }
        return OAuthBearerToken(
            value: Secret(text), expiresAtMs: end ?? now + unknownLifetimeMs, principal: claims?.sub ?? "unknown")
    }

    static func nowMs() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// The claims of a JWT; nil for another token. They are not verified, which is the broker's business.
    private static func claims(of token: String) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var base64 = parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        base64 += Array(repeating: "=", count: (4 - base64.count % 4) % 4)
        guard let json = Data(base64Encoded: String(base64)) else { return nil }
        // What is no JSON of this form is no JWT of interest: the broker will tell.
        return try? JSONDecoder().decode(Claims.self, from: json)
    }
}
