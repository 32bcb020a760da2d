import FoundationEssentials
import StreamingMetrics

/// Says on standard error what each trigger did.
final class ProgressPrinter: StreamingQueryListener {
    private let stream = StandardStream.error

    func onQueryStarted(_ event: QueryStartedEvent) {
        let name = event.name.map { " \(TerminalText.escaped($0))" } ?? ""
        let id = event.id.uuidString.lowercased()
        stream.tell("started query\(name), id \(id), runId \(event.runId.uuidString.lowercased())\n")
    }

    func onQueryProgress(_ event: QueryProgressEvent) {
        stream.tell(ProgressLine(progress: event.progress).text(color: stream.hasColor) + "\n")
    }

    /// The command itself says how a query ended.
    func onQueryTerminated(_ event: QueryTerminatedEvent) {}
}
