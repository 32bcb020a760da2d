import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring

/// `GET /api/v1/queries`: which of the queries are asked for.
struct QueryList {
    private let states: Set<QueryState>?
    private let text: String?
    private let limit: Int
    private let offset: Int

    init(_ arguments: Arguments) throws(Refusal) {
        try arguments.only("state", "q", "limit", "offset")
        states = try arguments.states("state")
        text = arguments.text("q")?.lowercased()
        limit = Int(try arguments.integer("limit", in: 1...10_000) ?? 10_000)
        offset = Int(try arguments.integer("offset", in: 0...1_000_000) ?? 0)
    }

    func reply(_ hub: MonitoringHub) throws -> Response {
        let rows = hub.rows().filter(includes)
        let shown = rows.dropFirst(offset).prefix(limit)
        return try Reply.json { body in
            try body.member("at", shown.first?.at ?? hub.now)
            try body.member("replay", hub.settings.isReplay)
            try body.member("total", rows.count)
            body.key("queries")
            body.array(shown) { body.row($0) }
        }
    }

    private func includes(_ row: QueryRow) -> Bool {
        if let states, !states.contains(row.snapshot.state) { return false }
        guard let text else { return true }
        return row.snapshot.title.lowercased().contains(text)
            || row.snapshot.id.uuidString.lowercased().contains(text)
    }
}
