import LiveMonitoring
import Logging
import Monitoring

/// Tells of alerts on standard error, each notification in one line.
struct LoggedNotifications: AlertNotificationHandler {
    /// Alerts that a line names.
    private static let shown = 5
    private let logger = Logger(label: "streamgauge.alerts") { _ in CommandLogHandler(logLevel: .notice) }

    func notify(_ notification: AlertNotification) async {
        // A heartbeat is for programs that miss it; a reader learns nothing from it.
        guard notification.alerts.contains(where: { $0.labels["severity"] != "none" }) else { return }
        logger.log(level: Self.level(of: notification), "\(Self.line(of: notification))")
    }

    private static func level(of notification: AlertNotification) -> Logger.Level {
        guard notification.status == .firing else { return .notice }
        let firing = notification.alerts.filter { $0.state == .firing }
        return firing.contains { $0.labels["severity"] == "critical" } ? .critical : .warning
    }

    /// `alert QueryStalled firing: orders is stalled; resolved: payments is stalled`.
    static func line(of notification: AlertNotification) -> String {
        let news = Set(notification.news)
        let told =
            notification.isRepeated ? notification.alerts : notification.alerts.filter { news.contains($0.fingerprint) }
        let parts = [Alert.State.firing, .resolved].compactMap { state -> String? in
            let alerts = told.filter { $0.state == state }
            guard !alerts.isEmpty else { return nil }
            var texts = alerts.prefix(shown).map(Self.text)
            if alerts.count > shown { texts.append("and \(NumberText.count(alerts.count - shown, "alert")) more") }
            return "\(notification.isRepeated ? "still " : "")\(state.rawValue): \(texts.joined(separator: "; "))"
        }
        return "alert \(notification.commonLabels["alertname"] ?? notification.group) \(parts.joined(separator: "; "))"
    }

    private static func text(of alert: Alert) -> String {
        alert.annotations["summary"] ?? alert.annotations["description"] ?? alert.labels["query"] ?? alert.name
    }
}
