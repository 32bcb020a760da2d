import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring

/// `GET /api/v1/alerts`: which of the alerts are asked for, and all rules.
struct AlertList {
    private let states: Set<Alert.State>?
    private let query: UUID?

    init(_ arguments: Arguments) throws(Refusal) {
        try arguments.only("state", "query")
        states = try arguments.alertStates("state")
        query = try arguments.id("query")
    }

    func reply(_ hub: MonitoringHub) throws -> Response {
        let overview = hub.alerts
        let id = query?.uuidString.lowercased()
        let shown = overview.alerts.filter { alert in
            (states?.contains(alert.state) ?? true) && (id.map { alert.labels["id"] == $0 } ?? true)
        }
        return try Reply.json { body in
            try body.member("at", overview.at)
            try body.member("alerts", shown)
            try body.member("rules", overview.rules)
        }
    }
}
