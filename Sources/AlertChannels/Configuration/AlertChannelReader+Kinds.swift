import AlertRuleFiles
import Glibc
import Monitoring

extension AlertChannelReader {
    private static let addressKeys = ["allow_private", "allow_networks", "ca_file"]
    private static let serverKeys = ["url", "headers", "username", "password", "allow_http"] + addressKeys

    // MARK: HTTP

    mutating func webhook(_ value: Value, _ timeout: Duration?) -> WebhookSettings? {
        let keys = Self.serverKeys + ["shape", "template", "content_type"]
        guard let fields = document.fields(value, "a webhook", keys: keys),
            let server = server(fields, "a webhook", value, timeout)
        else { return nil }
        var settings = WebhookSettings(server: server)
        if let shape = fields["shape"], let text = document.text(shape, "shape") {
            if fields["template"] != nil {
                document.report("shape and template exclude each other: give one of them", at: shape)
            } else if text == "slack" {
                settings.body = .slack
            } else if text != "json" {
                document.report("shape must be json or slack, not \(text.prefix(40))", at: shape)
            }
        }
        if let template = fields["template"] {
            settings.body = body(template, contentType: fields["content_type"]) ?? settings.body
        } else if let type = fields["content_type"] {
            document.report("content_type says nothing without template", at: type)
        }
        return settings
    }

    private mutating func body(_ template: Value, contentType: Value?) -> WebhookSettings.Body? {
        guard let text = document.text(template, "template") else { return nil }
        let type = contentType.flatMap { document.text($0, "content_type") } ?? "application/json"
        if let contentType, !HeaderText.isValue(type) || !type.contains("/") {
            document.report("content_type must be a type such as text/plain", at: contentType)
            return nil
        }
        guard type.lowercased().hasPrefix("application/json") else {
            return noticeTemplate(template, "template").map { .text($0, contentType: type) }
        }
        do throws(JSONNoticeTemplate.Malformed) {
            return .template(try JSONNoticeTemplate(text))
        } catch {
            document.report("template: \(error.message)", at: template)
            return nil
        }
    }

    mutating func noticeTemplate(_ value: Value, _ what: String) -> NoticeTemplate? {
        guard let text = document.text(value, what) else { return nil }
        do throws(AlertTemplate.Malformed) {
            return try NoticeTemplate(text)
        } catch {
            document.report("\(what): \(error.message)", at: value)
            return nil
        }
    }

