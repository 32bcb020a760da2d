import LiveMonitoring
import Monitoring

/// The series of alerts and of their judging, for Prometheus.
enum AlertExposition {
    typealias Families = [(family: MetricFamily, samples: [MetricSample])]

    /// Nothing where no rules are judged.
    static func families(of hub: MonitoringHub) -> Families {
        guard let statistics = hub.alertStatistics else { return [] }
        let overview = hub.alerts
        return [alerts(overview), suppressed(overview)] + counters(statistics, rules: names(overview))
    }

    /// Rules of one name count together.
    private static func names(_ overview: AlertOverview) -> [String] { Set(overview.rules.map(\.name)).sorted() }

    private static func alerts(_ overview: AlertOverview) -> (MetricFamily, [MetricSample]) {
        let counts = Dictionary(grouping: overview.alerts) { "\($0.state.rawValue) \($0.name)" }.mapValues(\.count)
        let samples = names(overview).flatMap { name in
            [Alert.State.pending, .firing].map { state in
                MetricSample(
                    Double(counts["\(state.rawValue) \(name)"] ?? 0), MetricLabel("alertname", name),
                    MetricLabel("alertstate", state.rawValue))
            }
        }
        return (
            MetricFamily(
                "streamgauge_alerts", help: "Alerts in a state, by their rule.", kind: .gauge,
                labels: ["alertname", "alertstate"]), samples
        )
    }

    private static func suppressed(_ overview: AlertOverview) -> (MetricFamily, [MetricSample]) {
        let samples = [Alert.Suppression.silenced, .inhibited].map { reason in
            MetricSample(
                Double(overview.alerts.count { $0.state == .firing && $0.suppression == reason }),
                MetricLabel("reason", reason.rawValue))
        }
        return (
            MetricFamily(
                "streamgauge_alerts_suppressed", help: "Firing alerts that nobody is told of.", kind: .gauge,
                labels: ["reason"]), samples
        )
    }

    private static func counters(_ statistics: AlertWatch.Statistics, rules: [String]) -> Families {
        func family(_ name: String, _ help: String, _ value: Double) -> (MetricFamily, [MetricSample]) {
            (MetricFamily("streamgauge_\(name)", help: help, kind: .counter), [MetricSample(value)])
        }
        return [
            family("alert_evaluations_total", "Times that the rules were judged.", Double(statistics.evaluations)),
            family(
                "alert_evaluation_seconds_total", "Seconds that the judging of rules took.",
                statistics.evaluationSeconds
            ),
            (
                MetricFamily(
                    "streamgauge_alert_rule_failures_total", help: "Times that a rule could not be evaluated.",
                    kind: .counter, labels: ["alertname"]),
                rules.map { MetricSample(Double(statistics.ruleFailures[$0] ?? 0), MetricLabel("alertname", $0)) }
            ),
            family(
                "alert_notifications_total", "Notifications that were handed over.", Double(statistics.notifications)),
            (
                MetricFamily(
                    "streamgauge_alert_notifications_dropped_total",
                    help: "Notifications that were dropped, since too many waited or they were too old.",
                    kind: .counter,
                    labels: ["reason"]),
                [
                    MetricSample(Double(statistics.overflowed), MetricLabel("reason", "full")),
                    MetricSample(Double(statistics.outdated), MetricLabel("reason", "old")),
                ]
            ),
            family(
                "alert_state_write_failures_total", "Times that the state of alerts could not be written.",
                Double(statistics.stateFailures)),
        ]
    }
}
