import Glibc

/// A file of settings, a password or a token, read whole.
struct SmallFile {
    let bytes: [UInt8]
    /// Whether every user of the machine may read it.
    let isReadableByOthers: Bool

    /// Reads a file that stays as it is meanwhile.
    ///
    /// - Parameters:
    ///   - purpose: What is read, to stand after "cannot read".
    ///   - maximumBytes: A longer file is refused before it is read.
    init(path: String, purpose: String, maximumBytes: Int) throws(KafkaError) {
        func failure(_ reason: String) -> KafkaError {
            KafkaError(code: .invalidConfiguration, message: "cannot read \(purpose) \(path): \(reason)")
        }
        let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard fd >= 0 else { throw failure("\(String(cString: strerror(errno))); check the path and its permissions") }
        defer { close(fd) }
        var before = stat()
        guard fstat(fd, &before) == 0 else { throw failure(String(cString: strerror(errno))) }
        // A pipe has no size and can be read once only, which suits neither limits nor refreshing.
        guard before.st_mode & S_IFMT == S_IFREG else { throw failure("it is no regular file; give one") }
        guard before.st_size <= maximumBytes else {
            throw failure(
                "it has \(before.st_size) bytes, more than the \(maximumBytes) allowed; check that it is the right file"
            )
        }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(fd, &chunk, chunk.count)
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure(String(cString: strerror(errno)))
            }
            content += chunk[..<count]
            guard content.count <= maximumBytes else { throw failure("it grows while it is read; try again") }
        }
        var after = stat()
        guard fstat(fd, &after) == 0, after.st_size == before.st_size, after.st_size == content.count,
            after.st_mtim.tv_sec == before.st_mtim.tv_sec, after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
        else { throw failure("it is being written; try again when that is done") }
        bytes = content
        isReadableByOthers = before.st_mode & S_IROTH != 0
    }

    /// The file's text without the line end that editors add; for a password or a token.
    func secretText(path: String, purpose: String) throws(KafkaError) -> String {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        let fault: String? =
            bytes.isEmpty
            ? "it is empty"
            : bytes.contains(0)
                ? "it contains a NUL byte"
                : bytes.contains(UInt8(ascii: "\n")) && !purpose.contains("pem") ? "it has more than one line" : nil
        guard fault == nil, let text = String(validating: bytes, as: UTF8.self) else {
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot read \(purpose) \(path): \(fault ?? "it is not UTF-8 text"); "
                    + "put the secret and nothing else into it")
        }
        return text
    }
}
