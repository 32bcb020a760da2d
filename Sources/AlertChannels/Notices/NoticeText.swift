import Monitoring

/// A notice as text for people.
enum NoticeText {
    /// More alerts are counted and not listed.
    static let maximumAlerts = 20

    /// Such as `[FIRING:2] QueryStalled: orders stands still`.
    static func title(_ notification: AlertNotification) -> String {
        let firing = notification.alerts.count { $0.state == .firing }
        let state = firing > 0 ? "FIRING:\(firing)" : "RESOLVED"
        let name = notification.commonLabels["alertname"] ?? notification.alerts.first?.name ?? "alert"
        let only = notification.alerts.count == 1 ? notification.alerts.first?.headline : nil
        let about = only ?? notification.commonAnnotations["summary"] ?? notification.commonLabels["query"] ?? ""
        return SafeText.line("[\(state)] \(name)\(about.isEmpty ? "" : ": \(about)")", limit: 180)
    }

    /// One paragraph for each alert, those that fire first.
    static func body(_ notification: AlertNotification, _ sender: NoticeSender) -> String {
        let sorted =
            notification.alerts.filter { $0.state == .firing } + notification.alerts.filter { $0.state != .firing }
        var paragraphs = sorted.prefix(maximumAlerts).map { paragraph($0, sender) }
        if sorted.count > maximumAlerts { paragraphs.append("and \(sorted.count - maximumAlerts) more") }
        if let url = sender.externalURL { paragraphs.append(url) }
        return paragraphs.joined(separator: "\n\n")
    }

    private static func paragraph(_ alert: Alert, _ sender: NoticeSender) -> String {
        var lines = [SafeText.line("\(alert.state.rawValue.uppercased()) \(alert.name): \(alert.headline)", limit: 500)]
        let since = alert.resolvedAt.map { "until \($0.isoText)" } ?? "since \(alert.startedAt.isoText)"
        lines.append(SafeText.line("  \(since): \(alert.reason)", limit: 500))
        let labels = alert.labels.filter { $0.key != "alertname" }.sorted { $0.key < $1.key }
            .map { LabelMatcher($0.key, equals: $0.value).text }.joined(separator: ", ")
        if !labels.isEmpty { lines.append(SafeText.line("  \(labels)", limit: 1000)) }
        for (name, text) in alert.annotations.sorted(by: { $0.key < $1.key }) where text != alert.headline {
            lines.append(SafeText.line("  \(name): \(text)", limit: 1000))
        }
        if let link = sender.link(to: alert), link != sender.externalURL { lines.append("  \(link)") }
        return lines.joined(separator: "\n")
    }
}
