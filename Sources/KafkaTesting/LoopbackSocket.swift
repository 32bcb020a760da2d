import Glibc
import Kafka

/// TCP sockets on 127.0.0.1.
enum LoopbackSocket {
    /// Listens on a port; 0 takes a free one.
    static func listen(_ port: UInt16) throws(KafkaError) -> Int32 {
        let attempt = "listen on 127.0.0.1:\(port)"
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { throw failure(attempt, errno, "close files or raise the limit (ulimit -n)") }
        var yes: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = withAddress(port) { bind(fd, $0, $1) }
        guard bound == 0, Glibc.listen(fd, 64) == 0 else {
            let code = errno
            close(fd)
            let hint =
                code == EADDRINUSE
                ? "another program has this port; stop it or choose another port" : "choose a port above 1023"
            throw failure(attempt, code, hint)
        }
        return fd
    }

    /// The port that a socket is bound to.
    static func port(of fd: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(fd, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Connects to a port; nil when nobody listens there.
    static func connect(_ port: UInt16) -> Int32? {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { return nil }
        guard withAddress(port, { Glibc.connect(fd, $0, $1) }) == 0 else {
            close(fd)
            return nil
        }
        return fd
    }

    /// Makes reading and writing never wait, and small writes leave at once.
    static func makeNonblocking(_ fd: Int32) {
        _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
        var yes: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closes a connection so that the other side sees a reset and not an end.
    static func reset(_ fd: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close(fd)
    }

    /// Opens a pipe that wakes a thread which polls.
    static func wakePipe() throws(KafkaError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw failure("open a pipe", errno, "close files or raise the limit (ulimit -n)")
        }
        for fd in ends { _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) }
        return (ends[0], ends[1])
    }

    private static func withAddress<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private static func failure(_ attempt: String, _ code: Int32, _ hint: String) -> KafkaError {
        KafkaError(
            code: code == EADDRINUSE ? .invalidArgument : .resourceExhausted,
            message: "cannot \(attempt): \(String(cString: strerror(code))); \(hint)")
    }
}
