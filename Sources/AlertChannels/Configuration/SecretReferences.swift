import Glibc

/// Finds texts that stand elsewhere: `file:/path` and `env:NAME`.
struct SecretReferences: Sendable {
    /// The largest file that is read, in bytes.
    static let maximumBytes = 65_536

    /// Why there is none; without the secret.
    struct Missing: Error, Hashable {
        var message: String
    }

    var environment: [String: String]

    /// A text as it is, or the one that it refers to.
    func resolve(_ text: String) throws(Missing) -> (value: ChannelSecret, isSecret: Bool) {
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst("env:".count))
            guard let value = environment[name], !value.isEmpty else {
                throw Missing(message: "the variable \(SafeText.line(name, limit: 100)) of the environment is not set")
            }
            return (try checked(value, "the variable \(name)"), true)
        }
        guard text.hasPrefix("file:") else { return (ChannelSecret(text), false) }
        let path = String(text.dropFirst("file:".count))
        return (try checked(try content(of: path), "the file \(path)"), true)
    }

    private func checked(_ text: String, _ origin: String) throws(Missing) -> ChannelSecret {
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw Missing(
                message: "\(origin) has more than one line, or a control character; keep the secret alone in it")
        }
        return ChannelSecret(text)
    }

    private func content(of path: String) throws(Missing) -> String {
        func missing(_ reason: String) -> Missing {
            Missing(message: "the file \(SafeText.line(path, limit: 200)) cannot be read: \(reason)")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw missing(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw missing("it is no regular file")
        }
        var bytes = [UInt8](repeating: 0, count: Self.maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw missing(String(cString: strerror(errno))) }
            if read == 0 { break }
            count += read
        }
        guard count <= Self.maximumBytes else { throw missing("it has more than \(Self.maximumBytes) bytes") }
        var content = bytes[..<count]
        // The line end that editors add.
        if content.last == UInt8(ascii: "\n") { content.removeLast() }
        if content.last == UInt8(ascii: "\r") { content.removeLast() }
        guard !content.isEmpty, let text = String(validating: content, as: UTF8.self) else {
            throw missing(content.isEmpty ? "it is empty" : "it is not UTF-8 text")
        }
        return text
    }
}
