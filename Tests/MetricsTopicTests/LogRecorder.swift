import Kafka
import Logging

/// Keeps the lines of a logger.
struct LogRecorder: Sendable {
    private let recorded = Monitor<[String]>([])

    var logger: Logger {
        let recorded = recorded
        return Logger(label: "test") { _ in Handler(recorded: recorded) }
    }

    var lines: [String] { recorded.withLock { $0 } }

    /// Waits until the lines are as asked for; false after ten seconds.
    func wait(until condition: @escaping @Sendable ([String]) -> Bool) -> Bool {
        recorded.wait(timeout: .seconds(10)) { condition($0) ? true : nil } ?? false
    }

    private struct Handler: LogHandler {
        let recorded: Monitor<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            recorded.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
            recorded.broadcast()
        }
    }
}
