import Glibc
import Kafka

/// Passes bytes between a port of the loopback interface and another one, on one thread around `poll(2)`.
///
/// Each direction of a connection holds at most one buffer of 64 KB: while it is not written on, nothing more is read.
final class PortForwarder: Sendable {
    let port: UInt16
    private let pipe: (read: Int32, write: Int32)
    private let isFinished = Monitor(false)

    /// Listens on 127.0.0.1.
    ///
    /// - Parameters:
    ///   - port: The port; 0 takes a free one.
    ///   - target: The port to pass on to.
    init(port: UInt16, to target: UInt16) throws(KafkaError) {
        let listener = try Self.listen(port)
        var pipe: [Int32] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else {
            Glibc.close(listener)
            throw Self.failure("open a pipe", errno, "close files or raise the limit (ulimit -n)")
        }
        self.port = Self.boundPort(listener)
        self.pipe = (pipe[0], pipe[1])
        let loop = ForwardingLoop(listener: listener, wake: pipe[0], target: target)
        let isFinished = isFinished
        do throws(KafkaError) {
            try DedicatedThread.start(name: "port-forwarder") {
                loop.run()
                isFinished.withLock { $0 = true }
                isFinished.broadcast()
            }
        } catch {
            // The pipe is closed by deinit, which must not wait for a thread that never was.
            isFinished.withLock { $0 = true }
            Glibc.close(listener)
            throw error
        }
    }

    /// Ends all connections and waits for the thread.
    func close() {
        if isFinished.withLock({ $0 }) { return }
        var byte: UInt8 = 1
        // The pipe is empty, so the write takes the byte; a second one would only say the same.
        _ = write(pipe.write, &byte, 1)
        _ = isFinished.wait { $0 ? true : nil }
    }

    deinit {
        close()
        Glibc.close(pipe.read)
        Glibc.close(pipe.write)
    }

    private static func listen(_ port: UInt16) throws(KafkaError) -> Int32 {
        let attempt = "listen on 127.0.0.1:\(port)"
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard fd >= 0 else { throw failure(attempt, errno, "close files or raise the limit (ulimit -n)") }
        var yes: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = withLoopbackAddress(port) { bind(fd, $0, $1) }
        guard bound == 0, Glibc.listen(fd, 64) == 0 else {
            let code = errno
            Glibc.close(fd)
            let hint =
                code == EADDRINUSE
                ? "another program has this port; stop it or choose another port" : "choose a port above 1023"
            throw failure(attempt, code, hint)
        }
        return fd
    }

    private static func boundPort(_ fd: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(fd, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    static func withLoopbackAddress<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
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
