import Monitoring
import StreamingMetrics

/// A notice for incoming webhooks of Slack, which Mattermost, Discord (`/slack`) and others take too.
enum SlackMessage {
    static func object(_ notification: AlertNotification, _ sender: NoticeSender) -> JSONValue {
        let title = escaped(NoticeText.title(notification))
        var attachment: [JSONValue.Member] = [
            .init("color", notification.status == .firing ? "danger" : "good"), .init("fallback", .string(title)),
            .init("title", .string(title)),
            .init("text", .string(escaped(SafeText.block(NoticeText.body(notification, sender), limit: 7000)))),
            // Nothing in it is markup.
            .init("mrkdwn_in", []),
        ]
        if let url = sender.externalURL { attachment.append(.init("title_link", .string(url))) }
        return .object([.init("text", .string(title)), .init("attachments", .array([.object(attachment)]))])
    }

    /// Slack's three characters that begin mentions and links: `<!channel>` of a query's name calls nobody.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }
}
