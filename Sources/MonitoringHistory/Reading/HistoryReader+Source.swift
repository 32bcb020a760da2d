import FoundationEssentials
import GRDB
import LiveMonitoring
import Monitoring

extension HistoryReader {
    /// What charts draw; nil for a query of which nothing is kept.
    func history(of id: UUID, _ range: HistoryRange, now: MonitorTime) async throws -> StoredHistory? {
        try await reading { [limits] database in
            guard let query = try Self.queries(database, id: id).first else { return nil }
            let found = try HistorySelection(database, limits, now: now).rows(of: query, range)
            var history = StoredHistory(found)
            let start = range.from ?? found.rows.first?.time
            let end = range.through ?? MonitorTime(millisecondsSinceEpoch: .max)
            history.transitions = try Self.transitions(
                of: query, from: start, through: range.through, limit: 1000, database)
            history.restarts = try Self.restarts(
                of: query, from: start?.millisecondsSinceEpoch ?? .min, through: end.millisecondsSinceEpoch,
                database)
            return history
        }
    }

    /// Queries wait for a connection and the disk on threads of their own.
    func reading<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await database.read(work)
        } catch {
            throw HistoryError(error, "read", path: path)
        }
    }
}

extension StoredHistory {
    init(_ found: HistoryRows) {
        self.init(stepSeconds: found.stepSeconds)
        isCut = found.isCut
        triggers = found.rows.map(\.figures.triggers)
        points = found.rows.map { row in
            var point = row.point { $0.mean($1) }
            point.phaseSeconds = row.phaseSeconds
            return point
        }
        minima = found.rows.map { $0.point { $0.least($1) } }
        maxima = found.rows.map { $0.point { $0.greatest($1) } }
    }
}

extension HistoryRow {
    fileprivate func point(_ value: (RollUp, HistoryMeasure) -> Double?) -> HistoryPoint {
        var point = HistoryPoint(time: time, batchId: batchId)
        for measure in HistoryMeasure.allCases { point[keyPath: measure.path] = value(figures, measure) }
        return point
    }
}
