import Foundation
import Monitoring
import Testing

@testable import AlertChannels

/// Mail, handed to a real server.
@Suite struct EmailChannelTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func channel(_ server: MailServer, scheme: String = "smtp", _ more: String) throws -> any AlertChannel {
        try Sample.channel(
            """
            external_url: https://gauge.example.com
            channels:
              - name: mail
                timeout: 20s
                email:
                  server: \(scheme)://localhost:\(server.port)
                  from: Wächter, Streams <alerts@example.com>
                  to: [one@example.com, Two <two@example.com>]
                  allow_private: true
                  \(more)
            """, environment: ["PASSWORD": "right", "WRONG": "wr0ng-passw0rd"])
    }

    @Test func `a notice is one mail for all, of plain text`() async throws {
        let server = try await MailServer(folder)
        let long = String(repeating: "ä line that is long ", count: 20)
        var alert = Sample.alert(summary: "orders stehen still: Zürich")
        alert.annotations["hint"] = long + "\n.\nlook = here"
        let notice = Sample.notice([alert, Sample.alert("QueryStalled", .resolved, query: "payments")])
        #expect(await failure(of: try channel(server, "starttls: false"), notice) == nil)
        let mail = try #require(try server.mails.first)
        #expect(try server.mails.count == 1)
        #expect(mail.sender == "alerts@example.com" && mail.recipients == ["one@example.com", "two@example.com"])
        #expect(mail.subject == "[FIRING:1] QueryStalled")
        #expect(mail.headers["From"]?.contains("alerts@example.com") == true)
        #expect(mail.headers["From"]?.contains("Wächter, Streams") == true, "\(mail.headers)")
        #expect(mail.headers["To"]?.contains("Two <two@example.com>") == true)
        #expect(mail.headers["Message-ID"] == "<\(notice.key)@example.com>", "\(mail.headers)")
        #expect(mail.headers["Auto-Submitted"] == "auto-generated")
        #expect(mail.text.contains("FIRING QueryStalled: orders stehen still: Zürich"))
        #expect(mail.text.contains("RESOLVED QueryStalled"))
        #expect(mail.text.contains("look = here") && mail.text.contains("ä line that is long ä line"))
        #expect(mail.text.contains("https://gauge.example.com/queries/0a0a0a0a"))
        #expect(mail.content.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
    }

    @Test func `F33 what a query calls itself adds no header and no recipient`() async throws {
        let server = try await MailServer(folder)
        let hostile = "x\r\nBcc: evil@example.com\r\n\r\nbody\n.\r\nMAIL FROM:<evil@example.com>\u{1b}[31m"
        let template = "starttls: false\n      subject: '{{ $labels.query }}'"
        let notice = Sample.notice([Sample.alert(query: hostile, summary: hostile)])
        #expect(await failure(of: try channel(server, template), notice) == nil)
        #expect(await failure(of: try channel(server, "starttls: false"), notice) == nil)
        let mails = try server.mails
        #expect(mails.count == 2)
        for mail in mails {
            #expect(mail.headers["Bcc"] == nil && mail.recipients.count == 2)
            #expect(!mail.subject.contains("\n") && mail.subject.contains("Bcc: evil@example.com"))
            #expect(!mail.text.contains("\u{1b}"))
        }
    }

    @Test func `STARTTLS and a login are used, and the certificate is looked at`() async throws {
        let server = try await MailServer(folder, encryption: "starttls", password: "right")
        let login = "username: me\n      password: env:PASSWORD"
        let untrusted = try #require(await failure(of: try channel(server, login)))
        #expect(untrusted.code == .tlsFailed, "\(untrusted)")
        let trusted = login + "\n      ca_file: \(folder.file("localhost.pem"))"
        #expect(await failure(of: try channel(server, trusted)) == nil)
        let mail = try #require(try server.mails.first)
        #expect(mail.isEncrypted && mail.login == "me")
        let wrong = trusted.replacingOccurrences(of: "env:PASSWORD", with: "env:WRONG")
        let refused = try #require(await failure(of: try channel(server, wrong)))
        #expect(refused.code == .refused && !refused.isRetriable, "\(refused)")
        #expect(!"\(refused)".contains("wr0ng"))
    }

    @Test func `a server with encryption from the start is reached by smtps`() async throws {
        let server = try await MailServer(folder, encryption: "tls")
        #expect(
            await failure(of: try channel(server, scheme: "smtps", "ca_file: \(folder.file("localhost.pem"))")) == nil)
        #expect(try server.mails.count == 1)
    }

    @Test func `a server without STARTTLS gets nothing unless that is allowed`() async throws {
        let server = try await MailServer(folder)
        let error = try #require(await failure(of: try channel(server, "")))
        #expect(error.code == .tlsFailed && error.message.contains("STARTTLS"), "\(error)")
        #expect(try server.mails.isEmpty)
    }

    @Test(arguments: [("451 later", true), ("550 never", false)])
    func `the server's refusal says whether to try again`(answer: String, isRetriable: Bool) async throws {
        let server = try await MailServer(folder, refusal: answer)
        let error = try #require(await failure(of: try channel(server, "starttls: false")))
        #expect(error.code == .refused && error.isRetriable == isRetriable, "\(error)")
    }

    @Test(arguments: [
        "a@b\nBcc: c@d", "a@b\r\n", "a b@c", "a@b@c", "@b", "a@", "<a@b>, c@d", "a@b>", "ä@example.com", "a\"@b",
        "a@b,c@d",
        "x\n <a@b>", "plain",
    ])
    func `F33 an address that could end a line or another address is refused`(text: String) {
        #expect(throws: MailAddress.Malformed.self) { try MailAddress(text) }
    }

    @Test func `texts are encoded as mail has them`() throws {
        #expect(MailText.word("plain text: 100 %") == "plain text: 100 %")
        #expect(MailText.word("Zürich") == "=?utf-8?B?WsO8cmljaA==?=")
        #expect(MailText.word("a, b", isPhrase: true).hasPrefix("=?utf-8?B?"))
        #expect(
            MailText.word(String(repeating: "ä", count: 100)).split(separator: "\r\n ").allSatisfy {
                $0.utf8.count <= 75
            })
        #expect(MailText.quotedPrintable("a = b \nü\t.") == "a =3D b=20\r\n=C3=BC=09.")
        #expect(MailText.date(Sample.now) == "Sat, 28 Nov 2026 20:00:00 +0000")
        #expect(MailText.date(MonitorTime(millisecondsSinceEpoch: 0)) == "Thu, 1 Jan 1970 00:00:00 +0000")
    }
}
