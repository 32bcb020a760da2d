import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring

/// `GET /api/v1/queries/{id}`: everything of one query.
struct QueryPage {
    private let id: UUID
    private let start: MonitorTime?
    private let end: MonitorTime?

    init(_ id: UUID, _ arguments: Arguments) throws(Refusal) {
        try arguments.only("from", "to")
        self.id = id
        start = try arguments.time("from")
        end = try arguments.time("to")
    }

    /// Points that a page begins with.
    private static let points = 300

    /// Nil for a query that is not known.
    func reply(_ hub: MonitoringHub, _ history: (any HistorySource)?) async throws -> Response? {
        guard var detail = hub.detail(of: id, from: start, through: end) else { return nil }
        if let history, start == nil, end == nil { await fill(&detail, from: history) }
        return try Reply.json { body in
            try body.member("at", detail.snapshot.at)
            try body.member("query", detail.snapshot)
            try body.member("partitions", detail.partitions)
            try body.member("transitions", detail.transitions)
            try body.member("restarts", detail.restarts)
            try body.member("alerts", detail.alerts)
            body.key("history")
            try body.object { try body.columns(of: detail.points) }
        }
    }
}

extension QueryPage {
    /// Puts before what the hub has heard what was kept before it began. What cannot be read is told where the history itself is
    /// asked for; a page without it is better than none.
    private func fill(_ detail: inout QueryDetail, from history: any HistorySource) async {
        let missing = Self.points - detail.points.count
        guard missing > 0 else { return }
        let end = detail.points.first.map { $0.time + .milliseconds(-1) }
        let range = HistoryRange(through: end, step: .raw, limit: missing)
        guard let found = try? await history.history(of: id, range) else { return }
        detail.points = found.points + detail.points
        let firstChange = detail.transitions.first?.at
        detail.transitions =
            found.transitions.filter { change in firstChange.map { change.at < $0 } ?? true } + detail.transitions
        detail.restarts = Set(found.restarts + detail.restarts).sorted()
    }
}

extension JSONBody {
    /// Points as columns, as charts take them.
    func columns(of points: [HistoryPoint]) throws {
        try member("time", points.map(\.time))
        try member("batchId", points.map(\.batchId))
        let columns: [(String, KeyPath<HistoryPoint, Double?>)] = [
            ("inputRows", \.inputRows), ("inputRowsPerSecond", \.inputRowsPerSecond),
            ("processedRowsPerSecond", \.processedRowsPerSecond), ("durationSeconds", \.durationSeconds),
            ("lagRecords", \.lagRecords), ("watermarkDelaySeconds", \.watermarkDelaySeconds),
            ("stateRows", \.stateRows), ("stateBytes", \.stateBytes), ("lateRows", \.lateRows),
            ("stateRowsUpdated", \.stateRowsUpdated), ("stateRowsRemoved", \.stateRowsRemoved),
        ]
        for (name, path) in columns { member(name, narrow: points.map { $0[keyPath: path] }) }
        let groups: [(String, KeyPath<HistoryPoint, [String: Double]>)] = [
            ("phaseSeconds", \.phaseSeconds), ("customMetrics", \.customMetrics),
        ]
        for (name, path) in groups {
            let names = Set(points.flatMap { $0[keyPath: path].keys }).sorted()
            key(name)
            object { for name in names { member(name, narrow: points.map { $0[keyPath: path][name] }) } }
        }
    }
}
