import FoundationEssentials
import LiveMonitoring
import Monitoring

/// A column of the table: its heading, its width, and what it shows of a query.
struct TopColumn: Sendable {
    var heading: String
    var width: Int
    var isRight = true
    /// The order that sorts by it, marked in the heading.
    var order: TopOrder?
    /// What it shows, and how.
    var cell: @Sendable (QueryRow, Glyphs) -> (String, TextStyle)

    /// Blanks between two columns.
    static let gap = 1

    /// The columns that fit into a width, in the order in which they stand. The name takes what the others leave.
    ///
    /// - Parameter hasAlerts: Whether rules are judged; a column of noughts would say that nothing is wrong.
    static func fitting(_ width: Int, hasAlerts: Bool) -> [TopColumn] {
        let least = 12
        var room = width - least
        // From the most important one to the least.
        let alerts = hasAlerts ? [Self.alerts] : []
        let wanted = [state, behind] + alerts + [input, processed, batch, lag, run, watermark, trend, id]
        let chosen = wanted.filter { column in
            guard room >= column.width + gap else { return false }
            room -= column.width + gap
            return true
        }
        let headings = Set(chosen.map(\.heading))
        let left = [state].filter { headings.contains($0.heading) }
        let right = [id, Self.alerts, run, input, processed, batch, lag, behind, watermark, trend].filter {
            headings.contains($0.heading)
        }
        var name = Self.name
        name.width = max(0, min(width, least + room))
        return left + [name] + right
    }

    static let name = TopColumn(heading: "QUERY", width: 12, isRight: false, order: .name) { row, _ in
        (row.snapshot.title, TextStyle(isBold: row.snapshot.state.urgency >= QueryState.behind.urgency))
    }
    static let state = TopColumn(heading: "STATE", width: 10, isRight: false, order: .state) { row, _ in
        (row.snapshot.state.rawValue, row.snapshot.state.style)
    }
    static let id = TopColumn(heading: "ID", width: 8, isRight: false) { row, _ in
        (String(row.snapshot.id.uuidString.lowercased().prefix(8)), .faint)
    }
    static let alerts = TopColumn(heading: "ALERTS", width: 6, order: .alerts) { row, _ in
        row.firing == 0 ? ("-", .faint) : ("\(row.firing)", TextStyle(color: .red, isBold: true))
    }
    static let run = plain("RUN", 6, .run) { query in
        query.state.isEnded ? nil : FigureText.duration(query.runSince.map { query.at.seconds(since: $0) })
    }
    static let input = plain("IN/S", 6, .input) { FigureText.count($0.inputRowsPerSecond) }
    static let processed = plain("PROC/S", 6, .processed) { FigureText.count($0.processedRowsPerSecond) }
    static let batch = TopColumn(heading: "BATCH", width: 13, order: .batch) { row, _ in
        let query = row.snapshot
        guard let duration = query.batchDurationSeconds else { return ("-", .plain) }
        guard let trigger = query.triggerIntervalSeconds else { return (FigureText.duration(duration), .plain) }
        let text = "\(FigureText.duration(duration))/\(FigureText.duration(trigger))"
        return (text, duration > trigger ? TextStyle(color: .yellow) : .plain)
    }
    static let lag = plain("LAG", 6, .lag) { FigureText.count($0.lagRecords) }
    static let behind = plain("BEHIND", 7, .behind) { FigureText.duration($0.lagSeconds) }
    static let watermark = plain("WMARK", 6, .watermark) { FigureText.duration($0.watermarkDelaySeconds) }
    static let trend = TopColumn(heading: "PROC/S TREND", width: 20, isRight: false) { row, glyphs in
        (glyphs.sparkline(row.sparkline, width: 20), TextStyle(color: .blue))
    }

    private static func plain(
        _ heading: String, _ width: Int, _ order: TopOrder, _ text: @escaping @Sendable (QuerySnapshot) -> String?
    ) -> TopColumn {
        TopColumn(heading: heading, width: width, order: order) { row, _ in (text(row.snapshot) ?? "-", .plain) }
    }
}
