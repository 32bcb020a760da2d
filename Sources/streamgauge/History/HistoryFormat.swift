import ArgumentParser
import FoundationEssentials
import Monitoring
import MonitoringHistory
import StreamingMetrics

/// How a history is written: a table for people, JSON lines, or comma-separated values. In CSV and JSON a value that is not known is
/// empty or null, and units are those of the names.
enum HistoryFormat: String, ExpressibleByArgument, CaseIterable {
    case table, csv, json
}

/// Lines of one kind, told in any format.
struct HistoryLines {
    /// A value of a line.
    enum Value {
        case text(String?)
        case time(MonitorTime?)
        case integer(Int64?)
        case number(Double?)
        /// Milliseconds in a table, where there is no room for digits behind a point.
        case seconds(Double?)
        case phases([String: Double])
        case flag(Bool)
    }

    /// A value's name and how a table shows it; nil where it does not.
    struct Column {
        var name: String
        var heading: String?
        var width = 0
        var isText = false

        /// A column of a table as well.
        static func shown(_ name: String, _ heading: String, _ width: Int, isText: Bool = false) -> Column {
            Column(name: name, heading: heading, width: width, isText: isText)
        }

        /// A column of CSV and JSON only.
        static func hidden(_ name: String) -> Column { Column(name: name) }
    }

    let format: HistoryFormat
    let columns: [Column]
    private static let isForTerminal = StandardStream.output.isTerminal

    init(_ format: HistoryFormat, _ columns: [Column]) {
        self.format = format
        self.columns = columns
    }

    /// What comes before the first line; nil in JSON.
    var header: String? {
        let shown = columns.filter { $0.heading != nil }
        switch format {
        case .json: return nil
        case .csv: return columns.map(\.name).joined(separator: ",")
        case .table:
            return tableLine(shown.map { $0.heading ?? "" }) + "\n"
                + shown.map { String(repeating: "-", count: $0.width) }.joined(separator: "  ")
        }
    }

    /// One line; as many values as there are columns.
    func line(_ values: [Value]) -> String {
        switch format {
        case .json: Self.json(columns, values)
        case .csv: values.map(Self.field).joined(separator: ",")
        case .table: tableLine(zip(columns, values).filter { $0.0.heading != nil }.map { Self.cell($0.1) })
        }
    }

    // MARK: Table

    private func tableLine(_ cells: [String]) -> String {
        let shown = columns.filter { $0.heading != nil }
        var line = zip(shown, cells).map { column, cell in
            let text = TerminalText.escaped(cell)
            // A number is never cut: its digits would lie.
            let fitted = column.isText ? TerminalText.cut(text, to: column.width) : text
            let padding = String(repeating: " ", count: max(0, column.width - TerminalText.width(fitted)))
            return column.isText ? fitted + padding : padding + fitted
        }.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }

    private static func cell(_ value: Value) -> String {
        switch value {
        case .text(let text): text ?? "-"
        case .time(let time): time.map(Self.text) ?? "-"
        case .integer(let value): NumberText.integer(value)
        case .number(let value): NumberText.rate(value)
        case .seconds(let value): NumberText.integer(value.flatMap { Int64(exactly: ($0 * 1000).rounded()) })
        case .phases(let phases): Self.text(phases)
        case .flag(let value): value ? "yes" : "no"
        }
    }

    private static func text(_ time: MonitorTime) -> String {
        ProgressTimestamp(millisecondsSinceEpoch: time.millisecondsSinceEpoch).description
    }

    private static func text(_ phases: [String: Double]) -> String {
        phases.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.text($0.value))" }.joined(separator: " ")
    }

    /// A whole number without a point.
    private static func text(_ value: Double) -> String {
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return "\(value)"
    }

    // MARK: CSV

    private static func field(_ value: Value) -> String {
        switch value {
        case .text(let text): CSVLine.text(text ?? "")
        case .time(let time): time.map(Self.text) ?? ""
        case .integer(let value): value.map { String($0) } ?? ""
        case .number(let value), .seconds(let value): value.map(Self.text) ?? ""
        case .phases(let phases): CSVLine.text(Self.text(phases))
        case .flag(let value): value ? "true" : "false"
        }
    }

    // MARK: JSON

    private static func json(_ columns: [Column], _ values: [Value]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        for (column, value) in zip(columns, values) {
            writer.key(column.name)
            write(value, &writer)
        }
        writer.endObject()
        return isForTerminal ? TerminalText.escapedJSON(writer.text) : writer.text
    }

    private static func write(_ value: Value, _ writer: inout JSONWriter) {
        switch value {
        case .text(let text): writer.string(orNull: text)
        case .time(let time): writer.string(orNull: time.map(Self.text))
        case .integer(let value): if let value { writer.integer(value) } else { writer.literal("null") }
        case .number(let value), .seconds(let value): write(value, &writer)
        case .flag(let value): if value { writer.literal("true") } else { writer.literal("false") }
        case .phases(let phases):
            writer.beginObject()
            for (phase, seconds) in phases.sorted(by: { $0.key < $1.key }) {
                writer.key(phase)
                write(seconds, &writer)
            }
            writer.endObject()
        }
    }

    private static func write(_ value: Double?, _ writer: inout JSONWriter) {
        guard let value, value.isFinite else { return writer.literal("null") }
        var text = Self.text(value)
        text.withUTF8 { writer.raw($0) }
    }
}
