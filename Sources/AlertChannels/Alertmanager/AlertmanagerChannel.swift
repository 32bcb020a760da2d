import Monitoring
import StreamingMetrics

/// Which Alertmanager gets the alerts.
public struct AlertmanagerSettings: Sendable, Hashable {
    var server: WebServerSettings
    /// The address of its list of alerts.
    var alerts: WebAddress
    /// How often what still fires is sent again. An Alertmanager forgets what it does not hear of.
    var resend: Duration = .seconds(60)
}

/// Hands alerts to an Alertmanager, which groups, silences and routes them by its own settings.
///
/// An alert that fires is sent with an end a few intervals ahead: should this program end, the Alertmanager takes the alert for resolved
/// then. As long as it fires, the end is put off with each repetition.
final class AlertmanagerChannel: AlertChannel {
    /// Alerts in one request.
    static let maximumAlerts = 256

    private let settings: AlertmanagerSettings
    private let sender: NoticeSender
    private let work: BlockingWork
    private let now: @Sendable () -> MonitorTime

    init(_ settings: AlertmanagerSettings, sender: NoticeSender, now: @escaping @Sendable () -> MonitorTime) {
        self.settings = settings
        self.sender = sender
        self.now = now
        work = BlockingWork(sender.channel)
    }

    var destination: String { settings.server.address.origin }

    func deliver(_ notification: AlertNotification) async throws(ChannelError) {
        var rest = notification.alerts[...]
        while !rest.isEmpty {
            let body = Self.body(of: rest.prefix(Self.maximumAlerts), sender, now: now(), resend: settings.resend)
            rest = rest.dropFirst(Self.maximumAlerts)
            let request = settings.server.request(
                settings.alerts, contentType: "application/json", body: Array(body.jsonText.utf8))
            _ = try await work.run { flag throws(ChannelError) in try request.send(flag) }
        }
    }

    /// What `POST /api/v2/alerts` takes.
    static func body(
        of alerts: some Sequence<Alert>, _ sender: NoticeSender, now: MonitorTime, resend: Duration
    ) -> JSONValue {
        .array(
            alerts.map { alert in
                let end = alert.state == .firing ? now + resend * 4 : alert.resolvedAt ?? now
                // It refuses an end before the beginning, which a clock that was set can make of them.
                let start = min(alert.startedAt, end)
                var members: [JSONValue.Member] = [
                    .init("labels", NoticeJSON.map(alert.labels)),
                    .init("annotations", NoticeJSON.map(alert.annotations)),
                    .init("startsAt", .string(start.isoText)), .init("endsAt", .string(end.isoText)),
                ]
                if let link = sender.link(to: alert) { members.append(.init("generatorURL", .string(link))) }
                return .object(members)
            })
    }
}
