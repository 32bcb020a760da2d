import Dispatch
import Glibc
import LiveMonitoring

/// SIGHUP: the files of alert rules and of channels are read again, and judging and telling go on with them. A file that is wrong is one
/// warning, and changes nothing; where no file was given the signal changes nothing either, and does not end the program.
final class AlertReload: Sendable {
    // DispatchSource is thread-safe; it is only kept alive here and cancelled once.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    /// Takes the signal over from the system.
    init(rules files: [String], for watch: AlertWatch?, channels: LiveChannels?) {
        // A queue of its own: one reload ends before the next one begins.
        source = DispatchSource.makeSignalSource(
            signal: SIGHUP, queue: DispatchQueue(label: "streamgauge.alert-reload"))
        source.setEventHandler {
            let hasRules = watch != nil && !files.isEmpty
            guard hasRules || channels != nil else {
                return StandardStream.error.tell(
                    "SIGHUP: no file of --rules or --channels is there to be read again\n")
            }
            if hasRules, let watch {
                Self.read("the alert rules", files) {
                    let rules = try AlertFiles.rules(files)
                    AlertOptions.warn(of: rules)
                    watch.replaceRules(rules)
                }
            }
            if let channels { Self.read("the alert channels", [channels.file]) { try channels.reload() } }
        }
        source.takeOver()
    }

    deinit { source.cancel() }

    private static func read(_ what: String, _ files: [String], _ read: () throws -> Void) {
        do {
            try read()
            let names = TerminalText.line(files.joined(separator: ", "))
            StandardStream.error.tell("\(what) were read again from \(names)\n")
        } catch {
            StandardStream.error.tell("warning: \(what) stay as they were: \(TerminalText.line("\(error)"))\n")
        }
    }
}
