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

    private let source: RecordedSource
    private let descriptor: Int32
    private let maximumBytes: Int
    private let times: RecordedTimes?
    private var chunk: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var lineNumber = 0
    private var last: MonitorTime?
    private var pending: ArraySlice<TimedEvent> = []
    /// Runs whose progress was here, where another file can be asked for none.
    private var ownRuns: Set<UUID> = []

    /// Opens a file.
    ///
    /// - Parameter times: What is known of the runs in all files; nil where this is the only one.
    init(
        _ source: RecordedSource, times: RecordedTimes? = nil,
        maximumBytes: Int = MetricsCodec.Limits.default.maximumBytes
    ) throws(MonitoringError) {
        self.source = source
        self.times = times
        self.maximumBytes = maximumBytes
        descriptor = try source.open()
    }

    deinit { close(descriptor) }

    /// Gives the next event; nil at the end. Lines that hold none are given away on the way.
    mutating func next(onRefusal: (Refusal) -> Void) throws(MonitoringError) -> TimedEvent? {
        if pending.isEmpty { try fill(onRefusal) }
        return pending.popFirst()
    }

    private mutating func fill(_ onRefusal: (Refusal) -> Void) throws(MonitoringError) {
        pending = []
        var untimed: [StreamingQueryEvent] = []
        while let event = try nextEvent(onRefusal) {
            if let own = event.ownTime {
                note(event)
                let time = max(own, last ?? own)
                try place(untimed, before: time)
                pending.append(TimedEvent(event: event, time: time))
                last = time
                return
            }
            untimed.append(event)
            // Alone in its file it comes at once: there may be nothing behind it for long.
            if times == nil, last != nil { return try place(untimed, before: nil) }
            guard untimed.count >= Self.maximumUntimed else { continue }
            if last != nil || knownTime(of: untimed) != nil { return try place(untimed, before: nil) }
            for event in untimed { try checkTimes(of: event) }
            throw MonitoringError(
                "cannot replay \(source.name): none of the first \(Self.maximumUntimed) events has a time (line \(lineNumber))",
                hint: "give a recording in which progress comes earlier")
        }
        try place(untimed, before: nil)
    }

    /// Gives events without a time one, between those of the events before and after them.
    private mutating func place(
        _ untimed: [StreamingQueryEvent], before next: MonitorTime?
    ) throws(MonitoringError) {
        // Nothing to go by: none of the file has a time.
        var first = last ?? knownTime(of: untimed) ?? next
        if first == nil, !untimed.isEmpty { first = try ageOfUntimed() }
        for event in untimed {
            try checkTimes(of: event)
            guard let known = times?.time(of: event) ?? last ?? first else { continue }
            let own = min(known, next ?? known)
            let time = max(own, last ?? own)
            pending.append(TimedEvent(event: event, time: time))
            last = time
        }
    }

    /// What other files tell of the first event that they tell something of.
    private func knownTime(of untimed: [StreamingQueryEvent]) -> MonitorTime? {
        guard let times else { return nil }
        return untimed.lazy.compactMap { times.time(of: $0) }.first
    }

    /// What events have where none of the file has a time: the newest time of the other files, so that they are moved on by none of it, else
    /// the file's age.
    private func ageOfUntimed() throws(MonitoringError) -> MonitorTime {
        if let other = times?.unread(beside: source) { throw unordered(other, "none of its events has a time") }
        if let newest = times?.newest { return newest }
        var status = stat()
        let seconds = fstat(descriptor, &status) == 0 ? Int64(status.st_mtim.tv_sec) : 0
        return MonitorTime(millisecondsSinceEpoch: seconds * 1000)
    }

    // MARK: Beside what can be read only once

    private mutating func note(_ event: StreamingQueryEvent) {
        guard !source.isRegular, times?.unread(beside: source) != nil else { return }
        switch event {
        case .progress, .idle: ownRuns.insert(event.runId)
        case .started, .terminated: break
        }
    }

    /// Refuses an event whose place may be known only by what has not been read: a run would end behind its start, and say nothing.
    private func checkTimes(of event: StreamingQueryEvent) throws(MonitoringError) {
        let what: String
        switch event {
        case .started:
            // What follows it in a pipe tells when, and a start that is placed too early says nothing false for long.
            guard source.isRegular else { return }
            what = "start"
        case .terminated: what = "end"
        case .progress, .idle: return
        }
        guard let times, let other = times.unread(beside: source), !times.hasProgress(of: event.runId),
            !ownRuns.contains(event.runId)
        else { return }
        throw unordered(other, "the \(what) of run \(event.runId.uuidString.lowercased()) has no time")
    }

    private func unordered(_ other: RecordedSource, _ cause: String) -> MonitoringError {
        MonitoringError(
            "cannot replay \(source.name) beside \(other.name): \(cause), and \(other.name) can be read only once and so not be "
                + "asked for it first", hint: "save \(other.name) to a file and replay that")
    }

    // MARK: Lines

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

    private func refusal(_ reason: String) -> Refusal { Refusal(place: "\(source.name):\(lineNumber)", reason: reason) }

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

    /// Waits for who writes into a pipe; false where the task is cancelled meanwhile, which a read would not notice.
    private func waitForBytes() -> Bool {
        guard !source.isRegular else { return true }
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while !Task.isCancelled {
            let found = poll(&wanted, 1, 200)
            if found > 0 || (found < 0 && errno != EINTR) { return true }
        }
        return false
    }

    private mutating func read() throws(MonitoringError) -> Bool {
        while !isAtEnd {
            guard waitForBytes() else { break }
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
            } else if errno != EINTR, errno != EAGAIN {
                throw source.unreadable(String(cString: strerror(errno)))
            }
        }
        return false
    }
}
