import FoundationEssentials
import Glibc
import MetricsTopic
import StreamingMetrics

/// Keeps the records that could not be read, as JSON lines: where each came from, why, and its bytes.
final class DeadLetterFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Opens a file to add to.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        if descriptor < 0 {
            throw CommandError(
                "cannot write to \(path): \(String(cString: strerror(errno)))", hint: "name another --dead-letter file")
        }
    }

    deinit { close(descriptor) }

    /// Waits until what was added is on the disk; a pipe or terminal has none.
    func synchronize() throws {
        guard fdatasync(descriptor) != 0, errno != EINVAL, errno != EROFS else { return }
        throw CommandError(
            "cannot write \(path) to the disk: \(String(cString: strerror(errno)))",
            hint: "check the disk, or name another --dead-letter file")
    }

    /// Adds a record. Bytes that are no text are written in Base64, as `valueBase64`.
    func append(_ record: MetricsRecord.Unreadable) throws {
        var members: [JSONValue.Member] = [
            .init("topic", .string(record.topic)), .init("partition", .integer(Int64(record.partition))),
            .init("offset", .integer(record.offset)), .init("reason", .string(record.reason)),
        ]
        if let bytes = record.bytes {
            if let text = String(validating: bytes, as: UTF8.self) {
                members.append(.init("value", .string(text)))
            } else {
                members.append(.init("valueBase64", .string(Data(bytes).base64EncodedString())))
            }
        }
        let line = JSONValue.object(members).jsonText + "\n"
        try StandardStream(descriptor: descriptor, name: path).write(line)
    }
}
