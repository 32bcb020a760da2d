import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring

/// `GET /api/v1/queries/{id}/batches`: the batches whose JSON is kept, by the hub and, further back, by the history; the newest first.
struct BatchPage {
    private let id: UUID
    private let limit: Int
    private let from: MonitorTime?
    private let through: MonitorTime?

    init(_ id: UUID, _ arguments: Arguments) throws(Refusal) {
        try arguments.only("limit", "from", "to")
        self.id = id
        limit = Int(try arguments.integer("limit", in: 1...10_000) ?? 500)
        (from, through) = (try arguments.time("from"), try arguments.time("to"))
        if let from, let through, through < from { throw Refusal(.badRequest, "to must not be before from") }
    }

    /// Nil for a query that is known neither to the hub nor to the history.
    func reply(_ hub: MonitoringHub, _ history: (any HistorySource)?) async throws -> Response? {
        let recent = hub.batches(of: id)
        let found = recent?.filter(isWanted) ?? []
        var keys = Array(found.prefix(limit))
        var isKnown = recent != nil
        if let history, keys.count < limit, let stored = try await stored(history, isNeeded: recent == nil) {
            isKnown = true
            let known = Set(keys.map { Name($0) })
            keys += stored.filter { !known.contains(Name($0)) }
            let unknown = MonitorTime(millisecondsSinceEpoch: .min)
            keys.sort { ($0.time ?? unknown, $0.batchId) > ($1.time ?? unknown, $1.batchId) }
            keys = Array(keys.prefix(limit))
        }
        guard isKnown else { return nil }
        return try Reply.json { body in
            body.key("batches")
            try body.array(keys) { try body.value($0) }
        }
    }

    /// A history that is broken is told by `/healthz` and on the page; what the hub knows is worth telling all the same.
    private func stored(_ history: any HistorySource, isNeeded: Bool) async throws -> [BatchKey]? {
        do {
            return try await history.batches(of: id, from: from, through: through, limit: limit)
        } catch {
            if isNeeded { throw Refusal(.serviceUnavailable, "\(error)") }
            return []
        }
    }

    private func isWanted(_ key: BatchKey) -> Bool {
        guard from != nil || through != nil else { return true }
        guard let time = key.time else { return false }
        return from.map { time >= $0 } ?? true && through.map { time <= $0 } ?? true
    }

    /// The hub's batch and the history's are the same by this.
    private struct Name: Hashable {
        var runId: UUID
        var batchId: Int64

        init(_ key: BatchKey) { (runId, batchId) = (key.runId, key.batchId) }
    }

    /// A batch's JSON, from where it is kept.
    static func text(
        of id: UUID, _ runId: UUID, _ batchId: Int64, _ hub: MonitoringHub, _ history: (any HistorySource)?
    ) async throws -> Response {
        if let text = hub.progressJSON(of: id, runId: runId, batchId: batchId) {
            return Reply.of(text, type: Reply.json)
        }
        var text: [UInt8]?
        do {
            text = try await history?.progressJSON(of: id, runId: runId, batchId: batchId)
        } catch {
            throw Refusal(.serviceUnavailable, "\(error)")
        }
        guard let text else { throw Refusal(.notFound, "this batch is not known, or not kept any more") }
        return Reply.of(text, type: Reply.json)
    }
}
