import Foundation
import Glibc

/// A TCP connection that sends exactly what it is told to, so that broken requests can be made.
///
/// Its calls wait for the socket: they are for ``offPool(_:)``, since the server under test needs the threads of the pool.
final class RawConnection: @unchecked Sendable {
    // Sendable by use: one task at a time has it.
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    struct Failure: Error { var what: String }

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Sends text; whether all of it was taken.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            done += count
        }
        return true
    }

    /// Says that nothing more will be sent.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What has come when a condition holds, the other side has closed, or the time is over.
    func receive(for seconds: Double = 10, until condition: (String) -> Bool = { _ in false }) -> String {
        let deadline = Date().addingTimeInterval(seconds)
        while !condition(String(decoding: buffer, as: UTF8.self)) {
            let rest = deadline.timeIntervalSinceNow
            guard rest > 0, fill(milliseconds: Int32(rest * 1000) + 1) else { break }
        }
        return String(decoding: buffer, as: UTF8.self)
    }

    /// Whether the other side has closed within a time.
    func isClosed(within seconds: Double) -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while deadline.timeIntervalSinceNow > 0 {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 50) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            if recv(descriptor, &bytes, bytes.count, 0) <= 0 { return true }
        }
        return false
    }

    private func fill(milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return false }
        buffer += bytes[..<count]
        return true
    }
}

/// Runs work that waits for sockets on a thread of its own.
func offPool<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try work() }) }
    }
}

/// An answer as it came.
struct RawAnswer: Sendable {
    var status: Int
    var headers: [String: String]
    var body: String

    /// Reads one answer.
    init?(_ text: String) {
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        self.status = status
        headers = [:]
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { return nil }
            headers[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces)
        }
        let rest = text[end.upperBound...]
        body = headers["transfer-encoding"] == "chunked" ? Self.joined(Array(rest.utf8)) : String(rest)
    }

    /// A body that came in chunks; what comes after the last one is left.
    private static func joined(_ bytes: [UInt8]) -> String {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")),
            let count = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), count > 0
        {
            body += rest.dropFirst(end - rest.startIndex + 2).prefix(count)
            rest = rest.dropFirst(end - rest.startIndex + 2 + count + 2)
        }
        return String(decoding: body, as: UTF8.self)
    }

    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:]
    }

    /// The code within the error that every refusal has.
    var errorCode: String? { ((try? json())?["error"] as? [String: Any])?["code"] as? String }
}
