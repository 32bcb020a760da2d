import ArgumentParser
import FoundationEssentials
import MetricsTopic
import StreamingMetrics

/// `--format`.
enum RecordFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, csv

    /// What comes before the first event.
    var header: String? {
        switch self {
        case .table: MetricsTable.header
        case .json: nil
        case .csv: CSVLine.header
        }
    }

    private static let isForTerminal = StandardStream.output.isTerminal

    /// One event's line, written anew from the typed value; nil for an event that the format has no place for.
    func line(_ event: StreamingQueryEvent) -> String? {
        switch (self, event) {
        case (.table, .progress(let event)): MetricsTable.row(event.progress)
        case (.table, _): MetricsTable.row(lifecycle: event)
        case (.json, .progress(let event)): Self.json(event.progress.json)
        case (.json, _): Self.json(event.json)
        case (.csv, .progress(let event)): CSVLine.row(event.progress)
        case (.csv, _): nil
        }
    }

    /// Byte for byte as Spark writes it into a file or pipe; safe on a screen.
    private static func json(_ text: String) -> String { isForTerminal ? TerminalText.escapedJSON(text) : text }
}

/// Progress as comma-separated values.
enum CSVLine {
    static let header =
        "timestamp,name,id,runId,batchId,numInputRows,inputRowsPerSecond,processedRowsPerSecond,batchMs,numStateRows"

    /// One event's values; a value that is not there is empty.
    static func row(_ progress: StreamingQueryProgress) -> String {
        let batchId = progress.batchId.map { "\($0)" }
        let values: [String?] = [
            progress.timestamp.description, progress.name.map(inert), progress.id.uuidString.lowercased(),
            progress.runId.uuidString.lowercased(), batchId, "\(progress.numInputRows)",
            progress.inputRowsPerSecond.map { "\($0)" }, progress.processedRowsPerSecond.map { "\($0)" },
            progress.batchMs.map { "\($0)" }, "\(progress.stateRows)",
        ]
        return values.map { quoted($0 ?? "") }.joined(separator: ",")
    }

    /// A text as a field.
    static func text(_ text: String) -> String { quoted(inert(text)) }

    /// A name that spreadsheets would take for a formula, with an apostrophe before it, which makes it a text to them.
    private static func inert(_ text: String) -> String {
        guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) else { return text }
        return "'" + text
    }

    private static func quoted(_ text: String) -> String {
        let text = TerminalText.escaped(text)
        guard text.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
