import CCurl

/// A POST to a server over HTTP.
struct HTTPRequest: Sendable {
    var address: WebAddress
    var contentType: String
    var headers: [ChannelHeader] = []
    var login: ChannelLogin?
    var body: [UInt8]
    var policy: AddressPolicy
    var certificateFile: String?
    var timeout: Duration

    /// Sends it and waits for the answer; any answer but 2xx is an error.
    ///
    /// - Returns: The answer's body, the first 64 KiB of it.
    @discardableResult
    func send(_ cancellation: CancellationFlag) throws(ChannelError) -> [UInt8] {
        let context = TransferContext(policy: policy, upload: [], cancellation: cancellation)
        let handle = try CurlHandle()
        handle.setCommon(context, schemes: "http,https", timeouts: TransferTimeouts(timeout))
        handle.set(CURLOPT_URL, address.text)
        handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        handle.set(CURLOPT_USERAGENT, "streamgauge")
        handle.set(CURLOPT_POST, 1)
        handle.set(CURLOPT_POSTFIELDSIZE_LARGE, size: body.count)
        // Without waiting for "100 Continue": servers that do not know it would cost a second.
        let fixed = ["Content-Type: \(contentType)", "Expect:"]
        handle.set(CURLOPT_HTTPHEADER, lines: fixed + headers.map(\.line))
        if let certificateFile { handle.set(CURLOPT_CAINFO, certificateFile) }
        if let login {
            handle.set(CURLOPT_HTTPAUTH, basicAuthentication)
            handle.set(CURLOPT_USERNAME, login.username)
            handle.set(CURLOPT_PASSWORD, login.password.text)
        }
        let code = body.withUnsafeBufferPointer { bytes in
            // libcurl only reads them, and only during the transfer.
            handle.set(
                CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: UnsafeRawPointer(bytes.baseAddress)))
            return withExtendedLifetime(context) { handle.perform() }
        }
        try judge(code, handle, context)
        return context.body
    }

    private func judge(_ code: CURLcode, _ handle: CurlHandle, _ context: TransferContext) throws(ChannelError) {
        let status = handle.responseCode
        // An answer that is too long is cut off; its status has been read all the same.
        let isAnswered = code == CURLE_OK || (context.isTooLong && status >= 200)
        guard isAnswered else {
            throw TransferFault.error(code, handle, context, to: "POST to \(address.origin)", host: address.host)
        }
        guard !(200..<300).contains(status) else { return }
        let text = SafeText.line(String(decoding: context.body, as: UTF8.self).without(secrets), limit: 200)
        let answer = "cannot POST to \(address.origin): it answered \(status)\(text.isEmpty ? "" : ": \(text)")"
        if (300..<400).contains(status) {
            throw ChannelError(
                code: .refused, message: "\(answer); redirects are not followed, give the address that it leads to",
                isRetriable: false)
        }
        let isRetriable = status >= 500 || status == 408 || status == 425 || status == 429
        throw ChannelError(
            code: .refused, message: answer, isRetriable: isRetriable,
            retryAfter: isRetriable ? handle.retryAfter : nil)
    }

    private var secrets: [ChannelSecret] {
        headers.compactMap(\.secret) + (login.map { [$0.password] } ?? []) + [ChannelSecret(address.text)]
    }
}

/// `CURLAUTH_BASIC` of libcurl, a macro that Swift does not see.
private let basicAuthentication = 1

/// A header that a channel sends with each request.
public struct ChannelHeader: Sendable, Hashable {
    /// Its name.
    public let name: String
    let value: ChannelSecret
    let isSecret: Bool

    var line: String { value.text.isEmpty ? "\(name);" : "\(name): \(value.text)" }
    var secret: ChannelSecret? { isSecret ? value : nil }
}

/// A name and a password.
public struct ChannelLogin: Sendable, Hashable {
    /// The name.
    public let username: String
    let password: ChannelSecret

    /// Describes a login.
    public init(username: String, password: ChannelSecret) {
        self.username = username
        self.password = password
    }
}
