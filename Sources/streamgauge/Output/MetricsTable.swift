import FoundationEssentials
import StreamingMetrics

/// Progress events as an aligned table that grows by a line per event.
struct MetricsTable {
    /// A column: its heading, its width, and whether it is text (to the left) or a number (to the right).
    private struct Column {
        var heading: String
        var width: Int
        var isText = false
    }

    private static let columns = [
        Column(heading: "timestamp", width: 24, isText: true), Column(heading: "query", width: 20, isText: true),
        Column(heading: "batch", width: 6), Column(heading: "rows", width: 10),
        Column(heading: "rows/s in", width: 12), Column(heading: "rows/s processed", width: 16),
        Column(heading: "batch ms", width: 9), Column(heading: "state rows", width: 10),
    ]

    /// The headings, underlined.
    static var header: String {
        line(columns.map(\.heading)) + "\n"
            + columns.map { String(repeating: "-", count: $0.width) }.joined(separator: "  ")
    }

    /// One event's line. A query without a name shows the start of its id.
    static func row(_ progress: StreamingQueryProgress) -> String {
        line([
            progress.timestamp.description, progress.name ?? String(progress.id.uuidString.lowercased().prefix(8)),
            NumberText.integer(progress.batchId), String(progress.numInputRows),
            NumberText.rate(progress.inputRowsPerSecond), NumberText.rate(progress.processedRowsPerSecond),
            NumberText.integer(progress.batchMs), String(progress.stateRows),
        ])
    }

    /// A started, idle or terminated event in the same table.
    static func row(lifecycle event: StreamingQueryEvent) -> String {
        var (timestamp, name, text): (String?, String?, String) = (nil, nil, event.kind.rawValue)
        switch event {
        case .started(let event): (timestamp, name) = (event.timestamp?.description, event.name)
        case .idle(let event): timestamp = event.timestamp.description
        case .terminated(let event):
            if let exception = event.exception { text += ": " + TerminalText.line(exception) }
        case .progress(let event): return row(event.progress)
        }
        let query = name ?? String(event.id.uuidString.lowercased().prefix(8))
        return cells([timestamp ?? "", query]) + "  " + TerminalText.cut(text, to: 75)
    }

    private static func line(_ cells: [String]) -> String {
        var text = self.cells(cells)
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func cells(_ cells: [String]) -> String {
        zip(columns, cells).map { column, cell in
            let text = TerminalText.escaped(cell)
            // A number is never cut: its digits would lie.
            let shown = column.isText ? TerminalText.cut(text, to: column.width) : text
            let padding = String(repeating: " ", count: max(0, column.width - TerminalText.width(shown)))
            return column.isText ? shown + padding : padding + shown
        }.joined(separator: "  ")
    }
}
