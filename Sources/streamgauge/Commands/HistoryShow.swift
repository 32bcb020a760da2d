import ArgumentParser
import FoundationEssentials
import LiveMonitoring
import Monitoring
import MonitoringHistory
import StreamingMetrics

/// `streamgauge history show`, which is what `streamgauge history` does.
struct HistoryShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Lists the queries of a history, or shows what one of them did.",
        discussion: """
            Without --query all queries are listed. A row is a trigger (raw), a minute (1m) or an hour (1h); of the \
            last two, rows are summed, and rates, durations, lag and state are means, in CSV and JSON also the least \
            and the greatest. Times are in UTC. Seconds behind are records behind ÷ rows a second processed.

            EXAMPLES
              streamgauge history --history history.db
              streamgauge history --history history.db --query orders --since "2 hours ago"
              streamgauge history --history history.db --query orders --since "1 week ago" --resolution 1h --format csv
              streamgauge history --history history.db --query orders --since 2026-11-28 --until 2026-11-29 --format json
              streamgauge history --history history.db --query orders --states
              streamgauge history --history history.db --query orders --batch 1234
            """)

    /// `--resolution`.
    enum Resolution: String, ExpressibleByArgument, CaseIterable {
        case raw
        case minute = "1m"
        case hour = "1h"

        var step: HistoryRange.Step {
            switch self {
            case .raw: .raw
            case .minute: .seconds(60)
            case .hour: .seconds(3600)
            }
        }
    }

    @Option(help: ArgumentHelp("The file that serve --history writes.", valueName: "file"))
    var history: String

    @Option(help: ArgumentHelp("The query with this name or id; without it all are listed.", valueName: "name|id"))
    var query: String?

    @Option(
        help: ArgumentHelp(
            "From this time on: \"2 hours ago\", or 2026-11-23T10:21:45Z. (default: all there is)", valueName: "time"),
        transform: { try SinceTime($0, nowMs: Int64(Date().timeIntervalSince1970 * 1000)) })
    var since: SinceTime?

    @Option(
        help: ArgumentHelp("Up to this time, likewise. (default: now)", valueName: "time"),
        transform: { try SinceTime($0, nowMs: Int64(Date().timeIntervalSince1970 * 1000), option: "--until") })
    var until: SinceTime?

    @Option(
        help: """
            What a row is: raw (a trigger), 1m or 1h. (default: the finest that gives 2000 rows at most and reaches back \
            as far as asked)
            """)
    var resolution: Resolution?

    @Option(help: "How to write it: table, csv, or json (one row a line).")
    var format = HistoryFormat.table

    @Flag(help: "Show the query's changes of state in place of its figures.")
    var states = false

    @Option(
        help: ArgumentHelp(
            "Show this batch's progress as Spark's JSON, which is kept for a day at most; of several runs' the newest.",
            valueName: "number"))
    var batch: Int64?

    func validate() throws {
        let given = ["--history": history, "--query": query]
        for option in given.keys.sorted() where given[option] == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        let isAboutOne = since != nil || until != nil || resolution != nil || states || batch != nil
        if query == nil, isAboutOne {
            throw ValidationError(
                "--since, --until, --resolution, --states and --batch are about one query: give --query as well")
        }
        if states, resolution != nil {
            throw ValidationError("--states and --resolution exclude each other: give one of them")
        }
        if batch != nil, states || resolution != nil || format != .table {
            throw ValidationError("--batch shows one JSON text: leave --states, --resolution and --format out")
        }
        if let since, let until, until.milliseconds < since.milliseconds {
            throw ValidationError("--until is before --since: exchange them")
        }
    }

    func run() throws {
        let reader = try HistoryReader(path: history)
        let report = HistoryReport(format: format) { try StandardStream.output.write($0 + "\n") }
        let queries = try reader.queries()
        guard let query else { return try report.queries(queries) }
        let chosen = try choose(query, of: queries)
        let time = { (since: SinceTime?) in since.map { MonitorTime(millisecondsSinceEpoch: $0.milliseconds) } }
        if let batch {
            let text = try text(of: batch, chosen, from: time(since), through: time(until), reader)
            return try StandardStream.output.write(
                (StandardStream.output.isTerminal ? TerminalText.escapedJSON(text) : text) + "\n")
        }
        if states {
            let found = try reader.transitions(of: chosen, from: time(since), through: time(until), limit: .max)
            return try report.states(found, of: chosen)
        }
        let range = HistoryRange(
            from: time(since), through: time(until), step: resolution?.step ?? .automatic,
            limit: resolution == nil ? 2000 : .max)
        let found = try reader.rows(of: chosen, range, now: .systemTime)
        try report.rows(found, of: chosen)
        if let note = note(on: found) { StandardStream.error.tell(note + "\n") }
    }

    /// What is missing because it is not kept for so long.
    private func note(on found: HistoryRows) -> String? {
        guard let kept = found.keptFrom else { return nil }
        let time = ProgressTimestamp(millisecondsSinceEpoch: kept.millisecondsSinceEpoch)
        let (rows, coarser) =
            switch found.stepSeconds {
            case 0: ("triggers", " --resolution 1m or 1h reaches back further.")
            case ..<3600: ("minutes", " --resolution 1h reaches back further.")
            default: ("hours", "")
            }
        return "note: \(rows) before \(time) are not kept any more.\(coarser)"
    }

    private func text(
        of batch: Int64, _ query: HistoryQuery, from start: MonitorTime?, through end: MonitorTime?,
        _ reader: HistoryReader
    ) throws -> String {
        let keys = try reader.batches(of: query.id, from: start, through: end, limit: .max) ?? []
        guard let key = keys.first(where: { $0.batchId == batch }),
            let text = try reader.progressJSON(of: query.id, runId: key.runId, batchId: batch)
        else {
            throw CommandError(
                "the JSON of batch \(batch) of \(query.name ?? query.id.uuidString.lowercased()) is not in \(history)",
                hint: "it is kept for a day at most, as far as serve --history-size allows")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func choose(_ text: String, of queries: [HistoryQuery]) throws -> HistoryQuery {
        let found = queries.filter { $0.name == text || $0.id.uuidString.lowercased() == text.lowercased() }
        guard found.count <= 1 else {
            let ids = found.map { $0.id.uuidString.lowercased() }.joined(separator: ", ")
            throw CommandError("\(found.count) queries of \(history) are named \(text)", hint: "give an id: \(ids)")
        }
        guard let query = found.first else {
            throw CommandError(
                "no query of \(history) has the name or id \(text)",
                hint: "streamgauge history --history FILE lists those that there are")
        }
        return query
    }
}
