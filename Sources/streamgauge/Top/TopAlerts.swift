import LiveMonitoring
import Monitoring

/// A query's alerts, as its page lists them.
extension TopView {
    /// Alerts that are listed: those that fire come first.
    private static let maximumAlerts = 50

    /// Each alert in two lines: its name, state and since when, and below what is the matter. None: nothing.
    func alerts(_ alerts: [Alert], _ size: TerminalSize) -> [ScreenLine] {
        guard !alerts.isEmpty else { return [] }
        var lines = section("ALERTS", size)
        for alert in alerts.prefix(Self.maximumAlerts) {
            var first = line(size)
            first.add("  ")
            first.addCell(alert.state.rawValue, alert.style, width: 10)
            first.add(alert.name, .bold)
            first.add(" since \(alert.since.secondText)Z")
            if let suppression = alert.suppression { first.add(", \(suppression.rawValue)", .faint) }
            lines.append(first)
            lines += paragraph(alert.summary, size, .plain, indent: 4)
        }
        let left = alerts.count - Self.maximumAlerts
        if left > 0 { lines += paragraph("and \(NumberText.count(left, "alert")) more", size, .faint) }
        return lines
    }
}

extension Alert {
    /// Since when it has been in its state.
    fileprivate var since: MonitorTime {
        switch state {
        case .pending: activeAt
        case .firing: firedAt ?? activeAt
        case .resolved: resolvedAt ?? activeAt
        }
    }

    fileprivate var summary: String { annotations["summary"] ?? annotations["description"] ?? reason }

    fileprivate var style: TextStyle {
        switch state {
        case .firing: TextStyle(color: labels["severity"] == "critical" ? .red : .yellow, isBold: true)
        case .pending: TextStyle(color: .cyan)
        case .resolved: .faint
        }
    }
}
