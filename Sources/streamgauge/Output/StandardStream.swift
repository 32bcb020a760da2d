import Glibc

/// Standard output or standard error. A text goes out whole and at once, so that lines of several threads do not mix.
struct StandardStream: Sendable {
    static let output = StandardStream(descriptor: STDOUT_FILENO, name: "standard output")
    static let error = StandardStream(descriptor: STDERR_FILENO, name: "standard error")

    let descriptor: Int32
    let name: String

    /// Whether somebody looks at a screen.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Whether colours are welcome: on a terminal, unless `NO_COLOR` is set and not empty (https://no-color.org).
    var hasColor: Bool {
        guard isTerminal else { return false }
        return getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
    }

    /// Writes data: what is lost is an error.
    func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count >= 0 {
                    done += count
                } else if errno == EAGAIN {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if errno != EINTR {
                    throw CommandError("cannot write to \(name): \(String(cString: strerror(errno)))")
                }
            }
        }
    }

    /// Writes a remark: where nobody can hear it, nothing more can be said.
    func tell(_ text: String) { try? write(text) }
}
