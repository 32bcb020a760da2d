import Glibc

/// A file that gets its name when it is complete: until then it has one that readers of the folder skip.
struct HiddenFile: ~Copyable {
    private let descriptor: Int32
    private let hidden: String
    private let path: String

    init(folder: String, name: String) throws(DataFolderError) {
        path = folder + "/" + name
        hidden = folder + "/." + name + ".part"
        descriptor = open(hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw DataFolderError(attempt: "make the file \(hidden)") }
    }

    deinit { close(descriptor) }

    /// Writes all of the bytes.
    func write(_ bytes: [UInt8]) throws(DataFolderError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw DataFolderError(attempt: "write to \(hidden)")
            }
        }
    }

    /// Gives the file its name and, in seconds since 1970, its time.
    func publish(modifiedAt seconds: Int?) throws(DataFolderError) {
        if let seconds {
            let time = timespec(tv_sec: seconds, tv_nsec: 0)
            if futimens(descriptor, [time, time]) != 0 { throw DataFolderError(attempt: "set the time of \(hidden)") }
        }
        if rename(hidden, path) != 0 { throw DataFolderError(attempt: "rename \(hidden) to \(path)") }
    }
}

/// The data could not be made.
struct DataFolderError: Error, CustomStringConvertible {
    /// What was attempted, on what, and why it failed.
    var message: String

    init(message: String) { self.message = message }

    /// A call to the system failed just now.
    init(attempt: String) { message = "cannot \(attempt): \(String(cString: strerror(errno)))" }

    var description: String { message }
}
