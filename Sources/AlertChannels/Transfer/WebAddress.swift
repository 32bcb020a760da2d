import CCurl

/// An address of a server, taken apart by the very code that connects to it, so that no two readers can disagree on its host.
public struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is no address that can be used; without the text, which may be a secret.
    struct Malformed: Error, Hashable {
        var message: String
    }

    /// `https`, `http`, `smtps` or `smtp`.
    let scheme: String
    /// The host as it is looked up; an address of version 6 in brackets.
    let host: String
    /// The port, where one is written.
    let port: String?
    private let secretText: ChannelSecret

    /// The whole text, for libcurl alone.
    var text: String { secretText.text }

    /// Scheme, host and port: the rest may be what gives access.
    public var origin: String { "\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")" }

    /// The same as ``origin``.
    public var description: String { origin }

    /// The host's address where it is written as one.
    var literal: IPAddress? { IPAddress(host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...]) }

    init(_ text: String, schemes: [String]) throws(Malformed) {
        guard text.utf8.count <= 2048 else { throw Malformed(message: "it is longer than 2048 bytes") }
        guard text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7F }) else {
            throw Malformed(
                message: "it has spaces, control characters or letters beyond ASCII; write these as %20 or so")
        }
        guard let url = curl_url() else { throw Malformed(message: "there is no memory left") }
        defer { curl_url_cleanup(url) }
        // libcurl takes the third slash of http:///path for one of the two before the host, and then the path for the host.
        if text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first?.first == "/"
        {
            throw Malformed(message: "it has no host; write \(schemes[0])://host/path")
        }
        let code = curl_url_set(url, CURLUPART_URL, text, 0)
        guard code == CURLUE_OK else {
            throw Malformed(message: "\(String(cString: curl_url_strerror(code))); write \(schemes[0])://host/path")
        }
        func part(_ part: CURLUPart) -> String? {
            var found: UnsafeMutablePointer<CChar>?
            guard curl_url_get(url, part, &found, 0) == CURLUE_OK, let found else { return nil }
            defer { curl_free(found) }
            return String(cString: found)
        }
        guard let scheme = part(CURLUPART_SCHEME), schemes.contains(scheme) else {
            throw Malformed(message: "it must begin with \(schemes.map { $0 + "://" }.joined(separator: " or "))")
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw Malformed(message: "it has a user name; give that as username and password instead")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty else { throw Malformed(message: "it has no host") }
        guard part(CURLUPART_FRAGMENT) == nil else {
            throw Malformed(message: "it has a fragment (#), which is never sent")
        }
        self.scheme = scheme
        self.host = host
        port = part(CURLUPART_PORT)
        secretText = ChannelSecret(text)
    }
}
