import CCurl

/// A mail that is handed to a server over SMTP.
struct MailTransfer: Sendable {
    var server: WebAddress
    /// Whether the connection must be encrypted before anything is said; always so with `smtps`.
    var requiresEncryption: Bool
    var login: ChannelLogin?
    var sender: MailAddress
    var recipients: [MailAddress]
    /// Headers and text, with the line ends of SMTP.
    var content: [UInt8]
    var policy: AddressPolicy
    var certificateFile: String?
    var timeout: Duration

    /// Sends it and waits until the server has taken it for every recipient.
    func send(_ cancellation: CancellationFlag) throws(ChannelError) {
        let context = TransferContext(policy: policy, upload: content, cancellation: cancellation)
        let handle = try CurlHandle()
        handle.setCommon(context, schemes: "smtp,smtps", timeouts: TransferTimeouts(timeout))
        handle.set(CURLOPT_URL, server.text)
        handle.set(CURLOPT_USE_SSL, Int((requiresEncryption ? CURLUSESSL_ALL : CURLUSESSL_NONE).rawValue))
        handle.set(CURLOPT_MAIL_FROM, "<\(sender.address)>")
        handle.set(CURLOPT_MAIL_RCPT, lines: recipients.map { "<\($0.address)>" })
        handle.set(CURLOPT_UPLOAD, 1)
        handle.set(CURLOPT_INFILESIZE_LARGE, size: content.count)
        if let certificateFile { handle.set(CURLOPT_CAINFO, certificateFile) }
        if let login {
            handle.set(CURLOPT_USERNAME, login.username)
            handle.set(CURLOPT_PASSWORD, login.password.text)
        }
        let code = withExtendedLifetime(context) { handle.perform() }
        guard code != CURLE_OK else { return }
        throw error(code, handle, context)
    }

    private func error(_ code: CURLcode, _ handle: CurlHandle, _ context: TransferContext) -> ChannelError {
        var error = TransferFault.error(
            code, handle, context, to: "hand a mail to \(server.origin)", host: server.host)
        // SMTP says by the first digit whether the same may work later.
        let reply = handle.responseCode
        if [.unreachable, .malformedAnswer].contains(error.code), (400..<600).contains(reply) {
            error.code = .refused
            error.isRetriable = reply < 500
        }
        if error.code == .tlsFailed, code == CURLE_USE_SSL_FAILED {
            error.message += "; the server must offer STARTTLS, or the address begin with smtps://"
        }
        error.message = error.message.without(login.map { [$0.password] } ?? [])
        return error
    }
}
