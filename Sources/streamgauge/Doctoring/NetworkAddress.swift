import Glibc
import Kafka

/// A host and a port, and whether they can be reached from here.
struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    let host: String
    let port: Int

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The addresses of a list of brokers; a port that is left out is Kafka's.
    static func list(_ servers: String) -> [NetworkAddress] {
        servers.split(separator: ",").map { server in
            // librdkafka lets a protocol stand before the host.
            var text = server.split(separator: "/").last ?? server
            while text.first == " " { text.removeFirst() }
            while text.last == " " { text.removeLast() }
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
                !text[..<colon].contains(":") || text[..<colon].hasSuffix("]")
            else { return NetworkAddress(host: String(text.filter { $0 != "[" && $0 != "]" }), port: 9092) }
            return NetworkAddress(host: String(text[..<colon].filter { $0 != "[" && $0 != "]" }), port: port)
        }
    }

    /// What a try to reach it gave.
    enum Reach: Sendable {
        /// Connected, to this address and in this time.
        case connected(to: String, after: Duration)
        /// The name means nothing here.
        case unresolved(String)
        /// No address could be connected to, for the last one's reason.
        case unreachable([String], reason: String)
    }

    /// Resolves the name and connects, on a thread of its own.
    func reach(timeout: Duration) async throws(KafkaError) -> Reach {
        try await DedicatedThread.call(name: "doctor-connect") { () throws(KafkaError) in
            reachBlocking(timeout: timeout)
        }
    }

    private func reachBlocking(timeout: Duration) -> Reach {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "\(port)", &hints, &found)
        guard status == 0 else { return .unresolved(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(found) }
        var tried: [String] = []
        var reason = "no address"
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            let address = Self.text(entry.pointee)
            let start = ContinuousClock.now
            guard let failure = Self.connect(entry.pointee, timeout: timeout) else {
                return .connected(to: address, after: start.duration(to: .now))
            }
            tried.append(address)
            reason = failure
        }
        return .unreachable(tried, reason: reason)
    }

    /// Why a connection could not be made; nil when it was, and is closed again.
    private static func connect(_ info: addrinfo, timeout: Duration) -> String? {
        let type = info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let fd = socket(info.ai_family, type, info.ai_protocol)
        guard fd >= 0 else { return String(cString: strerror(errno)) }
        defer { close(fd) }
        if Glibc.connect(fd, info.ai_addr, info.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
        var ready = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
        let milliseconds = Int32(clamping: timeout.components.seconds * 1000)
        guard poll(&ready, 1, milliseconds) > 0 else { return "no answer within \(timeout.components.seconds) s" }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : String(cString: strerror(code))
    }

    private static func text(_ info: addrinfo) -> String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(info.ai_addr, info.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
        else {
            return "?"
        }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
