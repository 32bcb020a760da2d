package import Monitoring
package import StreamingMetrics

/// A notice as JSON: the fields of Alertmanager's webhooks, so that receivers made for these understand it, and some of our own.
///
/// ```json
/// {"version": "4", "groupKey": "{alertname=\"QueryFailed\"}", "status": "firing", "receiver": "ops",
///  "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0,
///  "key": "the same for each delivery of this notice", "at": "2026-11-28T20:00:00.000Z", "repeated": false,
///  "alerts": [{"status": "firing", "labels": {}, "annotations": {}, "startsAt": "…", "endsAt": "0001-01-01T00:00:00Z",
///              "generatorURL": "", "fingerprint": "…", "value": 1.0, "reason": "…", "new": true}]}
/// ```
package enum NoticeJSON {
    /// More alerts of a group are counted and not listed.
    static let maximumAlerts = 500
    /// What stands for no time, as in Alertmanager.
    private static let never = "0001-01-01T00:00:00Z"

    static func object(_ notification: AlertNotification, _ sender: NoticeSender) -> JSONValue {
        let news = Set(notification.news)
        let shown = notification.alerts.prefix(maximumAlerts)
        return .object([
            .init("version", "4"), .init("groupKey", .string(notification.group)),
            .init("truncatedAlerts", .integer(Int64(notification.alerts.count - shown.count))),
            .init("status", .string(notification.status.rawValue)), .init("receiver", .string(sender.channel)),
            .init("groupLabels", map(notification.groupLabels)), .init("commonLabels", map(notification.commonLabels)),
            .init("commonAnnotations", map(notification.commonAnnotations)),
            .init("externalURL", .string(sender.externalURL ?? "")), .init("key", .string(notification.key)),
            .init("at", .string(notification.at.isoText)), .init("repeated", .bool(notification.isRepeated)),
            .init("alerts", .array(shown.map { alert($0, isNew: news.contains($0.fingerprint), sender) })),
        ])
    }

    package static func alert(_ alert: Alert, isNew: Bool, _ sender: NoticeSender) -> JSONValue {
        .object([
            .init("status", .string(alert.state.rawValue)), .init("labels", map(alert.labels)),
            .init("annotations", map(alert.annotations)), .init("startsAt", .string(alert.startedAt.isoText)),
            .init("endsAt", .string(alert.resolvedAt?.isoText ?? never)),
            .init("generatorURL", .string(sender.link(to: alert) ?? "")),
            .init("fingerprint", .string(alert.fingerprint)), .init("value", alert.value.map { .double($0) } ?? .null),
            .init("reason", .string(alert.reason)), .init("new", .bool(isNew)),
        ])
    }

    static func map(_ texts: [String: String]) -> JSONValue {
        .object(texts.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
    }
}
