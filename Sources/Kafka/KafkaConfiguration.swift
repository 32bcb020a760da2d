/// How a client reaches its brokers and behaves.
///
/// Options of librdkafka can be set by their names in ``properties``; what stands there wins over the typed settings. An
/// allow-list lets through what can do no harm: not what loads code or runs commands, and not what this library sets itself.
/// Names and values are checked when the client is made, and a wrong one is a ``KafkaError`` that names it.
/// ``KafkaSettings`` reads them from a file, the environment and flags.
///
/// ```swift
/// var configuration = KafkaConfiguration(bootstrapServers: "broker-1:9093,broker-2:9093")
/// configuration.security = .sasl(.scramSHA512(username: "metrics", password: Secret(password)))
/// configuration.properties["compression.type"] = "zstd"
/// ```
public struct KafkaConfiguration: Sendable, Hashable {
    /// The brokers to ask first, as `host:port` with commas between them.
    public var bootstrapServers: String
    /// What the brokers' logs call this client; nil leaves librdkafka's `rdkafka`.
    public var clientId: String?
    /// Encryption and login.
    public var security: KafkaSecurity
    /// librdkafka's options by name, as in its CONFIGURATION.md, as far as the allow-list goes.
    public var properties: [String: String]

    /// Creates a configuration.
    public init(
        bootstrapServers: String, clientId: String? = nil, security: KafkaSecurity = .plaintext,
        properties: [String: String] = [:]
    ) {
        self.bootstrapServers = bootstrapServers
        self.clientId = clientId
        self.security = security
        self.properties = properties
    }

    /// How connections are secured, such as `sasl_ssl, SCRAM-SHA-512`; without names and secrets.
    public var securitySummary: String {
        let options = options(defaults: [])
        let `protocol` = (options.effective("security.protocol") ?? "plaintext").lowercased()
        guard `protocol`.hasPrefix("sasl_") else { return `protocol` }
        return "\(`protocol`), \(options.effective("sasl.mechanisms") ?? "GSSAPI")"
    }

    /// What makes connections weaker than they look, one sentence each: certificates or names that are not verified, and
    /// passwords or tokens that are sent in clear. Clients tell it to `onLog` too, as warnings of the facility `INSECURE`.
    public var weaknesses: [String] { options(defaults: []).weaknesses }

    /// What librdkafka is told, in this order; a later value replaces an earlier one of the same name.
    ///
    /// - Parameter defaults: A role's own settings, below everything the user says.
    func resolved(defaults: [(name: String, value: String)]) throws(KafkaError) -> ClientOptions {
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            let reason = PropertyRules.refusal(of: name) ?? PropertyRules.refusal(ofValue: value, for: name)
            guard let reason else { continue }
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot set the Kafka option \"\(name.filter { $0 != "\0" })\": \(reason)")
        }
        let options = options(defaults: defaults)
        for (name, value) in options.pairs where name.utf8.contains(0) || value.utf8.contains(0) {
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot configure the Kafka client: the option \"\(name.filter { $0 != "\0" })\" contains "
                    + "a NUL byte; remove it")
        }
        guard options.effective("bootstrap.servers")?.isEmpty == false else {
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot configure the Kafka client: no bootstrap servers are given; "
                    + "name at least one broker, such as localhost:9092")
        }
        return options
    }

    private func options(defaults: [(name: String, value: String)]) -> ClientOptions {
        var pairs = defaults
        if !bootstrapServers.isEmpty { pairs.append(("bootstrap.servers", bootstrapServers)) }
        if let clientId { pairs.append(("client.id", clientId)) }
        pairs += security.properties
        var given = properties
        let tokenFile = given.removeValue(forKey: PropertyRules.tokenFile)
        pairs += given.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        return ClientOptions(pairs: pairs, tokenProvider: tokenFile.map { .file($0) } ?? security.tokenProvider)
    }

    /// Whether an option's value must never be shown.
    static func isSecret(_ option: String) -> Bool { PropertyRules.isSecret(option) }
}

extension KafkaConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The settings with secrets blackened.
    public var description: String {
        let shown = properties.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.isSecret($0.key) ? Secret.redacted : $0.value)" }
        return "KafkaConfiguration(\(bootstrapServers)\(clientId.map { ", client.id=\($0)" } ?? ""), \(security)"
            + shown.map { ", \($0)" }.joined() + ")"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without children, since a dump would show secrets among the properties.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
