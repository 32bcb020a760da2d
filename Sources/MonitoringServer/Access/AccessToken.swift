import Glibc
public import LiveMonitoring

/// What readers of a server have to know.
public struct AccessToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Fewer characters can be guessed.
    public static let minimumLength = 16
    private static let maximumLength = 1024
    private let bytes: [UInt8]

    /// Takes a token from memory.
    ///
    /// - Throws: ``LiveMonitoring/MonitoringError`` when it is too short, or has characters that a header cannot carry.
    public init(_ text: String) throws(MonitoringError) {
        guard text.utf8.count >= Self.minimumLength, text.utf8.count <= Self.maximumLength else {
            throw MonitoringError(
                "cannot take the token: it has \(text.utf8.count) characters, and \(Self.minimumLength) to "
                    + "\(Self.maximumLength) are allowed", hint: "make one with: openssl rand -hex 32")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw MonitoringError("cannot take the token: it has characters other than ASCII letters, digits and signs")
        }
        bytes = Array(text.utf8)
    }

    /// Where systemd puts the files of `LoadCredential=`; nil in other processes.
    public static var credentialsDirectory: String? { getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } }

    /// Reads a file's only line.
    ///
    /// - Parameter credentials: A folder whose files a group may read too: systemd gives them a right of the group's that stands for
    ///   the service's own user.
    /// - Throws: ``LiveMonitoring/MonitoringError`` when it cannot be read, when others than its owner may read it, or for what is no
    ///   token.
    public init(
        file path: String, credentials: String? = AccessToken.credentialsDirectory
    ) throws(MonitoringError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Self.unreadable(path, errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw MonitoringError(
                "cannot read the token file \(path): it is no file", hint: "name a file with one line, the token")
        }
        let isCredential = credentials.map { path.hasPrefix($0 + "/") } ?? false
        guard status.st_mode & (isCredential ? 0o037 : 0o077) == 0 else {
            throw MonitoringError(
                "cannot use the token file \(path): others than its owner may read or write it",
                hint: "chmod 600 \(path)")
        }
        var text = [UInt8](repeating: 0, count: Self.maximumLength + 2)
        let count = read(descriptor, &text, text.count)
        guard count >= 0 else {
            throw Self.unreadable(path, errno)
        }
        var line = text[..<count]
        while line.last == UInt8(ascii: "\n") || line.last == UInt8(ascii: "\r") { line.removeLast() }
        do throws(MonitoringError) {
            try self.init(String(decoding: line, as: UTF8.self))
        } catch {
            throw MonitoringError("\(error.message) (in \(path))", hint: error.hint)
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> MonitoringError {
        let hint: String? =
            switch code {
            case ENOENT, ENOTDIR: "make one with: openssl rand -hex 32 > \(path) && chmod 600 \(path)"
            case EACCES, EPERM:
                "it has to belong to the user that runs this: chown it, and let that user into its folder"
            default: nil
            }
        return MonitoringError("cannot read the token file \(path): \(String(cString: strerror(code)))", hint: hint)
    }

    /// Whether a text is the token; takes as long for any text of one length, so that time tells nothing of it.
    func matches(_ text: some StringProtocol) -> Bool {
        var difference: UInt8 = text.utf8.count == bytes.count ? 0 : 1
        for (index, byte) in text.utf8.prefix(Self.maximumLength).enumerated() {
            difference |= byte ^ bytes[index % bytes.count]
        }
        return difference == 0
    }

    /// Says nothing of the token.
    public var description: String { "(token)" }
    /// Says nothing of the token.
    public var debugDescription: String { description }
    /// Shows nothing of the token.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
