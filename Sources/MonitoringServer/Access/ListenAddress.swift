public import LiveMonitoring

/// Where a server listens: a host and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, without brackets.
    public var host: String
    /// The port; 0 is any free one.
    public var port: Int

    /// Names an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:8080`.
    public static let loopback = ListenAddress(host: "127.0.0.1", port: 8080)

    /// Reads `host:port`, with brackets around an IPv6 address.
    ///
    /// - Throws: ``LiveMonitoring/MonitoringError`` that says what is wrong.
    public init(_ text: String) throws(MonitoringError) {
        guard let (host, port) = Self.split(text), let port, (0...65535).contains(port), !host.isEmpty else {
            throw MonitoringError(
                "cannot listen on \"\(text)\": it is no address",
                hint: "give host:port, such as 127.0.0.1:8080 or [::1]:8080")
        }
        self.init(host: host, port: port)
    }

    /// Host and port of an authority; nil where it is malformed, and a nil port where it has none.
    static func split(_ text: String) -> (host: String, port: Int?)? {
        var host = text[...]
        var rest = Substring()
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            rest = host[host.index(after: end)...]
            host = host[host.index(after: host.startIndex)..<end]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else if let colon = host.firstIndex(of: ":") {
            rest = host[colon...]
            host = host[..<colon]
        }
        guard !host.contains(where: { " /\\@?#%,<>\"".contains($0) || !$0.isASCII }) else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        let digits = rest.dropFirst()
        guard rest.first == ":", !digits.isEmpty, digits.count <= 5, digits.allSatisfy({ $0.isASCII && $0.isNumber })
        else { return nil }
        return (String(host), Int(digits))
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { Self.isLoopback(host) }

    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                part.count <= 3 && part.allSatisfy { $0.isASCII && $0.isNumber }
                    && (Int(part).map { $0 < 256 } ?? false)
            }
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
