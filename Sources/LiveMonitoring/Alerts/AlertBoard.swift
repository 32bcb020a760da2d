import FoundationEssentials
import Monitoring

/// What is known of alerts at a moment, and the number of each one's last change: the part of the hub's state that readers see.
/// A pure value.
///
/// As with rows, only the last change of an alert is kept, since who comes back wants what is known now. One that was pending and ceased
/// to be is no longer among ``alerts``; that it ended is kept apart for readers that have seen it.
struct AlertBoard: Sendable {
    /// What a look at the rules has brought.
    struct Verdict: Sendable {
        /// All alerts, the important ones first.
        var alerts: [Alert] = []
        /// Alerts that changed their state; those that ceased to be are among them.
        var changes: [Alert] = []
        var rules: [AlertEvaluator.RuleStatus] = []
        var firingByQuery: [UUID: Int] = [:]
    }

    /// What readers have to be told.
    struct Change {
        var isNews = false
        /// Queries with another number of firing alerts than before.
        var queries: [UUID] = []
    }

    /// Ended ones that are kept; of more the oldest half goes.
    private static let maximumEnded = 2000

    private(set) var alerts: [Alert] = []
    private(set) var rules: [AlertEvaluator.RuleStatus] = []
    private(set) var firingByQuery: [UUID: Int] = [:]
    private var changedAt: [String: UInt64] = [:]
    private var ended: [String: (alert: Alert, number: UInt64)] = [:]
    /// The number of the newest end that is forgotten.
    private(set) var forgottenThrough: UInt64 = 0

    /// Takes what was found; what is new about it gets a number.
    mutating func take(_ verdict: Verdict, number: UInt64) -> Change {
        var change = Change()
        let known = Dictionary(alerts.map { ($0.fingerprint, $0) }) { first, _ in first }
        var numbers: [String: UInt64] = [:]
        numbers.reserveCapacity(verdict.alerts.count)
        // Two rules of one name can find the same labels: it is one alert then, the first of them.
        let found = verdict.alerts.filter { alert in
            guard numbers[alert.fingerprint] == nil else { return false }
            if let old = known[alert.fingerprint], Self.looksAlike(old, alert), let at = changedAt[alert.fingerprint] {
                numbers[alert.fingerprint] = at
            } else {
                numbers[alert.fingerprint] = number
                ended[alert.fingerprint] = nil
                change.isNews = true
            }
            return true
        }
        for alert in verdict.changes
        where alert.state == .resolved && numbers[alert.fingerprint] == nil && known[alert.fingerprint] != nil {
            ended[alert.fingerprint] = (alert, number)
            change.isNews = true
        }
        if ended.count > Self.maximumEnded { forgetEnded() }
        let queries = Set(firingByQuery.keys).union(verdict.firingByQuery.keys)
        change.queries = queries.filter { firingByQuery[$0] != verdict.firingByQuery[$0] }
        (alerts, rules, changedAt) = (found, verdict.rules, numbers)
        firingByQuery = verdict.firingByQuery
        if !change.queries.isEmpty { change.isNews = true }
        return change
    }

    /// Alerts that have changed since, as they are now; nil where some of that is forgotten.
    func alerts(after number: UInt64) -> [Alert]? {
        guard number >= forgottenThrough else { return nil }
        let changed = alerts.filter { (changedAt[$0.fingerprint] ?? 0) > number }
        let gone = ended.values.filter { $0.number > number }.sorted { $0.number < $1.number }
        return changed + gone.map(\.alert)
    }

    /// All alerts of a query.
    func alerts(of id: UUID) -> [Alert] {
        let text = id.uuidString.lowercased()
        return alerts.filter { $0.labels["id"] == text }
    }

    /// A value moves all the time; what is worth telling is in the texts, which are written anew every few seconds.
    private static func looksAlike(_ left: Alert, _ right: Alert) -> Bool {
        left.state == right.state && left.suppression == right.suppression && left.activeAt == right.activeAt
            && left.firedAt == right.firedAt && left.resolvedAt == right.resolvedAt
            && left.annotations == right.annotations
    }

    private mutating func forgetEnded() {
        let numbers = ended.values.map(\.number).sorted()
        forgottenThrough = numbers[numbers.count / 2]
        ended = ended.filter { $0.value.number > forgottenThrough }
    }
}
