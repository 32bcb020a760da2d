import Glibc
import Monitoring

/// Where recorded events lie, as it looks before it is opened: a named pipe that is opened and closed once more than it is read loses what
/// was written to it.
struct RecordedSource: Sendable {
    /// What it is called in messages.
    let name: String
    /// A path; `-` is standard input.
    let path: String
    /// Whether it can be read more than once. Standard input cannot even where it is a file: each reader goes on where another stopped.
    let isRegular: Bool

    /// Looks at it.
    ///
    /// - Throws: ``MonitoringError`` where it is not there, a folder, or not to be read.
    init(_ path: String) throws(MonitoringError) {
        let isInput = path == "-"
        let name = isInput ? "standard input" : path
        var status = stat()
        let isFound = isInput ? fstat(STDIN_FILENO, &status) == 0 : stat(path, &status) == 0 && access(path, R_OK) == 0
        guard isFound else { throw Self.unreadable(name, String(cString: strerror(errno))) }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw Self.unreadable(name, "it is a folder") }
        (self.path, self.name, isRegular) = (path, name, kind == S_IFREG && !isInput)
    }

    /// Opens it; a named pipe without waiting for who writes to it.
    func open() throws(MonitoringError) -> Int32 {
        let flags = O_RDONLY | O_CLOEXEC | (isRegular ? 0 : O_NONBLOCK)
        let descriptor = path == "-" ? dup(STDIN_FILENO) : Glibc.open(path, flags)
        guard descriptor >= 0 else { throw unreadable(String(cString: strerror(errno))) }
        return descriptor
    }

    /// What to say where it cannot be read.
    func unreadable(_ cause: String) -> MonitoringError { Self.unreadable(name, cause) }

    private static func unreadable(_ name: String, _ cause: String) -> MonitoringError {
        MonitoringError("cannot read the recorded events in \(name): \(cause)", hint: "check the path")
    }
}
