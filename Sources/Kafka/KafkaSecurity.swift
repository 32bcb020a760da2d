/// How to reach the brokers: in clear or encrypted, anonymous or with a login.
public enum KafkaSecurity: Sendable, Hashable {
    /// No encryption, no login.
    case plaintext
    /// Encrypted; the brokers know us by our certificate, if one is given.
    case tls(TLS = TLS())
    /// A login over an encrypted connection.
    case sasl(SASL, tls: TLS = TLS())
    /// A login over a connection in clear; passwords can be read on the way.
    case saslPlaintext(SASL)

    /// Certificates of an encrypted connection. Paths name PEM files.
    public struct TLS: Sendable, Hashable {
        /// The authorities whose signature we trust; nil takes the system's.
        public var caPath: String?
        /// Our own certificate, for brokers that ask for one.
        public var certificatePath: String?
        /// The private key of our certificate.
        public var keyPath: String?
        /// The password of the private key.
        public var keyPassword: Secret?
        /// Whether the broker's name must be the certificate's. Switch it off only for a broker on a test machine.
        public var verifiesHostname: Bool

        /// Creates TLS settings.
        public init(
            caPath: String? = nil, certificatePath: String? = nil, keyPath: String? = nil, keyPassword: Secret? = nil,
            verifiesHostname: Bool = true
        ) {
            self.caPath = caPath
            self.certificatePath = certificatePath
            self.keyPath = keyPath
            self.keyPassword = keyPassword
            self.verifiesHostname = verifiesHostname
        }
    }

    /// A login.
    public enum SASL: Sendable, Hashable {
        /// User and password, sent as they are.
        case plain(username: String, password: Secret)
        /// User and password, proven without sending the password; SHA-256.
        case scramSHA256(username: String, password: Secret)
        /// User and password, proven without sending the password; SHA-512.
        case scramSHA512(username: String, password: Secret)
        /// Kerberos; keytab and principal as librdkafka's `sasl.kerberos.…` properties.
        case gssapi(serviceName: String = "kafka")
        /// A token that this program brings, see ``OAuthBearerProvider``.
        case oauthBearer(OAuthBearerProvider)
        /// A token that librdkafka fetches from an OpenID Connect endpoint by itself. Needs a librdkafka with `oidc`
        /// among its built-in features.
        case oauthBearerOIDC(clientId: String, clientSecret: Secret, tokenEndpoint: String, scope: String? = nil)
        /// A token that librdkafka makes itself without a signature, from `sasl.oauthbearer.config`; for tests.
        case oauthBearerUnsecured(config: Secret)
    }

    /// librdkafka's properties for this.
    var properties: [(name: String, value: String)] {
        switch self {
        case .plaintext: []
        case .tls(let tls): [("security.protocol", "ssl")] + tls.properties
        case .sasl(let sasl, let tls): [("security.protocol", "sasl_ssl")] + sasl.properties + tls.properties
        case .saslPlaintext(let sasl): [("security.protocol", "sasl_plaintext")] + sasl.properties
        }
    }

    /// Brings the tokens, if the program does that.
    var tokenProvider: OAuthBearerProvider? {
        switch self {
        case .sasl(.oauthBearer(let provider), _), .saslPlaintext(.oauthBearer(let provider)): provider
        default: nil
        }
    }
}

extension KafkaSecurity.TLS {
    fileprivate var properties: [(name: String, value: String)] {
        var all: [(name: String, value: String)] = []
        if let caPath { all.append(("ssl.ca.location", caPath)) }
        if let certificatePath { all.append(("ssl.certificate.location", certificatePath)) }
        if let keyPath { all.append(("ssl.key.location", keyPath)) }
        if let keyPassword { all.append(("ssl.key.password", keyPassword.text)) }
        all.append(("ssl.endpoint.identification.algorithm", verifiesHostname ? "https" : "none"))
        return all
    }
}

extension KafkaSecurity.SASL {
    fileprivate var properties: [(name: String, value: String)] {
        switch self {
        case .plain(let username, let password): Self.login("PLAIN", username, password)
        case .scramSHA256(let username, let password): Self.login("SCRAM-SHA-256", username, password)
        case .scramSHA512(let username, let password): Self.login("SCRAM-SHA-512", username, password)
        case .gssapi(let serviceName):
            [("sasl.mechanisms", "GSSAPI"), ("sasl.kerberos.service.name", serviceName)]
        case .oauthBearer: [("sasl.mechanisms", "OAUTHBEARER")]
        case .oauthBearerOIDC(let clientId, let clientSecret, let tokenEndpoint, let scope):
            [
                ("sasl.mechanisms", "OAUTHBEARER"), ("sasl.oauthbearer.method", "oidc"),
                ("sasl.oauthbearer.client.id", clientId), ("sasl.oauthbearer.client.secret", clientSecret.text),
                ("sasl.oauthbearer.token.endpoint.url", tokenEndpoint),
            ] + (scope.map { [("sasl.oauthbearer.scope", $0)] } ?? [])
        case .oauthBearerUnsecured(let config):
            [
                ("sasl.mechanisms", "OAUTHBEARER"), ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
                ("sasl.oauthbearer.config", config.text),
            ]
        }
    }

    private static func login(
        _ mechanism: String, _ username: String, _ password: Secret
    ) -> [(name: String, value: String)] {
        [("sasl.mechanisms", mechanism), ("sasl.username", username), ("sasl.password", password.text)]
    }
}
