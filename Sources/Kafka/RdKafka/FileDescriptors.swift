import Glibc

/// The files that a process may still open.
///
/// librdkafka ends the process when it cannot open the pipes that wake its threads, so their number is looked at before a
/// client is made. What others open between the look and the use is beyond that.
enum FileDescriptors {
    /// For a client of a small cluster: two for the pipe of each thread and one for each connection.
    static let neededForClient = 24

    /// - Parameter attempt: What they are for, to stand after "cannot".
    /// - Throws: ``KafkaError`` with the code `resourceExhausted` when there are too few.
    static func requireFree(for attempt: String) throws(KafkaError) {
        var opened: [Int32] = []
        defer { for fd in opened { close(fd) } }
        while opened.count < neededForClient {
            let fd = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard fd >= 0 else {
                throw KafkaError(
                    code: .resourceExhausted,
                    message:
                        "cannot \(attempt): it may open \(neededForClient) files, and only \(opened.count) more can "
                        + "be opened here (\(String(cString: strerror(errno)))); raise the limit (ulimit -n) or close files"
                )
            }
            opened.append(fd)
        }
    }
}
