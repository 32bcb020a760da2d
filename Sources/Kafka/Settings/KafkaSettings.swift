/// The settings of a Kafka client as users give them: by flags, by the environment, and in a file. Flags win over the
/// environment, and the environment over the file.
///
/// ```swift
/// let settings = try KafkaSettings(
///     path: "client.properties", environment: ProcessInfo.processInfo.environment,
///     flags: [.init(flag: "--set", name: "linger.ms", value: "5")])
/// let producer = try KafkaProducer(settings.configuration)
/// ```
///
/// Every name goes through an allow-list. Besides librdkafka's own there is `sasl.oauthbearer.token.file`, a file with an
/// OAUTHBEARER token that is read again whenever a new one is needed. A password may be given as `file:/path`, the path of
/// a file that holds it and nothing else. Variables of the environment are called like the property, in capitals, with
/// `_` for `.` and `STREAMGAUGE_KAFKA_` before it: `STREAMGAUGE_KAFKA_SASL_PASSWORD` is `sasl.password`.
public struct KafkaSettings: Sendable {
    /// Where a setting comes from.
    public enum Origin: Sendable, Hashable, CustomStringConvertible {
        /// The program itself.
        case program
        /// A line of a file.
        case file(String, line: Int)
        /// A variable of the environment.
        case environment(String)
        /// A flag of the command line.
        case flag(String)

        /// Such as `client.properties:3`.
        public var description: String {
            switch self {
            case .program: "default"
            case .file(let path, let line): "\(path):\(line)"
            case .environment(let variable): "environment variable \(variable)"
            case .flag(let flag): flag
            }
        }
    }

    /// A setting from a flag.
    public struct Flag: Sendable {
        let flag: String
        let name: String
        let value: String

        /// - Parameters:
        ///   - flag: What the user wrote, such as `--set`.
        ///   - name: The property.
        ///   - value: Its value.
        public init(flag: String, name: String, value: String) {
            self.flag = flag
            self.name = name
            self.value = value
        }
    }

    /// A property's value and where it comes from.
    public struct Setting: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
        /// librdkafka's name of the property; of several names for the same, always the same one.
        public let name: String
        /// Where the value comes from.
        public let origin: Origin
        let text: String
        /// The file that holds the value, when it was given as `file:/path`.
        let secretPath: String?

        /// The value; `<redacted>` for a secret.
        public var shownValue: String {
            guard PropertyRules.isSecret(name) else { return text }
            return secretPath.map { "\(Secret.redacted) (from \($0))" } ?? Secret.redacted
        }

        /// The name and ``shownValue``.
        public var description: String { "\(name)=\(shownValue)" }

        /// The same as ``description``.
        public var debugDescription: String { description }

        /// A mirror without children.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The settings that count, by name.
    public private(set) var settings: [Setting]
    /// What is allowed and yet not wise, one sentence each.
    public private(set) var warnings: [String] = []

    /// What stands before the names of environment variables.
    public static let environmentPrefix = "STREAMGAUGE_KAFKA_"

    /// Reads and merges settings.
    ///
    /// - Parameters:
    ///   - path: A file of `name=value` lines, or nil.
    ///   - environment: The environment's variables; those without the prefix do not matter.
    ///   - flags: Settings from flags; of those for one property the last one counts.
    ///   - defaults: What the program sets when nobody says otherwise.
    /// - Throws: ``KafkaError`` with the code `invalidConfiguration` that says where the fault is. It never shows a secret.
    public init(
        path: String? = nil, environment: [String: String] = [:], flags: [Flag] = [], defaults: [String: String] = [:]
    ) throws(KafkaError) {
        var given: [(name: String, value: String, origin: Origin)] = []
        for (name, value) in defaults { given.append((name, value, .program)) }
        var fileIsOpenToOthers = false
        if let path {
            let file = try SmallFile(
                path: path, purpose: "the Kafka configuration", maximumBytes: PropertiesFile.maximumBytes)
            fileIsOpenToOthers = file.isReadableByOthers
            for entry in try PropertiesFile(file.bytes, path: path).entries {
                given.append((entry.name, entry.value, .file(path, line: entry.line)))
            }
        }
        given += try Self.entries(of: environment)
        for flag in flags { given.append((flag.name, flag.value, .flag(flag.flag))) }
        var byName: [String: Setting] = [:]
        for (name, value, origin) in given {
            let setting = try Self.setting(name, value, origin)
            byName[setting.name] = setting
        }
        settings = byName.values.sorted { $0.name < $1.name }
        try checkTogether()
        for setting in settings where PropertyRules.isSecret(setting.name) && setting.secretPath == nil {
            if let warning = Self.warning(on: setting, fileIsOpenToOthers: fileIsOpenToOthers) {
                warnings.append(warning)
            }
        }
    }

    /// The value of a property that is no secret.
    public subscript(name: String) -> String? {
        PropertyRules.isSecret(name) ? nil : text(name)
    }

    /// The clients' configuration. Its brokers are empty when none are given anywhere.
    public var configuration: KafkaConfiguration {
        var properties: [String: String] = [:]
        for setting in settings { properties[setting.name] = setting.text }
        var configuration = KafkaConfiguration(
            bootstrapServers: properties.removeValue(forKey: "bootstrap.servers") ?? "",
            clientId: properties.removeValue(forKey: "client.id"))
        if let path = properties.removeValue(forKey: PropertyRules.tokenFile) {
            configuration.security = .sasl(.oauthBearer(.file(path)))
        }
        configuration.properties = properties
        return configuration
    }

    func text(_ name: String) -> String? { settings.first { $0.name == name }?.text }
}
