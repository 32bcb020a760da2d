import Glibc
import Kafka
import Synchronization

/// A server on the loopback interface that answers requests of HTTP as a test says, also as no good server would.
final class ScriptedServer: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var head: String
        var body: String
        /// The head's lines after the first.
        var headers: [String] { head.split(separator: "\r\n").dropFirst().map(String.init) }

        func header(_ name: String) -> String? {
            headers.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
    }

    /// What it answers with.
    enum Answer: Sendable {
        case status(Int, headers: [String] = [], body: String = "")
        /// Bytes as they are, so many times.
        case raw(String, repeated: Int = 1)
        /// Nothing, for as long as the server lives.
        case silence
    }

    let port: Int
    private let listener: Int32
    private let answer: @Sendable (Request) -> Answer
    private let received = Monitor<[Request]>([])
    private let open = Atomic(0)
    private let mostOpen = Atomic(0)
    private let isClosed = Atomic(false)

    init(_ answer: @escaping @Sendable (Request) -> Answer = { _ in .status(200) }) throws {
        self.answer = answer
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw KafkaError(code: .resourceExhausted, message: "no port is free") }
        try DedicatedThread.start(name: "scripted-server") { [self] in accept(listener) }
    }

    var address: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { received.withLock { $0 } }
    /// The most connections that were open at once.
    var mostConnections: Int { mostOpen.load(ordering: .relaxed) }

    /// The first requests, once there are so many; nil after ten seconds.
    func wait(for count: Int) -> [Request]? {
        received.wait(timeout: .seconds(10)) { $0.count >= count ? $0 : nil }
    }

    func close() {
        isClosed.store(true, ordering: .relaxed)
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept(_ listener: Int32) {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0 else { break }
            let count = open.add(1, ordering: .relaxed).newValue
            _ = mostOpen.max(count, ordering: .relaxed)
            do {
                try DedicatedThread.start(name: "scripted-answer") { [self] in
                    serve(connection)
                    Glibc.close(connection)
                    open.subtract(1, ordering: .relaxed)
                }
            } catch {
                Glibc.close(connection)
            }
        }
        Glibc.close(listener)
    }

    private func serve(_ connection: Int32) {
        guard let request = Self.read(connection) else { return }
        received.withLock { $0.append(request) }
        received.broadcast()
        switch answer(request) {
        case .status(let status, let headers, let body):
            let lines = headers + ["Content-Length: \(body.utf8.count)", "Connection: close"]
            Self.write("HTTP/1.1 \(status) Text\r\n" + lines.joined(separator: "\r\n") + "\r\n\r\n" + body, connection)
        case .raw(let text, let count):
            for _ in 0..<count where !Self.write(text, connection) { return }
        case .silence:
            var chunk = [UInt8](repeating: 0, count: 256)
            // Until the other side goes away.
            while !isClosed.load(ordering: .relaxed), recv(connection, &chunk, chunk.count, 0) > 0 {}
        }
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let request = Request(head: String(text[..<end.lowerBound]), body: String(text[end.upperBound...]))
                let length = request.header("content-length").flatMap { Int($0) } ?? 0
                if request.body.utf8.count >= length { return request }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }

    /// Whether all of it could be written.
    @discardableResult
    private static func write(_ text: String, _ connection: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
