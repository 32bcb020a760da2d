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
        self.id = id
        start = try arguments.time("from")
        end = try arguments.time("to")
    }

    /// Nil for a query that is not known.
    func reply(_ hub: MonitoringHub) throws -> Response? {
        guard let detail = hub.detail(of: id, from: start, through: end) else { return nil }
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

extension JSONBody {
    /// Points as columns, as charts take them.
    fileprivate func columns(of points: [HistoryPoint]) throws {
        try member("time", points.map(\.time))
        try member("batchId", points.map(\.batchId))
        let columns: [(String, KeyPath<HistoryPoint, Double?>)] = [
            ("inputRows", \.inputRows), ("inputRowsPerSecond", \.inputRowsPerSecond),
            ("processedRowsPerSecond", \.processedRowsPerSecond), ("durationSeconds", \.durationSeconds),
            ("lagRecords", \.lagRecords), ("watermarkDelaySeconds", \.watermarkDelaySeconds),
            ("stateRows", \.stateRows), ("stateBytes", \.stateBytes), ("lateRows", \.lateRows),
        ]
        for (name, path) in columns { member(name, narrow: points.map { $0[keyPath: path] }) }
        let phases = Set(points.flatMap(\.phaseSeconds.keys)).sorted()
        key("phaseSeconds")
        object { for phase in phases { member(phase, narrow: points.map { $0.phaseSeconds[phase] }) } }
    }
}
