import FoundationEssentials
import StreamingMetrics

/// Writes events into frames: the record's value as it will be sent, and what key and headers are made of.
struct EventEncoder {
    private let progressTopic: [UInt8]
    private let lifecycleTopic: [UInt8]
    /// The names of queries by run, for the events that carry none.
    private var names: [UUID: String] = [:]
    private var lastRun: UUID?
    /// Runs that never said their end are forgotten beyond this number.
    private static let maximumNames = 65_536

    init(progressTopic: String, lifecycleTopic: String) {
        self.progressTopic = Array(progressTopic.utf8.prefix(Int(UInt16.max)))
        self.lifecycleTopic = Array(lifecycleTopic.utf8.prefix(Int(UInt16.max)))
    }

    mutating func append(
        _ entry: EventRing.Entry, position: UInt64, timestampMs: Int64, to builder: inout FrameBlockBuilder
    ) {
        let event = entry.event
        let name = name(of: event)
        let kind = SpooledEvent.Kind(event.kind)
        let topic = kind == .progress ? progressTopic : lifecycleTopic
        builder.append(position: position) { bytes in
            bytes.append(kind.rawValue)
            bytes.append(0)
            SpoolFormat.append(UInt16(topic.count), to: &bytes)
            // Beyond 65,534 bytes a name is cut: it is a header for people, and the value has the whole.
            let nameSize = min(name?.utf8.count ?? 0, Int(SpoolFormat.nameless) - 1)
            SpoolFormat.append(name == nil ? SpoolFormat.nameless : UInt16(nameSize), to: &bytes)
            SpoolFormat.append(UInt16(0), to: &bytes)
            SpoolFormat.append(entry.sequence, to: &bytes)
            SpoolFormat.append(timestampMs, to: &bytes)
            withUnsafeBytes(of: event.id) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: event.runId) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: topic)
            if let name { bytes.append(contentsOf: name.utf8.prefix(nameSize)) }
            if case .progress(let event) = event {
                MetricsCodec.encode(event.progress, into: &bytes)
            } else {
                MetricsCodec.encode(event, into: &bytes)
            }
        }
    }

    /// The query's name, which comes with the start and with every progress.
    private mutating func name(of event: StreamingQueryEvent) -> String? {
        switch event {
        case .started(let event): return remember(event.name, event.runId)
        case .progress(let event): return remember(event.progress.name, event.progress.runId)
        case .idle(let event): return names[event.runId]
        case .terminated(let event):
            if lastRun == event.runId { lastRun = nil }
            return names.removeValue(forKey: event.runId)
        }
    }

    private mutating func remember(_ name: String?, _ run: UUID) -> String? {
        // A query's events come in a row and its name never changes.
        guard lastRun != run else { return name }
        if names.count >= Self.maximumNames { names.removeAll() }
        names[run] = name
        lastRun = run
        return name
    }
}

extension SpooledEvent.Kind {
    init(_ kind: StreamingQueryEvent.Kind) {
        self =
            switch kind {
            case .progress: .progress
            case .started: .started
            case .idle: .idle
            case .terminated: .terminated
            }
    }

    /// The text of the header `event`.
    var headerText: StaticString {
        switch self {
        case .progress: "progress"
        case .started: "started"
        case .idle: "idle"
        case .terminated: "terminated"
        }
    }
}
