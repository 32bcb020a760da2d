import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring

/// `GET /api/v1/queries/{id}/history`: the points of one query over any time, as far back as they are kept.
struct HistoryPage {
    private let id: UUID
    private let range: HistoryRange

    init(_ id: UUID, _ arguments: Arguments) throws(Refusal) {
        try arguments.only("from", "to", "step", "limit")
        self.id = id
        let step: HistoryRange.Step =
            switch try arguments.integer("step", in: 0...366 * 86_400) {
            case nil: .automatic
            case 0: .raw
            case let seconds? where seconds.isMultiple(of: 60): .seconds(seconds)
            default: throw Refusal(.badRequest, "step must be 0, or a multiple of 60 seconds")
            }
        range = HistoryRange(
            from: try arguments.time("from"), through: try arguments.time("to"), step: step,
            limit: Int(try arguments.integer("limit", in: 2...10_000) ?? 2000))
        if let from = range.from, let through = range.through, through < from {
            throw Refusal(.badRequest, "to must not be before from")
        }
    }

    /// Nil for a query that is known neither to the hub nor to the history.
    func reply(_ hub: MonitoringHub, _ history: (any HistorySource)?) async throws -> Response? {
        guard let found = try await stored(history) ?? kept(hub) else { return nil }
        return try Reply.json { body in
            try body.member("at", hub.now)
            try body.member("stepSeconds", found.stepSeconds)
            try body.member("isCut", found.isCut)
            try body.member("triggers", found.triggers)
            for (name, points) in [("history", found.points), ("minimum", found.minima), ("maximum", found.maxima)] {
                body.key(name)
                try body.object { try body.columns(of: points) }
            }
            try body.member("restarts", found.restarts)
            try body.member("transitions", found.transitions)
        }
    }

    private func stored(_ history: (any HistorySource)?) async throws -> StoredHistory? {
        guard let history else { return nil }
        do {
            return try await history.history(of: id, range)
        } catch {
            throw Refusal(.serviceUnavailable, "\(error)")
        }
    }

    /// What the hub has at hand, where nobody keeps more.
    private func kept(_ hub: MonitoringHub) -> StoredHistory? {
        guard let detail = hub.detail(of: id, from: range.from, through: range.through) else { return nil }
        var found = StoredHistory(stepSeconds: 0)
        found.isCut = detail.points.count > range.limit
        found.points = detail.points.suffix(range.limit)
        (found.minima, found.maxima) = (found.points, found.points)
        found.triggers = found.points.map { _ in 1 }
        (found.restarts, found.transitions) = (detail.restarts, detail.transitions)
        return found
    }
}
