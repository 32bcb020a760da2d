public import Monitoring
import StreamingMetrics

/// Several recorded files as one, in the order of times; within a file nothing changes places. Several are read twice: the end of a run is
/// placed by its progress in other files. What can be read only once, such as a pipe, is opened once; where an event without a time in
/// another file may be placed by what it has, that is an error.
///
/// ```swift
/// var events = try RecordedEvents(paths: ["progress.jsonl", "lifecycle.jsonl"])
/// while let next = try events.next(onRefusal: { print($0.text) }) { monitor.take(next.event, at: next.time) }
/// ```
public struct RecordedEvents: ~Copyable {
    /// A line that holds no event, and why.
    public struct Refusal: Sendable, Hashable {
        /// The file and the number of the line.
        public var place: String
        /// What is wrong with it.
        public var reason: String

        /// Both in a line.
        public var text: String { "refused \(place): \(reason)" }
    }

    private final class Source {
        var file: RecordedFile
        var next: TimedEvent?
        var isStarted = false

        init(_ source: RecordedSource, _ times: RecordedTimes?) throws(MonitoringError) {
            file = try RecordedFile(source, times: times)
        }
    }

    private let sources: [Source]
    /// The newest time that was given.
    public private(set) var last: MonitorTime?

    /// Opens the files.
    ///
    /// - Parameter paths: One JSON text a line, in any form that Spark or this library writes; `-` is standard input.
    /// - Throws: ``MonitoringError`` that names the file that cannot be read.
    public init(paths: [String]) throws(MonitoringError) {
        var found: [RecordedSource] = []
        for path in paths { found.append(try RecordedSource(path)) }
        let times = found.count > 1 ? try RecordedTimes(found) : nil
        var sources: [Source] = []
        for source in found { sources.append(try Source(source, times)) }
        self.sources = sources
    }

    /// Gives the next event; nil at the end of all files.
    ///
    /// - Parameter onRefusal: Gets the lines that hold no event.
    /// - Throws: ``MonitoringError`` when a file cannot be read on, or an event without a time could be placed only by what can be read
    ///   but once. A pipe ends where the task is cancelled that waits for it.
    public mutating func next(
        onRefusal: (Refusal) -> Void
    ) throws(MonitoringError) -> TimedEvent? {
        for source in sources where !source.isStarted {
            source.isStarted = true
            source.next = try source.file.next(onRefusal: onRefusal)
        }
        var first: Source?
        for source in sources {
            guard let event = source.next else { continue }
            if let found = first?.next, Self.order(found) <= Self.order(event) { continue }
            first = source
        }
        guard let first, let event = first.next else { return nil }
        first.next = try first.file.next(onRefusal: onRefusal)
        last = max(last ?? event.time, event.time)
        return event
    }

    /// At one moment a run first starts and last ends, in whichever files that stands.
    private static func order(_ event: TimedEvent) -> (MonitorTime, Int) {
        switch event.event {
        case .started: (event.time, 0)
        case .progress, .idle: (event.time, 1)
        case .terminated: (event.time, 2)
        }
    }
}
