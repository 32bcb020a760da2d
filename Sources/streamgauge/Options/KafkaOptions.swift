import ArgumentParser
import FoundationEssentials
import Kafka

/// How a command reaches Kafka: flags over environment over a file, see `KafkaSettings`.
struct KafkaOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("The brokers to ask first, with commas between them.", valueName: "host:port"))
    var bootstrapServers: String?

    @Option(
        help: ArgumentHelp(
            "A file of name=value lines: bootstrap.servers, security.protocol and other options of librdkafka.",
            valueName: "file.properties"))
    var kafkaConfig: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "An option of librdkafka, such as security.protocol=ssl; may be given several times. Passwords: "
                + "sasl.password=file:/path, or the variable STREAMGAUGE_KAFKA_SASL_PASSWORD.",
            valueName: "name=value"))
    var kafkaSettings: [SettingOption] = []

    @Flag(
        help: "Accept certificates that are not verified, and passwords that are sent in clear, as the options say.")
    var insecure = false

    @Flag(help: "Show where each option of librdkafka comes from, without secrets, and end.")
    var printConfig = false

    /// Whether anything was said about Kafka on the command line.
    var areGiven: Bool { bootstrapServers != nil || kafkaConfig != nil || !kafkaSettings.isEmpty || printConfig }

    func validate() throws {
        for (option, value) in [("--bootstrap-servers", bootstrapServers), ("--kafka-config", kafkaConfig)]
        where value == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
    }

    /// Reads and checks the options, and says on standard error what is not wise. Each call reads them anew.
    ///
    /// - Throws: `CleanExit` with the options' text for `--print-config`.
    func configuration() throws -> KafkaConfiguration {
        let configuration = try configurationIfGiven()
        guard let configuration else {
            throw ValidationError(
                "no broker is given: use --bootstrap-servers host:port, the variable "
                    + "\(KafkaSettings.environmentPrefix)BOOTSTRAP_SERVERS, or bootstrap.servers in a --kafka-config file"
            )
        }
        return configuration
    }

    /// The same; nil when no brokers are named anywhere.
    func configurationIfGiven() throws -> KafkaConfiguration? {
        let settings = try settings()
        if printConfig { throw CleanExit.message(Self.text(settings)) }
        guard !settings.configuration.bootstrapServers.isEmpty else { return nil }
        return try checked(settings)
    }

    /// Reads and checks the options for another cluster.
    ///
    /// - Parameters:
    ///   - file: Its options, instead of all that the command line and the environment say; nil takes those.
    ///   - servers: Its brokers, and the flag that names them; nil takes what the options say.
    func configuration(file: String?, servers: (flag: String, value: String)?) throws -> KafkaConfiguration {
        let named =
            servers.map { [KafkaSettings.Flag(flag: $0.flag, name: "bootstrap.servers", value: $0.value)] } ?? []
        let settings =
            if let file {
                try KafkaSettings(path: file, environment: [:], flags: named, defaults: Self.defaults)
            } else {
                try settings(named)
            }
        guard !settings.configuration.bootstrapServers.isEmpty else {
            throw ValidationError("no broker is given: put bootstrap.servers into \(file ?? "a --kafka-config file")")
        }
        return try checked(settings)
    }

    private func checked(_ settings: KafkaSettings) throws -> KafkaConfiguration {
        let configuration = settings.configuration
        let weaknesses = configuration.weaknesses
        if let first = weaknesses.first, !insecure {
            throw CommandError(first, hint: "mend it, or accept it with --insecure")
        }
        for warning in settings.warnings + weaknesses { Self.warn(warning) }
        return configuration
    }

    private static let defaults = ["client.id": "streamgauge"]

    private func settings(_ more: [KafkaSettings.Flag] = []) throws -> KafkaSettings {
        var flags = kafkaSettings.map { KafkaSettings.Flag(flag: "--set", name: $0.name, value: $0.value) }
        if let bootstrapServers {
            flags.append(.init(flag: "--bootstrap-servers", name: "bootstrap.servers", value: bootstrapServers))
        }
        return try KafkaSettings(
            path: kafkaConfig, environment: ProcessInfo.processInfo.environment, flags: flags + more,
            defaults: Self.defaults)
    }

    private static func warn(_ text: String) {
        StandardStream.error.tell("warning: \(TerminalText.line(text))\n")
    }

    /// One line for each option: its name and value, and where it comes from.
    private static func text(_ settings: KafkaSettings) -> String {
        let lines = settings.settings.map { (TerminalText.line("\($0)"), TerminalText.line("\($0.origin)")) }
        let width = min(lines.map { TerminalText.width($0.0) }.max() ?? 0, 60)
        return lines.map { line, origin in
            line + String(repeating: " ", count: max(0, width - TerminalText.width(line))) + "  # \(origin)"
        }.joined(separator: "\n")
    }
}
