import Kafka
import Logging

/// Shows what the libraries have to say on standard error: warnings and worse, one line each.
struct CommandLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let message = event.message.description
        // The command itself says why its query failed, and what is weak about its connection.
        if message.hasPrefix("[STREAM_FAILED]") || message.hasPrefix("insecure connection: ") { return }
        let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        let text = details.isEmpty ? message : "\(message) (\(details))"
        StandardStream.error.tell("\(event.level.rawValue): \(TerminalText.line(text))\n")
    }

    /// A logger that writes through this handler.
    static func logger(_ label: String) -> Logger { Logger(label: label) { _ in CommandLogHandler() } }

    /// The same, with librdkafka's debug lines when the configuration asks for them.
    static func logger(_ label: String, for configuration: KafkaConfiguration) -> Logger {
        Logger(label: label) { _ in CommandLogHandler(logLevel: configuration.asksForDebug ? .debug : .warning) }
    }

    /// Shows librdkafka's own lines when the configuration asks for its debug lines; otherwise errors tell enough.
    ///
    /// - Parameter tell: Gets the lines; by default standard error does.
    static func librdkafka(
        _ configuration: KafkaConfiguration,
        tell: @escaping @Sendable (String) -> Void = { StandardStream.error.tell($0 + "\n") }
    ) -> @Sendable (KafkaLogEntry) -> Void {
        guard configuration.asksForDebug else { return { _ in } }
        return { tell("\($0.level): librdkafka: \(TerminalText.line($0.message))") }
    }
}

extension KafkaConfiguration {
    /// Whether librdkafka is to tell what it does.
    fileprivate var asksForDebug: Bool { properties["debug"] != nil }
}