    mutating func alertmanager(_ value: Value, _ timeout: Duration?) -> AlertmanagerSettings? {
        guard let fields = document.fields(value, "an alertmanager", keys: Self.serverKeys + ["resend"]),
            let server = server(fields, "an alertmanager", value, timeout)
        else { return nil }
        let base = server.address.text
        do throws(WebAddress.Malformed) {
            guard !base.contains("?") else { throw WebAddress.Malformed(message: "it has a query (?)") }
            let path = (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/api/v2/alerts"
            var settings = AlertmanagerSettings(
                server: server, alerts: try WebAddress(path, schemes: ["https", "http"]))
            if let resend = fields["resend"].flatMap({ bounded($0, "resend", .seconds(1)...(.seconds(3600))) }) {
                settings.resend = resend
            }
            return settings
        } catch {
            document.report("url cannot be used for an Alertmanager: \(error.message)", at: fields["url"] ?? value)
            return nil
        }
    }

    private mutating func server(
        _ fields: [String: Value], _ what: String, _ value: Value, _ timeout: Duration?
    ) -> WebServerSettings? {
        guard let url = fields["url"] else {
            document.report("\(what) needs url", at: value)
            return nil
        }
        let policy = policy(fields)
        let isClear = fields["allow_http"].flatMap { document.truth($0, "allow_http") } ?? false
        let headers = fields["headers"].map { self.headers($0) } ?? []
        let login = login(fields, value)
        let certificates = certificateFile(fields)
        guard let address = address(url, "url", schemes: ["https", "http"], policy) else { return nil }
        if address.scheme == "http", !isClear {
            document.report(
                "\(address) is not encrypted: alerts and passwords could be read on the way; use https://, or set allow_http: true",
                at: url)
        }
        var settings = WebServerSettings(
            address: address, headers: headers, login: login, policy: policy, certificateFile: certificates)
        if let timeout { settings.timeout = timeout }
        return settings
    }

    // MARK: Mail

    mutating func email(_ value: Value, _ timeout: Duration?) -> EmailSettings? {
        let keys =
            ["server", "from", "to", "subject", "template", "username", "password", "starttls"] + Self.addressKeys
        guard let fields = document.fields(value, "an email", keys: keys) else { return nil }
        let missing = ["server", "from", "to"].filter { fields[$0] == nil }
        guard missing.isEmpty, let server = fields["server"], let from = fields["from"], let to = fields["to"] else {
            document.report("an email needs \(missing.joined(separator: " and "))", at: value)
            return nil
        }
        let policy = policy(fields)
        let login = login(fields, value)
        let address = address(server, "server", schemes: ["smtp", "smtps"], policy)
        let sender = mailAddress(from, "from")
        let recipients = document.list(to, "to").compactMap { mailAddress($0, "to") }
        let startsTLS = fields["starttls"].flatMap { document.truth($0, "starttls") } ?? true
        let subject = fields["subject"].flatMap { noticeTemplate($0, "subject") }
        let text = fields["template"].flatMap { noticeTemplate($0, "template") }
        let certificates = certificateFile(fields)
        guard let address, let sender else { return nil }
        if recipients.isEmpty { document.report("to needs an address", at: to) }
        if !startsTLS, address.scheme == "smtp", login != nil, let password = fields["password"] {
            document.report(
                "a password would be sent in clear: leave starttls: false out, or use smtps://", at: password)
        }
        var settings = EmailSettings(
            server: address, requiresEncryption: startsTLS || address.scheme == "smtps", login: login, sender: sender,
            recipients: recipients, subject: subject, text: text, policy: policy, certificateFile: certificates)
        if let timeout { settings.timeout = timeout }
        return settings
    }

    private mutating func mailAddress(_ value: Value, _ what: String) -> MailAddress? {
        guard let text = document.text(value, what) else { return nil }
        do throws(MailAddress.Malformed) {
            return try MailAddress(text)
        } catch {
            document.report("\(what) is no mail address: \(error.message)", at: value)
            return nil
        }
    }

    // MARK: Commands and topics

    mutating func command(_ value: Value, _ timeout: Duration?) -> CommandSettings? {
        guard let fields = document.fields(value, "a command", keys: ["argv", "environment"]) else { return nil }
        guard let argv = fields["argv"] else {
            document.report("a command needs argv, a list with the program's path first", at: value)
            return nil
        }
        let arguments = document.texts(argv, "argv")
        guard let program = arguments.first else {
            document.report("argv needs the program's path", at: argv)
            return nil
        }
        guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
            let reason = program.hasPrefix("/") ? String(cString: strerror(errno)) : "it must begin with /"
            document.report("\(SafeText.line(program, limit: 200)) cannot be run: \(reason)", at: argv)
            return nil
        }
        var settings = CommandSettings(arguments: arguments)
        settings.environment["PATH"] = ChannelSecret("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        for entry in fields["environment"].flatMap({ document.entries($0, "environment") }) ?? [] {
            guard !entry.key.isEmpty, !entry.key.contains("="), !entry.key.utf8.contains(0) else {
                document.report("a variable's name has no = and no NUL", at: entry.place)
                continue
            }
            if let text = textOrSecret(entry.value, entry.key) { settings.environment[entry.key] = text.value }
        }
        if let timeout { settings.timeout = timeout }
        return settings
    }

    mutating func topic(_ value: Value, _ timeout: Duration?) -> TopicChannelSettings? {
        guard let fields = document.fields(value, "kafka", keys: ["topic", "config", "options"]) else { return nil }
        guard let topicValue = fields["topic"] else {
            document.report("kafka needs topic", at: value)
            return nil
        }
        var options: [String: ChannelSecret] = [:]
        for entry in fields["options"].flatMap({ document.entries($0, "options") }) ?? [] {
            let isPath = [".location", ".file"].contains { entry.key.hasSuffix($0) }
            let isSecret = !isPath && (HeaderText.isSensitive(entry.key) || entry.key.hasSuffix("key.pem"))
            options[entry.key] =
                isSecret ? secret(entry.value, entry.key) : textOrSecret(entry.value, entry.key)?.value
        }
        guard let topic = document.text(topicValue, "topic") else { return nil }
        return TopicChannelSettings(
            topic: topic, configurationFile: fields["config"].flatMap { document.text($0, "config") }, options: options,
            timeout: timeout ?? .seconds(30))
    }
}
