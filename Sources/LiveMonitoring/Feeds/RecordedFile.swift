import FoundationEssentials
import Glibc
import Monitoring
import StreamingMetrics

/// A file of recorded events, one JSON text a line, read with bounded memory.
///
/// Every event gets the time that it can have been sent at the earliest, by its own words; one without a time, or with an earlier
/// one, has that of the event before it, and at the file's beginning that of the first with a time.
struct RecordedFile: ~Copyable {
    typealias Refusal = RecordedEvents.Refusal

    /// Events at the file's beginning that wait for the first with a time, at most.
    private static let maximumUntimed = 10_000
    private static let chunkSize = 1 << 18

    private let path: String
    private let descriptor: Int32
    private let maximumBytes: Int
    private var chunk: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var lineNumber = 0
    private var last: MonitorTime?
    private var pending: [TimedEvent] = []

    init(path: String, maximumBytes: Int = MetricsCodec.Limits.default.maximumBytes) throws(MonitoringError) {
        let isInput = path == "-"
        self.path = isInput ? "standard input" : path
        self.maximumBytes = maximumBytes
        descriptor = isInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        let isFolder = descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        guard descriptor >= 0, !isFolder else {
            let cause = isFolder ? "it is a folder" : String(cString: strerror(errno))
            throw MonitoringError("cannot read the recorded events in \(self.path): \(cause)", hint: "check the path")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Gives the next event; nil at the end. Lines that hold none are given away on the way.
    mutating func next(onRefusal: (Refusal) -> Void) throws(MonitoringError) -> TimedEvent? {
        if pending.isEmpty { try fill(onRefusal) }
        return pending.isEmpty ? nil : pending.removeFirst()
    }

    private mutating func fill(_ onRefusal: (Refusal) -> Void) throws(MonitoringError) {
        var untimed: [StreamingQueryEvent] = []
        while let event = try nextEvent(onRefusal) {
            if let time = [event.ownTime, last].compactMap({ $0 }).max() {
                last = time
                pending = (untimed + [event]).map { TimedEvent(event: $0, time: time) }
                return
            }
            untimed.append(event)
            guard untimed.count < Self.maximumUntimed else {
                throw MonitoringError(
                    "cannot replay \(path): none of the first \(Self.maximumUntimed) events has a time (line \(lineNumber))",
                    hint: "give a recording in which progress comes earlier")
            }
        }
        // None has a time: they are as old as the file.
        var status = stat()
        let seconds = fstat(descriptor, &status) == 0 ? Int64(status.st_mtim.tv_sec) : 0
        pending = untimed.map { TimedEvent(event: $0, time: MonitorTime(millisecondsSinceEpoch: seconds * 1000)) }
    }

    private mutating func nextEvent(_ onRefusal: (Refusal) -> Void) throws(MonitoringError) -> StreamingQueryEvent? {
        while let line = try nextLine() {
            guard let line else {
                onRefusal(refusal("the line has more bytes than an event may have"))
                continue
            }
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            do throws(MetricsCodecError) {
                return try MetricsCodec.decode(line)
            } catch {
                onRefusal(refusal(error.description))
            }
        }
        return nil
    }

    private func refusal(_ reason: String) -> Refusal { Refusal(place: "\(path):\(lineNumber)", reason: reason) }

    /// The next line without its end; nil at the end, and a nil within for a line that is too long.
    private mutating func nextLine() throws(MonitoringError) -> [UInt8]?? {
        var line: [UInt8] = []
        var isTooLong = false
        while true {
            if chunk.isEmpty, try !read() {
                guard !line.isEmpty || isTooLong else { return nil }
                lineNumber += 1
                return .some(isTooLong ? nil : line)
            }
            let end = chunk.firstIndex(of: UInt8(ascii: "\n"))
            if !isTooLong { line.append(contentsOf: chunk[..<(end ?? chunk.endIndex)]) }
            if line.count > maximumBytes { (isTooLong, line) = (true, []) }
            chunk = end.map { chunk[($0 + 1)...] } ?? []
            guard end != nil else { continue }
            lineNumber += 1
            return .some(isTooLong ? nil : line)
        }
    }

    private mutating func read() throws(MonitoringError) -> Bool {
        while !isAtEnd {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { buffer, initialized in
                count = Glibc.read(descriptor, buffer.baseAddress, Self.chunkSize)
                initialized = max(0, count)
            }
            if count > 0 {
                chunk = bytes[...]
                return true
            }
            if count == 0 {
                isAtEnd = true
            } else if errno != EINTR {
                throw MonitoringError("cannot read the recorded events in \(path): \(String(cString: strerror(errno)))")
            }
        }
        return false
    }
}
