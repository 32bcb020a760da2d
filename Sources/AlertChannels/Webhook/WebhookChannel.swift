import Monitoring
import StreamingMetrics

/// Where and how to POST notices.
public struct WebhookSettings: Sendable, Hashable {
    /// What the body is.
    enum Body: Sendable, Hashable {
        /// All fields as JSON; ``NoticeJSON`` describes them.
        case json
        /// What Slack and those that imitate it take.
        case slack
        /// JSON of one's own.
        case template(JSONNoticeTemplate)
        /// Text of one's own, of a type.
        case text(NoticeTemplate, contentType: String)
    }

    var server: WebServerSettings
    var body = Body.json
}

/// How to reach a server over HTTP.
struct WebServerSettings: Sendable, Hashable {
    var address: WebAddress
    var headers: [ChannelHeader] = []
    var login: ChannelLogin?
    var policy = AddressPolicy()
    var certificateFile: String?
    var timeout: Duration = .seconds(10)

    /// A POST to it.
    func request(_ address: WebAddress, contentType: String, body: [UInt8]) -> HTTPRequest {
        HTTPRequest(
            address: address, contentType: contentType, headers: headers, login: login, body: body, policy: policy,
            certificateFile: certificateFile, timeout: timeout)
    }
}

/// POSTs each notice to a server.
final class WebhookChannel: AlertChannel {
    private let settings: WebhookSettings
    private let sender: NoticeSender
    private let work: BlockingWork

    init(_ settings: WebhookSettings, sender: NoticeSender) {
        self.settings = settings
        self.sender = sender
        work = BlockingWork(sender.channel)
    }

    var destination: String { settings.server.address.origin }

    func deliver(_ notification: AlertNotification) async throws(ChannelError) {
        let (contentType, body) = body(of: notification)
        var request = settings.server.request(settings.server.address, contentType: contentType, body: Array(body.utf8))
        // The same for each delivery of a notice, so that a receiver can tell a repetition.
        request.headers.append(
            ChannelHeader(name: "Idempotency-Key", value: ChannelSecret(notification.key), isSecret: false))
        _ = try await work.run { [request] flag throws(ChannelError) in try request.send(flag) }
    }

    private func body(of notification: AlertNotification) -> (contentType: String, body: String) {
        switch settings.body {
        case .json: ("application/json", NoticeJSON.object(notification, sender).jsonText)
        case .slack: ("application/json", SlackMessage.object(notification, sender).jsonText)
        case .template(let template): ("application/json", template.json(notification, sender).jsonText)
        case .text(let template, let contentType): (contentType, template.text(notification, sender))
        }
    }
}
