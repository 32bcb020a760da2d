/// POSTs to one address, with what channels have: addresses that are looked at before they are connected to, secrets that are not
/// shown, bounds and a time limit. For what sends more than alerts.
package struct WebPost: Sendable {
    private let settings: WebServerSettings
    private let work: BlockingWork

    /// Describes an address.
    ///
    /// - Parameters:
    ///   - address: An `http` or `https` address without a user name.
    ///   - headers: Names and values; a value may be `env:NAME` or `file:/path`.
    ///   - allowsPrivate: Whether it may be a loopback or private address.
    ///   - environment: Where `env:` looks.
    /// - Throws: ``ChannelError`` that says what is wrong with it.
    package init(
        _ address: String, headers: [(name: String, value: String)], allowsPrivate: Bool, timeout: Duration,
        environment: [String: String]
    ) throws(ChannelError) {
        let parsed: WebAddress
        do throws(WebAddress.Malformed) {
            parsed = try WebAddress(address, schemes: ["https", "http"])
        } catch {
            throw Self.invalid("cannot use the address: \(error.message)")
        }
        let references = SecretReferences(environment: environment)
        var lines: [ChannelHeader] = []
        for (name, value) in headers { lines.append(try Self.header(name, value, references)) }
        settings = WebServerSettings(
            address: parsed, headers: lines, policy: AddressPolicy(allowsPrivate: allowsPrivate), timeout: timeout)
        work = BlockingWork("post")
    }

    private static func header(
        _ name: String, _ value: String, _ references: SecretReferences
    ) throws(ChannelError) -> ChannelHeader {
        let shown = SafeText.line(name, limit: 100)
        guard HeaderText.isName(name), !HeaderText.ours.contains(name.lowercased()) else {
            throw invalid("cannot use the header \"\(shown)\": it is no header's name, or one that is set here")
        }
        let found: ChannelSecret
        do throws(SecretReferences.Missing) {
            found = try references.resolve(value).value
        } catch {
            throw invalid("cannot use the header \(shown): \(error.message)")
        }
        guard HeaderText.isValue(found.text) else {
            throw invalid("cannot use the header \(shown): its value has a character that no header can have")
        }
        return ChannelHeader(name: name, value: found, isSecret: true)
    }

    private static func invalid(_ message: String) -> ChannelError {
        ChannelError(code: .invalidConfiguration, message: message, isRetriable: false)
    }

    /// Scheme, host and port.
    package var origin: String { settings.address.origin }

    /// Whether what is sent can be read on its way: without TLS, and not to this machine.
    package var isInClear: Bool {
        let host = settings.address.host.lowercased()
        return settings.address.scheme == "http" && host != "localhost" && host != "[::1]" && !host.hasPrefix("127.")
    }

    /// Sends a body and waits for the answer; any answer but 2xx is an error.
    ///
    /// - Returns: The answer's body, the first 64 KiB of it.
    package func send(_ body: [UInt8], contentType: String) async throws(ChannelError) -> [UInt8] {
        let request = settings.request(settings.address, contentType: contentType, body: body)
        return try await work.run { flag throws(ChannelError) in try request.send(flag) }
    }
}
