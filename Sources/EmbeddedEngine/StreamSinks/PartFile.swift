import Glibc

/// A file of JSON lines that grows while its task is read.
///
/// `@unchecked Sendable`: used by one worker at a time, then by the query's thread when all workers have ended.
final class PartFile: @unchecked Sendable {
    let path: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    /// Bytes written out.
    private(set) var size: Int64 = 0
    private static let flushBytes = 1 << 20

    /// Creates the file, which must not exist.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("create", path) }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Adds rows.
    func append(_ batch: ColumnBatch, _ writer: JSONLinesWriter) throws {
        writer.append(batch, to: &buffer)
        if buffer.count >= Self.flushBytes { try flush() }
    }

    /// Writes out what is left and closes the file; closing twice is fine.
    func close() throws {
        guard descriptor >= 0 else { return }
        try flush()
        let status = Glibc.close(descriptor)
        descriptor = -1
        buffer = []
        guard status == 0 else { throw Self.failure("write", path) }
    }

    /// Deletes the file.
    func discard() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        unlink(path)
    }

    private func flush() throws {
        var written = 0
        try buffer.withUnsafeBytes { bytes in
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure("write", path) }
                written += count
            }
        }
        size += Int64(written)
        buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ verb: String, _ path: String) -> EngineError {
        let code = errno
        return EngineError(
            .inputOutput, "cannot \(verb) \(path): \(String(cString: strerror(code)))",
            hint: code == ENOSPC ? "free space on the disk and start the query again" : "check the output directory")
    }
}
