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
        // The command itself says why its query failed.
        if message.hasPrefix("[STREAM_FAILED]") { return }
        let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        let text = details.isEmpty ? message : "\(message) (\(details))"
        StandardStream.error.tell("\(event.level.rawValue): \(TerminalText.line(text))\n")
    }

    /// A logger that writes through this handler.
    static func logger(_ label: String) -> Logger { Logger(label: label) { _ in CommandLogHandler() } }
}
