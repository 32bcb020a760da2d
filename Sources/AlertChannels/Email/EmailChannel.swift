import Monitoring

/// Which mail server is handed the notices, and for whom.
public struct EmailSettings: Sendable, Hashable {
    var server: WebAddress
    var requiresEncryption = true
    var login: ChannelLogin?
    var sender: MailAddress
    var recipients: [MailAddress]
    var subject: NoticeTemplate?
    var text: NoticeTemplate?
    var policy = AddressPolicy()
    var certificateFile: String?
    var timeout: Duration = .seconds(30)
}

/// Sends each notice as a mail of plain text.
final class EmailChannel: AlertChannel {
    private let settings: EmailSettings
    private let sender: NoticeSender
    private let work: BlockingWork
    private let now: @Sendable () -> MonitorTime

    init(_ settings: EmailSettings, sender: NoticeSender, now: @escaping @Sendable () -> MonitorTime) {
        self.settings = settings
        self.sender = sender
        self.now = now
        work = BlockingWork(sender.channel)
    }

    var destination: String {
        "\(settings.server.origin) for \(settings.recipients.map(\.address).joined(separator: ", "))"
    }

    func deliver(_ notification: AlertNotification) async throws(ChannelError) {
        let mail = MailTransfer(
            server: settings.server, requiresEncryption: settings.requiresEncryption, login: settings.login,
            sender: settings.sender, recipients: settings.recipients,
            content: Array(Self.mail(notification, settings, sender, now: now()).utf8), policy: settings.policy,
            certificateFile: settings.certificateFile, timeout: settings.timeout)
        try await work.run { flag throws(ChannelError) in try mail.send(flag) }
    }

    /// Headers and text.
    static func mail(
        _ notification: AlertNotification, _ settings: EmailSettings, _ sender: NoticeSender, now: MonitorTime
    ) -> String {
        let given = settings.subject?.text(notification, sender)
        // One line without control characters, whatever a query calls itself: no header can be added.
        let subject = given.map { SafeText.line($0, limit: 180) } ?? NoticeText.title(notification)
        let text = settings.text?.text(notification, sender) ?? NoticeText.body(notification, sender)
        let host = settings.sender.host
        let headers = [
            "Date: \(MailText.date(now))", "From: \(settings.sender.headerText)",
            "To: \(settings.recipients.map(\.headerText).joined(separator: ",\r\n "))",
            "Subject: \(MailText.word(subject))", "Message-ID: <\(notification.key)@\(host)>",
            // Mails of one group stand together.
            "References: <group-\(NoticeGroup.id(notification.group))@\(host)>", "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ]
        let body = MailText.quotedPrintable(SafeText.block(text, limit: 100_000))
        return headers.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n"
    }
}

/// A group's key as something that can stand in a header.
enum NoticeGroup {
    /// FNV-1a over its bytes, 16 digits.
    static func id(_ key: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
