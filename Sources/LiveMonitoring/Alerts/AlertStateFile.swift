import FoundationEssentials
import Glibc
public import Monitoring

/// Keeps what is known of alerts in one file, so that a restart neither forgets nor repeats them, and with it the notices that channels
/// have not delivered: both are of one moment, so that a notice which the state takes for told is either delivered or in the file.
///
/// The file appears at once with all its content: written under a hidden name, synced, renamed, and the folder synced. A lock beside
/// it, `FILE.lock`, keeps a second monitor away and ends with the process however that ends.
public final class AlertStateFile: Sendable {
    /// More is no alert state.
    private static let maximumBytes = 256 << 20
    /// Notices that are kept, and alerts that they tell of, at most; the oldest go.
    private static let (maximumNotices, maximumAlerts) = (1000, 20_000)

    /// The file.
    public let path: String
    /// What it held when it was opened; nil where it was not there.
    public let state: AlertEvaluatorState?
    /// The notices that it held when it was opened, whatever their age.
    public let waiting: [WaitingNotice]
    private let lock: Int32

    /// Locks the file and reads it.
    ///
    /// - Throws: ``MonitoringError`` when another monitor has it, it cannot be read, or it holds no alert state that this version knows.
    ///   The file is then left as it is.
    public init(path: String) throws(MonitoringError) {
        self.path = path
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.error("keep the alert state in \(path): \(path).lock", errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(lock)
            guard code == EWOULDBLOCK else { throw Self.error("lock \(path).lock", code) }
            throw MonitoringError(
                "cannot keep the alert state in \(path): another monitor uses it",
                hint: "end that one, or name another file")
        }
        do throws(MonitoringError) {
            let content = try Self.read(path)
            (state, waiting) = (content?.state, content?.waiting ?? [])
        } catch {
            close(lock)
            throw error
        }
        self.lock = lock
    }

    deinit { close(lock) }

    /// Puts a state in the place of the last one.
    ///
    /// - Parameter waiting: Notices that are not delivered. Of very many the newest are kept.
    /// - Throws: ``MonitoringError`` with the reason; what was there before is still there.
    public func save(_ state: AlertEvaluatorState, waiting: [WaitingNotice] = []) throws(MonitoringError) {
        let waiting = waiting.newest(maximumCount: Self.maximumNotices, maximumAlerts: Self.maximumAlerts)
        let bytes: [UInt8]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            bytes = [UInt8](try encoder.encode(Content(state: state, waiting: waiting))) + [UInt8(ascii: "\n")]
        } catch {
            throw MonitoringError("cannot write the alert state to \(path): \(error)")
        }
        let (folder, name) = Self.parts(of: path)
        let hidden = "\(folder)/.\(name).new"
        let descriptor = open(hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.error("write the alert state to \(hidden)", errno) }
        let failure = Self.write(bytes, descriptor)
        close(descriptor)
        if let failure {
            unlink(hidden)
            throw Self.error("write the alert state to \(hidden)", failure)
        }
        guard rename(hidden, path) == 0 else { throw Self.error("put the alert state in place at \(path)", errno) }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.error("sync the folder \(folder) of the alert state", errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.error("sync the folder \(folder) of the alert state", errno) }
    }

    // MARK: Bytes

    /// The state's own members, and one more.
    private struct Content: Codable {
        private enum Key: String, CodingKey { case waiting }

        var state: AlertEvaluatorState
        var waiting: [WaitingNotice]

        init(state: AlertEvaluatorState, waiting: [WaitingNotice]) { (self.state, self.waiting) = (state, waiting) }

        init(from decoder: any Decoder) throws {
            state = try AlertEvaluatorState(from: decoder)
            waiting =
                try decoder.container(keyedBy: Key.self).decodeIfPresent([WaitingNotice].self, forKey: .waiting) ?? []
        }

        func encode(to encoder: any Encoder) throws {
            try state.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            if !waiting.isEmpty { try container.encode(waiting, forKey: .waiting) }
        }
    }

    /// The reason why not all of it is on the disk; nil when it is.
    private static func write(_ bytes: [UInt8], _ descriptor: Int32) -> Int32? {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
            if count >= 0 { done += count } else if errno != EINTR { return errno }
        }
        return fsync(descriptor) == 0 ? nil : errno
    }

    private static func read(_ path: String) throws(MonitoringError) -> Content? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw error("read the alert state in \(path)", errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw refusal(path, "it is no file")
        }
        guard status.st_size <= maximumBytes else { throw refusal(path, "it is larger than any alert state") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw error("read the alert state in \(path)", errno)
            }
        }
        return try state(of: Data(bytes), path)
    }

    /// The version first: a later one may be of another form altogether.
    private static func state(of data: Data, _ path: String) throws(MonitoringError) -> Content {
        struct Head: Decodable { var version: Int }
        guard let head = try? JSONDecoder().decode(Head.self, from: data) else {
            throw refusal(path, "it is damaged, or no alert state")
        }
        guard head.version == AlertEvaluatorState.currentVersion else {
            throw refusal(
                path, "it has version \(head.version), and this program knows \(AlertEvaluatorState.currentVersion)")
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: data) else {
            throw refusal(path, "it is damaged")
        }
        return content
    }

    private static func refusal(_ path: String, _ reason: String) -> MonitoringError {
        MonitoringError(
            "cannot use the alert state in \(path): \(reason)",
            hint: "name the right file, or move this one away to begin without what it knows")
    }

    private static func error(_ attempt: String, _ code: Int32) -> MonitoringError {
        let hint: String? =
            switch code {
            case ENOENT, ENOTDIR: "make the folder first, or name another file"
            case EACCES, EPERM, EROFS:
                "let the user that runs this read and write the file and its folder, or name another file"
            case ENOSPC, EDQUOT: "make room on the disk, or name a file elsewhere"
            case ELOOP: "name the file itself and not a link to it"
            default: nil
            }
        return MonitoringError("cannot \(attempt): \(String(cString: strerror(code)))", hint: hint)
    }

    private static func parts(of path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), path[path.index(after: slash)...])
    }
}
