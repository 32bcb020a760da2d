import FoundationEssentials
import LiveMonitoring
import Monitoring
import StreamingMetrics

/// How `--once` writes.
enum TopReportFormat: String, Sendable, CaseIterable { case text, json }

/// Queries as lines, for files and other programs.
enum TopReport {
    /// One line for each query, the worst first.
    static func text(_ picture: TopPicture, format: TopReportFormat = .text) -> String {
        let rows = TopOrder.worst.sorted(picture.rows, descending: true)
        switch format {
        case .json: return rows.map { json($0, hasRules: picture.firing != nil) + "\n" }.joined()
        case .text:
            guard rows.isEmpty else { return rows.map { line($0, picture) + "\n" }.joined() }
            let feeds = picture.feeds.map { feed in
                "\(feed.name) is \(feed.state.rawValue)" + (feed.error.map { ": \($0)" } ?? "")
            }
            let text = "\(picture.at.secondText)Z no query has been heard of yet; \(feeds.joined(separator: ", "))"
            return TerminalText.line(text) + "\n"
        }
    }

    /// Fields without blanks, with the name and the reason, which may have some, at the end.
    private static func line(_ row: QueryRow, _ picture: TopPicture) -> String {
        let query = row.snapshot
        let fields = [
            "\(query.at.secondText)Z", query.state.rawValue, String(query.id.uuidString.lowercased().prefix(8)),
            "in=\(NumberText.rate(query.inputRowsPerSecond))",
            "processed=\(NumberText.rate(query.processedRowsPerSecond))",
            "batch=\(FigureText.duration(query.batchDurationSeconds))",
            "trigger=\(FigureText.duration(query.triggerIntervalSeconds))",
            "lag=\(NumberText.integer(query.lagRecords))", "behind=\(FigureText.duration(query.lagSeconds))",
            "watermark=\(FigureText.duration(query.watermarkDelaySeconds))",
            "alerts=\(picture.firing == nil ? "-" : String(row.firing))", "\(query.title): \(query.stateReason)",
        ]
        return TerminalText.line(fields.joined(separator: " "))
    }

    /// The members of `GET /api/v1/queries` that a script asks for, under the same names.
    private static func json(_ row: QueryRow, hasRules: Bool) -> String {
        let query = row.snapshot
        var writer = JSONWriter()
        func number(_ key: String, _ value: Double?) {
            writer.key(key)
            if let value, value.isFinite { writer.double(value) } else { writer.literal("null") }
        }
        func integer(_ key: String, _ value: Int64?) {
            writer.key(key)
            if let value { writer.integer(value) } else { writer.literal("null") }
        }
        func string(_ key: String, _ value: String?) {
            writer.key(key)
            writer.string(orNull: value)
        }
        writer.beginObject()
        integer("at", query.at.millisecondsSinceEpoch)
        string("id", query.id.uuidString.lowercased())
        string("runId", query.runId?.uuidString.lowercased())
        string("name", query.name)
        string("state", query.state.rawValue)
        string("stateReason", query.stateReason)
        number("stateSeconds", query.stateSeconds)
        integer("runSince", query.runSince?.millisecondsSinceEpoch)
        integer("restartsInLastHour", Int64(query.restartsInLastHour))
        number("lastEventAgeSeconds", query.lastEventAgeSeconds)
        integer("batchId", query.batchId)
        integer("inputRows", query.inputRows)
        number("inputRowsPerSecond", query.inputRowsPerSecond)
        number("processedRowsPerSecond", query.processedRowsPerSecond)
        number("batchDurationSeconds", query.batchDurationSeconds)
        number("triggerIntervalSeconds", query.triggerIntervalSeconds)
        number("busyRatio", query.busyRatio)
        number("watermarkDelaySeconds", query.watermarkDelaySeconds)
        integer("lagRecords", query.lagRecords)
        number("lagSeconds", query.lagSeconds)
        number("catchUpSeconds", query.catchUpSeconds)
        integer("firing", hasRules ? Int64(row.firing) : nil)
        writer.key("sizing")
        writer.beginObject()
        string("kind", query.sizing.kind.rawValue)
        string("summary", query.sizing.summary)
        writer.endObject()
        writer.endObject()
        return TerminalText.escapedJSON(writer.text)
    }
}
