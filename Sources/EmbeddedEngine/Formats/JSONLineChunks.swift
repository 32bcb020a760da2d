import CSimdJSON
import Glibc
import StructuredStreaming

/// Reads a file, or the lines that begin in a slice of it, as chunks of whole lines.
///
/// Every chunk ends with a line feed, whether the file does or not, and is followed by the readable bytes that simdjson
/// wants. A carriage return ends a line too: it is made a line feed, so CRLF leaves an empty line, which has no rows.
final class JSONLineChunks {
    /// The longest line that is read, in bytes.
    static let longestLine = 64 << 20

    private let path: String
    private let descriptor: Int32
    /// Lines that begin at this position of the file or later are somebody else's.
    private var limit: Int
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// The file position of the buffer's first byte.
    private var start: Int
    private var count = 0
    /// How many bytes of the buffer the last chunk had.
    private var consumed = 0
    private var isAtEnd = false

    /// Opens a file; `slice` is a range of byte positions, nil for the whole file.
    ///
    /// Throws ``EngineError/Code/pathNotFound`` and ``EngineError/Code/inputOutput``.
    init(path: String, slice: Range<Int>?, chunkBytes: Int) throws(EngineError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw EngineError(
                code == ENOENT ? .pathNotFound : .inputOutput,
                "cannot open the JSON file '\(path)': \(String(cString: strerror(code)))",
                hint: "a file that a query has listed must stay until it has been read")
        }
        limit = slice?.upperBound ?? .max
        capacity = max(chunkBytes, 16)
        buffer = .allocate(capacity: capacity + 1 + Int(sg_json_padding()))
        start = 0
        if let first = slice?.lowerBound, first > 0 { try skipToLine(at: first) } else { try skipByteOrderMark() }
    }

    deinit {
        buffer.deallocate()
        close(descriptor)
    }

    /// The next chunk, which holds until the next call; nil at the end.
    func next() throws(EngineError) -> UnsafeBufferPointer<UInt8>? {
        dropConsumed()
        while start < limit {
            try fill()
            guard count > 0 else { return nil }
            if let end = lineEnd() {
                consumed = end
                return UnsafeBufferPointer(start: buffer, count: end)
            }
            guard capacity < Self.longestLine else {
                throw EngineError(
                    .inputOutput,
                    "a line of the JSON file '\(path)' that begins at byte \(start) is longer than "
                        + "\(Self.longestLine >> 20) MiB",
                    hint: "every record must stand on a line of its own")
            }
            grow()
        }
        return nil
    }

    /// The end of the last whole line of the buffer that begins before the limit; nil when there is none yet.
    private func lineEnd() -> Int? {
        if limit - start < count {
            // The line that holds the last byte of the slice is the last one.
            let last = limit - start - 1
            if let found = memchr(buffer + last, Int32(UInt8(ascii: "\n")), count - last) {
                return UnsafeRawPointer(found) - UnsafeRawPointer(buffer) + 1
            }
            if isAtEnd { return endOfFile() }
        }
        if isAtEnd { return endOfFile() }
        var end = count
        while end > 0, buffer[end - 1] != UInt8(ascii: "\n") { end -= 1 }
        return end > 0 ? end : nil
    }

    private func endOfFile() -> Int {
        if buffer[count - 1] != UInt8(ascii: "\n") {
            buffer[count] = UInt8(ascii: "\n")
            count += 1
        }
        return count
    }

    private func dropConsumed() {
        guard consumed > 0 else { return }
        start += consumed
        count -= consumed
        memmove(buffer, buffer + consumed, count)
        consumed = 0
    }

    private func fill() throws(EngineError) {
        while count < capacity, !isAtEnd {
            let got = read(descriptor, buffer + count, capacity - count)
            if got < 0 {
                if errno == EINTR { continue }
                throw EngineError(
                    .inputOutput, "cannot read the JSON file '\(path)': \(String(cString: strerror(errno)))")
            }
            isAtEnd = got == 0
            replaceCarriageReturns(from: count, to: count + got)
            count += got
        }
    }

    private func replaceCarriageReturns(from first: Int, to end: Int) {
        var position = first
        while position < end, let found = memchr(buffer + position, Int32(UInt8(ascii: "\r")), end - position) {
            position = UnsafeRawPointer(found) - UnsafeRawPointer(buffer)
            buffer[position] = UInt8(ascii: "\n")
        }
    }

    private func grow() {
        let wanted = capacity * 2
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted + 1 + Int(sg_json_padding()))
        larger.initialize(from: buffer, count: count)
        buffer.deallocate()
        buffer = larger
        capacity = wanted
    }

    private func skipByteOrderMark() throws(EngineError) {
        try fill()
        if count >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF {
            consumed = 3
            dropConsumed()
            // The first line begins at byte 0 with the mark.
            if limit > 0 { limit = max(limit, start + 1) }
        }
    }

    /// Goes to the first line that begins at a position or after it: after the line end that ends the line before.
    private func skipToLine(at position: Int) throws(EngineError) {
        guard lseek(descriptor, position - 1, SEEK_SET) >= 0 else {
            throw EngineError(
                .inputOutput, "cannot seek in the JSON file '\(path)': \(String(cString: strerror(errno)))")
        }
        start = position - 1
        while true {
            try fill()
            if count == 0 { return }
            if let found = memchr(buffer, Int32(UInt8(ascii: "\n")), count) {
                consumed = UnsafeRawPointer(found) - UnsafeRawPointer(buffer) + 1
                dropConsumed()
                return
            }
            consumed = count
            dropConsumed()
        }
    }
}
