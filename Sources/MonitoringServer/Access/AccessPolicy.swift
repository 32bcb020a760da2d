import HTTPTypes
import Synchronization

/// Who may read, by the headers of a request.
///
/// Without a token only requests to a name of this machine are answered: a page elsewhere whose name is made to point here (DNS
/// rebinding) sends its own. With one, the token or the session decides, and a browser gives the session to no other name. A request that
/// a page of another origin makes is refused in either case.
final class AccessPolicy: Sendable {
    enum Verdict: Hashable {
        case allowed
        case refused(HTTPResponse.Status, String)
        /// It may be asked for the token.
        case unknown
    }

    static let cookieName = "streamgauge_session"
    static let sessionLength = Duration.seconds(12 * 3600)
    private static let maximumSessions = 1000
    private static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")
    private static let secFetchMode = HTTPField.Name("Sec-Fetch-Mode")
    private static let secFetchDest = HTTPField.Name("Sec-Fetch-Dest")

    private struct Sessions {
        var ends: [String: ContinuousClock.Instant] = [:]
        var failures = FailedLogins()
    }

    let token: AccessToken?
    private let sessions = Mutex(Sessions())

    init(token: AccessToken?) { self.token = token }

    /// Checks what a browser says of where a request comes from and goes to.
    func checkOrigin(_ request: HTTPRequest) -> Verdict {
        guard let authority = request.authority, let host = ListenAddress.split(authority) else {
            return .refused(.badRequest, "the Host header is missing or malformed")
        }
        if token == nil, !ListenAddress.isLoopback(host.host) {
            return .refused(
                .forbidden, "the Host header names another machine; without a token only this one is served")
        }
        let origins = request.headerFields[values: .origin]
        guard origins.allSatisfy({ Self.isSame($0, as: host) }) else {
            return .refused(.forbidden, "the request comes from a page of another origin")
        }
        if let name = Self.secFetchSite, request.headerFields[name] == "cross-site" {
            let mode = Self.secFetchMode.flatMap { request.headerFields[$0] }
            // A link may lead here; a frame may not show it.
            let place = Self.secFetchDest.flatMap { request.headerFields[$0] } ?? "document"
            guard mode == "navigate", place == "document", request.method == .get else {
                return .refused(.forbidden, "the request comes from a page of another site")
            }
        }
        return .allowed
    }

    /// Checks who a request is from.
    func checkReader(_ request: HTTPRequest) -> Verdict {
        guard let token else { return .allowed }
        if let header = request.headerFields[.authorization] {
            let words = header.split(separator: " ", maxSplits: 1)
            guard words.count == 2, words[0].lowercased() == "bearer", token.matches(words[1]) else { return .unknown }
            return .allowed
        }
        for cookies in request.headerFields[values: .cookie] {
            for cookie in cookies.split(separator: ";") {
                let parts = cookie.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == Self.cookieName else { continue }
                if isSession(String(parts[1])) { return .allowed }
            }
        }
        return .unknown
    }

    private static func isSame(_ origin: String, as host: (host: String, port: Int?)) -> Bool {
        let schemes = ["http://": 80, "https://": 443]
        for (scheme, port) in schemes where origin.hasPrefix(scheme) {
            guard let other = ListenAddress.split(String(origin.dropFirst(scheme.count))) else { return false }
            return other.host.lowercased() == host.host.lowercased() && (other.port ?? port) == (host.port ?? port)
        }
        return false
    }

    // MARK: Sessions

    /// Begins a session for who knows the token.
    ///
    /// - Parameter peer: Where the login comes from.
    /// - Returns: The cookie's value; nil for a wrong token.
    func logIn(_ text: String, from peer: String) -> String? {
        guard let token, token.matches(text) else {
            sessions.withLock { $0.failures.add(peer) }
            return nil
        }
        let words = (0..<4).map { _ in UInt64.random(in: .min ... .max) }
        let value = words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        sessions.withLock { sessions in
            let now = ContinuousClock.now
            sessions.ends = sessions.ends.filter { $0.value > now }
            if sessions.ends.count >= Self.maximumSessions, let oldest = sessions.ends.min(by: { $0.value < $1.value })
            {
                sessions.ends[oldest.key] = nil
            }
            sessions.ends[value] = now + Self.sessionLength
        }
        return value
    }

    /// Whether so many logins from there have failed in the last minute.
    func isGuessing(_ peer: String, limit: Int) -> Bool {
        sessions.withLock { $0.failures.count(peer) >= limit }
    }

    private func isSession(_ value: String) -> Bool {
        sessions.withLock { sessions in sessions.ends[value].map { $0 > .now } ?? false }
    }
}
