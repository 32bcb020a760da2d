import FoundationEssentials
import Glibc
import Monitoring
import StreamingMetrics

/// A file of recorded events, one JSON text a line, read with bounded memory.
///
/// Every event gets the time that it can have been sent at the earliest, by its own words; one with an earlier time than the event before
/// it has that one's. One without a time has the time before it, and at the file's beginning that of the first with one. Where
/// there are other files, it comes with the first or last event of its run in any of them, if the events around it allow.
struct RecordedFile: ~Copyable {
    typealias Refusal = RecordedEvents.Refusal

    /// Events at the file's beginning that wait for the first with a time, at most.
    private static let maximumUntimed = 10_000
    private static let chunkSize = 1 << 18

    private let path: String
    private let descriptor: Int32
    private let maximumBytes: Int
    private let times: RecordedTimes?
    /// Whether it can be read more than once.
    let isRegular: Bool
    private var chunk: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var lineNumber = 0
    private var last: MonitorTime?
    private var pending: [TimedEvent] = []

    /// Opens a file.
    ///
    /// - Parameter times: What is known of the runs in all files; nil where this is the only one.
    init(
        path: String, times: RecordedTimes? = nil, maximumBytes: Int = MetricsCodec.Limits.default.maximumBytes
    ) throws(MonitoringError) {
        let isInput = path == "-"
        self.times = times
        self.path = isInput ? "standard input" : path
        self.maximumBytes = maximumBytes
        descriptor = isInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        let kind = descriptor >= 0 && fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        let isFolder = kind == S_IFDIR
        isRegular = kind == S_IFREG
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
            if let own = event.ownTime {
                let time = max(own, last ?? own)
                place(untimed, before: time)
                pending.append(TimedEvent(event: event, time: time))
                last = time
                return
            }
            untimed.append(event)
            // Alone in its file it comes at once: there may be nothing behind it for long.
            if times == nil, last != nil { return place(untimed, before: nil) }
            guard untimed.count >= Self.maximumUntimed else { continue }
            if last != nil { return place(untimed, before: nil) }
            throw MonitoringError(
                "cannot replay \(path): none of the first \(Self.maximumUntimed) events has a time (line \(lineNumber))",
                hint: "give a recording in which progress comes earlier")
        }
        place(untimed, before: nil)
    }

    /// Gives events without a time one, between those of the events before and after them.
    private mutating func place(_ untimed: [StreamingQueryEvent], before next: MonitorTime?) {
        for event in untimed {
            let own = min(
                times?.time(of: event) ?? last ?? next ?? ageOfUntimed,
                next ?? MonitorTime(millisecondsSinceEpoch: .max))
            let time = max(own, last ?? own)
            pending.append(TimedEvent(event: event, time: time))
            last = time
        }
    }

    /// What events have where none of the file has a time: the newest time of the other files, so that they are moved on by none of it, else
    /// the file's age.
    private var ageOfUntimed: MonitorTime {
        if let newest = times?.newest { return newest }
        var status = stat()
        let seconds = fstat(descriptor, &status) == 0 ? Int64(status.st_mtim.tv_sec) : 0
        return MonitorTime(millisecondsSinceEpoch: seconds * 1000)
    }

    /// Gives the next event without a time for those that have none; nil at the end.
    mutating func nextEvent(_ onRefusal: (Refusal) -> Void) throws(MonitoringError) -> StreamingQueryEvent? {
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
