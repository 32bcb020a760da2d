import Dispatch
import Glibc
import LiveMonitoring

/// SIGHUP: the files of alert rules are read again, and judging goes on with them. Rules that are wrong are one warning, and change
/// nothing; where no file was given the signal changes nothing either, and does not end the program.
final class RulesReload: Sendable {
    // DispatchSource is thread-safe; it is only kept alive here and cancelled once.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    /// Takes the signal over from the system.
    init(_ files: [String], for watch: AlertWatch?) {
        signal(SIGHUP, SIG_IGN)
        // A queue of its own: one reload ends before the next one begins.
        source = DispatchSource.makeSignalSource(
            signal: SIGHUP, queue: DispatchQueue(label: "streamgauge.rules-reload"))
        source.setEventHandler {
            guard !files.isEmpty, let watch else {
                return StandardStream.error.tell("SIGHUP: no file of --rules is there to be read again\n")
            }
            Self.reload(files, watch)
        }
        source.activate()
    }

    deinit { source.cancel() }

    private static func reload(_ files: [String], _ watch: AlertWatch) {
        let names = TerminalText.line(files.joined(separator: ", "))
        do {
            watch.replaceRules(try AlertFiles.rules(files))
            StandardStream.error.tell("the alert rules were read again from \(names)\n")
        } catch {
            StandardStream.error.tell("warning: the alert rules stay as they were: \(TerminalText.line("\(error)"))\n")
        }
    }
}
