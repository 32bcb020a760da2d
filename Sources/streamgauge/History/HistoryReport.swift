import FoundationEssentials
import Monitoring
import MonitoringHistory

/// What `streamgauge history` says of queries, of their triggers and of their states.
struct HistoryReport {
    let format: HistoryFormat
    /// Gets one line after the other, without its end.
    let write: (String) throws -> Void

    // MARK: Queries

    func queries(_ queries: [HistoryQuery]) throws {
        let lines = HistoryLines(
            format,
            [
                .shown("name", "query", 24, isText: true), .shown("id", "id", 36, isText: true),
                .shown("runs", "runs", 5), .shown("firstAt", "first", 24, isText: true),
                .shown("lastAt", "last", 24, isText: true), .hidden("hasEnded"),
                .shown("failure", "ended with", 30, isText: true),
            ])
        try head(lines)
        for query in queries {
            let failure = query.failure ?? (format == .table && query.hasEnded ? "no error" : nil)
            try write(
                lines.line([
                    .text(query.name), .text(query.id.uuidString.lowercased()), .integer(Int64(query.runs)),
                    .time(query.firstAt), .time(query.lastAt), .flag(query.hasEnded), .text(failure),
                ]))
        }
    }

    // MARK: Rows

    /// Rows of one length; they have the columns of triggers where that is none.
    func rows(_ found: HistoryRows, of query: HistoryQuery) throws {
        let lines = HistoryLines(format, found.stepSeconds == 0 ? Self.triggerColumns : Self.rollUpColumns)
        try head(lines)
        for row in found.rows {
            try write(lines.line(found.stepSeconds == 0 ? trigger(row, query) : rollUp(row, query, found.stepSeconds)))
        }
    }

    private func head(_ lines: HistoryLines) throws {
        if let header = lines.header { try write(header) }
    }

    private static let triggerColumns: [HistoryLines.Column] = [
        .shown("time", "time", 24, isText: true), .shown("name", "query", 20, isText: true), .hidden("id"),
        .hidden("runId"), .shown("batchId", "batch", 8), .hidden("ranBatch"), .shown("inputRows", "rows", 10),
        .shown("inputRowsPerSecond", "rows/s in", 12), .shown("processedRowsPerSecond", "rows/s processed", 16),
        .shown("durationSeconds", "batch ms", 9), .shown("lagRecords", "records behind", 14),
        .shown("lagSeconds", "s behind", 9), .shown("watermarkDelaySeconds", "watermark s", 11),
        .shown("stateRows", "state rows", 10), .hidden("stateBytes"), .hidden("lateRows"),
        .hidden("stateRowsUpdated"), .hidden("stateRowsRemoved"), .hidden("phaseSeconds"),
    ]

    private func trigger(_ row: HistoryRow, _ query: HistoryQuery) -> [HistoryLines.Value] {
        let figures = row.figures
        func whole(_ measure: HistoryMeasure) -> HistoryLines.Value { .integer(figures.wholeSum(measure)) }
        func number(_ measure: HistoryMeasure) -> HistoryLines.Value { .number(figures.sum(measure)) }
        return [
            .time(row.time), .text(name(query)), .text(query.id.uuidString.lowercased()),
            .text(row.runId?.uuidString.lowercased()), .integer(row.batchId), .flag(figures.batches > 0),
            whole(.inputRows), number(.inputRowsPerSecond), number(.processedRowsPerSecond),
            .seconds(figures.sum(.durationSeconds)), whole(.lagRecords), .number(lagSeconds(figures)),
            number(.watermarkDelaySeconds), whole(.stateRows), whole(.stateBytes), whole(.lateRows),
            whole(.stateRowsUpdated), whole(.stateRowsRemoved),
            .phases(row.phaseSeconds),
        ]
    }

    /// Rows and late rows are summed, of the rest there are least, mean and greatest.
    private static let rollUpColumns: [HistoryLines.Column] =
        [
            .shown("time", "time", 24, isText: true), .shown("name", "query", 20, isText: true), .hidden("id"),
            .hidden("stepSeconds"), .shown("triggers", "triggers", 8), .hidden("batches"),
            .shown("inputRows", "rows", 12), .hidden("lateRows"), .shown("lagSecondsMean", "s behind", 9),
        ]
        + HistoryMeasure.allCases.flatMap { measure -> [HistoryLines.Column] in
            ["Minimum", "Mean", "Maximum"].map { kind in
                let name = measure.name + kind
                return headings[name].map { .shown(name, $0, max(10, $0.count)) } ?? .hidden(name)
            }
        } + [.hidden("phaseSecondsMean")]

    private static let headings = [
        "inputRowsPerSecondMean": "rows/s in", "processedRowsPerSecondMean": "rows/s processed",
        "durationSecondsMean": "batch ms", "durationSecondsMaximum": "longest ms",
        "lagRecordsMaximum": "most behind", "stateRowsMaximum": "state rows",
    ]

    private func rollUp(_ row: HistoryRow, _ query: HistoryQuery, _ step: Int64) -> [HistoryLines.Value] {
        let figures = row.figures
        var values: [HistoryLines.Value] = [
            .time(row.time), .text(name(query)), .text(query.id.uuidString.lowercased()), .integer(step),
            .integer(figures.triggers), .integer(figures.batches),
            .integer(figures.wholeSum(.inputRows)), .integer(figures.wholeSum(.lateRows)),
            .number(lagSeconds(figures)),
        ]
        for measure in HistoryMeasure.allCases {
            let three = [figures.least(measure), figures.mean(measure), figures.greatest(measure)]
            values += three.map { measure == .durationSeconds ? .seconds($0) : .number($0) }
        }
        return values + [.phases(row.phaseSeconds)]
    }

    /// Seconds of work that waited: records behind ÷ rows a second processed, each as a mean.
    private func lagSeconds(_ figures: RollUp) -> Double? {
        guard let records = figures.mean(.lagRecords) else { return nil }
        if records == 0 { return 0 }
        guard let rate = figures.mean(.processedRowsPerSecond), rate > 0 else { return nil }
        return (records / rate * 1000).rounded() / 1000
    }

    // MARK: States

    func states(_ transitions: [QueryTransition], of query: HistoryQuery) throws {
        let lines = HistoryLines(
            format,
            [
                .shown("time", "time", 24, isText: true), .shown("name", "query", 20, isText: true), .hidden("id"),
                .hidden("runId"), .shown("from", "from", 10, isText: true), .shown("to", "to", 10, isText: true),
                .shown("reason", "reason", 80, isText: true),
            ])
        try head(lines)
        for change in transitions {
            try write(
                lines.line([
                    .time(change.at), .text(name(query)), .text(query.id.uuidString.lowercased()),
                    .text(change.runId?.uuidString.lowercased()), .text(change.from.rawValue),
                    .text(change.to.rawValue), .text(change.reason),
                ]))
        }
    }

    /// In a table something has to stand there.
    private func name(_ query: HistoryQuery) -> String? {
        query.name ?? (format == .table ? String(query.id.uuidString.lowercased().prefix(8)) : nil)
    }
}
