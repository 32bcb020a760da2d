/// How a client reaches its brokers and behaves.
///
/// Every option of librdkafka can be set by its name in ``properties``; what stands there wins over the typed settings.
/// Names and values are checked by librdkafka when the client is made, and a wrong one is a ``KafkaError`` that names it.
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
    /// librdkafka's options by name, as in its CONFIGURATION.md.
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

    /// What librdkafka is told, in this order; a later value replaces an earlier one of the same name.
    ///
    /// - Parameter defaults: A role's own settings, below everything the user says.
    func resolved(defaults: [(name: String, value: String)]) throws(KafkaError) -> [(name: String, value: String)] {
        var all = defaults
        if !bootstrapServers.isEmpty { all.append(("bootstrap.servers", bootstrapServers)) }
        if let clientId { all.append(("client.id", clientId)) }
        all += security.properties
        all += properties.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        for (name, value) in all where name.utf8.contains(0) || value.utf8.contains(0) {
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot configure the Kafka client: the option \"\(name.filter { $0 != "\0" })\" contains "
                    + "a NUL byte; remove it")
        }
        let givesBrokers = ["bootstrap.servers", "metadata.broker.list"].contains { name in
            all.contains { $0.name == name && !$0.value.isEmpty }
        }
        guard givesBrokers else {
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot configure the Kafka client: no bootstrap servers are given; "
                    + "name at least one broker, such as localhost:9092")
        }
        return all
    }

    /// Whether an option's value must never be shown.
    static func isSecret(_ option: String) -> Bool {
        ["password", "secret", "oauthbearer.config", "key.pem", "ssl_key", "jaas"].contains { option.contains($0) }
    }
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
