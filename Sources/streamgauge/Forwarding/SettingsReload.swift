import Dispatch
import Glibc
import Kafka
import MetricsTopic

/// SIGHUP: the Kafka settings are read again, and a forwarder goes on with them. Settings that are wrong are one warning, and
/// change nothing.
final class SettingsReload: Sendable {
    /// What the help of the commands says of it.
    static let discussion = """
        SIGHUP reads the --kafka-config file again, and the files that it names, such as one with a new password: a \
        client with the new settings takes the old one's place, and nothing is lost or stopped. Settings that \
        are wrong give one warning, and the old ones stay. Without --kafka-config SIGHUP ends the program.
        """

    // DispatchSource is thread-safe; it is only kept alive here and cancelled once.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    /// Takes the signal over from the system; nil without a file to read again.
    init?(_ options: KafkaOptions, for metrics: KafkaMetrics) {
        guard let path = options.kafkaConfig else { return nil }
        // A queue of its own: one reload ends before the next one begins.
        source = DispatchSource.makeSignalSource(
            signal: SIGHUP, queue: DispatchQueue(label: "streamgauge.settings-reload"))
        source.setEventHandler { Self.reload(options, path, metrics) }
        source.takeOver()
    }

    deinit { source.cancel() }

    /// Leaves the settings as they are from now on; a hangup does not end the program then either.
    func cancel() { source.cancel() }

    private static func reload(_ options: KafkaOptions, _ path: String, _ metrics: KafkaMetrics) {
        do {
            try metrics.reconfigure(try options.configuration())
            StandardStream.error.tell("the Kafka settings were read again from \(TerminalText.line(path))\n")
        } catch {
            StandardStream.error.tell(
                "warning: the Kafka settings stay as they were: \(TerminalText.line("\(error)"))\n")
        }
    }
}
