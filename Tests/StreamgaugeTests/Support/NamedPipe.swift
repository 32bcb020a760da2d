import Foundation
import Testing

/// A named pipe for a program to read from, which the test writes when it likes.
struct NamedPipe {
    let path: String

    init(_ path: String) throws {
        self.path = path
        try #require(mkfifo(path, 0o600) == 0)
    }

    /// Opens it for writing once the program reads from it.
    func open(_ running: RunningProgram) async throws -> FileHandle {
        var descriptor: Int32 = -1
        try await running.waitUntil {
            descriptor = Foundation.open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            return descriptor >= 0
        }
        try #require(descriptor >= 0, "\(running.error)")
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
