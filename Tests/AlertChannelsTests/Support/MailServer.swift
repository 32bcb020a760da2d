import Foundation
import Glibc
import StreamingMetrics
import Testing

/// A real mail server, aiosmtpd, that keeps what it is handed.
final class MailServer {
    /// A mail as it came.
    struct Mail {
        var sender: String
        var recipients: [String]
        var content: String
        var login: String?
        var isEncrypted: Bool

        /// The header's text with its folded lines, decoded.
        var subject: String
        var text: String
        var headers: [String: String]
    }

    let port: Int
    private let process = Process()
    private let output: String

    /// - Parameters:
    ///   - encryption: `starttls`, `tls` or `none`.
    ///   - refusal: What it answers to the end of a mail instead of taking it.
    init(_ folder: TestFolder, encryption: String = "none", password: String = "", refusal: String = "") async throws {
        output = folder.file("mails-\(UUID().uuidString)")
        if encryption != "none" { try folder.makeCertificate() }
        let script = try folder.write("mail-server.py", Self.program)
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [
            script, output, encryption, folder.file("localhost.pem"), folder.file("localhost.key"), password, refusal,
        ]
        process.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try process.run()
        while true {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            if let line = text.split(separator: "\n").first, let port = Int(line), text.contains("\n") {
                self.port = port
                break
            }
            try #require(
                process.isRunning,
                "the mail server has ended; python3-aiosmtpd is installed by scripts/install-dependencies")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var mails: [Mail] {
        get throws {
            try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
                let value = try JSONValue(parsing: String(line))
                let headers = value["headers"]?.members ?? []
                return Mail(
                    sender: value["from"]?.string ?? "", recipients: value["to"]?.elements?.compactMap(\.string) ?? [],
                    content: value["content"]?.string ?? "", login: value["login"]?.string,
                    isEncrypted: value["tls"]?.bool ?? false, subject: value["subject"]?.string ?? "",
                    text: value["text"]?.string ?? "",
                    headers: Dictionary(headers.map { ($0.key, $0.value.string ?? "") }) { first, _ in first })
            }
        }
    }

    private static let program = """
        import asyncio, email, email.policy, json, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult

        output, encryption, certificate, key, password, refusal = sys.argv[1:]
        file = open(output, "w")

        def tell(text):
            file.write(text + "\\n")
            file.flush()

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                if refusal:
                    return refusal
                mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                tell(json.dumps({
                    "from": envelope.mail_from, "to": envelope.rcpt_tos, "content": envelope.content.decode(),
                    "login": session.auth_data, "tls": session.ssl is not None, "subject": mail["subject"],
                    "text": mail.get_content(), "headers": {k: str(v) for k, v in mail.items()}}))
                return "250 taken"

        def authenticate(server, session, envelope, mechanism, data):
            good = data.password.decode() == password
            return AuthResult(success=good, handled=False, auth_data=data.login.decode())

        async def main():
            context = None
            if encryption != "none":
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate, key)
            loop = asyncio.get_running_loop()
            def make():
                starttls = encryption == "starttls"
                return SMTP(Handler(), tls_context=context if starttls else None, require_starttls=starttls,
                            authenticator=authenticate if password else None, auth_required=bool(password),
                            auth_require_tls=starttls)
            server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if encryption == "tls" else None)
            tell(str(server.sockets[0].getsockname()[1]))
            await server.serve_forever()

        asyncio.run(main())

        """
}
