import Glibc

/// Reads a file, or standard input, line by line with bounded memory.
struct LineReader: ~Copyable {
    /// What a line holds.
    enum Line {
        /// The line's bytes without its end.
        case text([UInt8])
        /// A line with more bytes than any event has; they are skipped.
        case tooLong
    }

    /// The name that messages use.
    let name: String
    /// Lines read so far: the last line's number.
    private(set) var number = 0
    private let descriptor: Int32
    private let maximumBytes: Int
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private static let chunkSize = 1 << 18

    /// Opens a file; `-` is standard input. A named pipe that nobody writes into is not waited for here, but by ``next(isStopped:)``.
    init(path: String, maximumBytes: Int) throws {
        self.maximumBytes = maximumBytes
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0 {
            throw CommandError("cannot read \(name): \(String(cString: strerror(errno)))", hint: "check the path")
        }
    }

    deinit { close(descriptor) }

    /// Looks whether a file could be opened, without opening it: whoever writes into a pipe would lose its reader.
    static func check(path: String) throws {
        guard path != "-", access(path, R_OK) != 0 else { return }
        throw CommandError("cannot read \(path): \(String(cString: strerror(errno)))", hint: "check the path")
    }

    /// The next line; nil at the end, and when `isStopped` says so while there is nothing to read.
    mutating func next(isStopped: () -> Bool) throws -> Line? {
        var line: [UInt8] = []
        var isTooLong = false
        while true {
            if position == buffer.count, try !fill(isStopped) {
                // What was read of a line before the stop is no line.
                guard isAtEnd else { return nil }
                guard !line.isEmpty || isTooLong else { return nil }
                number += 1
                return isTooLong ? .tooLong : .text(line)
            }
            let rest = buffer[position...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            if !isTooLong { line.append(contentsOf: rest[..<(end ?? rest.endIndex)]) }
            if line.count > maximumBytes {
                isTooLong = true
                line = []
            }
            position = end.map { $0 + 1 } ?? buffer.count
            guard end != nil else { continue }
            number += 1
            return isTooLong ? .tooLong : .text(line)
        }
    }

    /// Reads the next bytes; false at the end.
    private mutating func fill(_ isStopped: () -> Bool) throws -> Bool {
        while !isAtEnd, !isStopped() {
            // A pipe may stay silent, and a named one without a writer: wait in short turns, so that a signal is seen.
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 100) == 0 { continue }
            var count = 0
            buffer = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { bytes, initialized in
                count = read(descriptor, bytes.baseAddress, Self.chunkSize)
                initialized = max(0, count)
            }
            position = 0
            if count > 0 { return true }
            if count == 0 {
                isAtEnd = true
            } else if errno != EINTR, errno != EAGAIN {
                throw CommandError("cannot read \(name): \(String(cString: strerror(errno)))", hint: "check the path")
            }
        }
        return false
    }
}
