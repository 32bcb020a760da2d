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
        let header = Header(sequence: entry.sequence, timestampMs: timestampMs)
        // One look at the event: each binding of its payload costs a retain of everything in it.
        switch entry.event {
        case .progress(let event):
            let progress = event.progress
            let name = remember(progress.name, progress.runId)
            builder.append(position: position) { bytes in
                header.write(.progress, progress.id, progress.runId, progressTopic, name, to: &bytes)
                MetricsCodec.encode(progress, into: &bytes)
            }
        case .started(let event):
            let name = remember(event.name, event.runId)
            builder.append(position: position) { bytes in
                header.write(.started, event.id, event.runId, lifecycleTopic, name, to: &bytes)
                MetricsCodec.encode(entry.event, into: &bytes)
            }
        case .idle(let event):
            let name = names[event.runId]
            builder.append(position: position) { bytes in
                header.write(.idle, event.id, event.runId, lifecycleTopic, name, to: &bytes)
                MetricsCodec.encode(entry.event, into: &bytes)
            }
        case .terminated(let event):
            let name = forget(event.runId)
            builder.append(position: position) { bytes in
                header.write(.terminated, event.id, event.runId, lifecycleTopic, name, to: &bytes)
                MetricsCodec.encode(entry.event, into: &bytes)
            }
        }
    }

    /// What stands before the value.
    private struct Header {
        var sequence: UInt64
        var timestampMs: Int64

        func write(
            _ kind: SpooledEvent.Kind, _ id: UUID, _ runId: UUID, _ topic: [UInt8], _ name: String?,
            to bytes: inout [UInt8]
        ) {
            // Beyond 65,534 bytes a name is cut: it is a header for people, and the value has the whole.
            let nameSize = min(name?.utf8.count ?? 0, Int(SpoolFormat.nameless) - 1)
            withUnsafeTemporaryAllocation(byteCount: SpoolFormat.bodyPrefixSize, alignment: 8) { prefix in
                prefix.initializeMemory(as: UInt8.self, repeating: 0)
                prefix[0] = kind.rawValue
                prefix.storeBytes(of: UInt16(topic.count).littleEndian, toByteOffset: 2, as: UInt16.self)
                let nameField = name == nil ? SpoolFormat.nameless : UInt16(nameSize)
                prefix.storeBytes(of: nameField.littleEndian, toByteOffset: 4, as: UInt16.self)
                prefix.storeBytes(of: sequence.littleEndian, toByteOffset: 8, as: UInt64.self)
                prefix.storeBytes(of: timestampMs.littleEndian, toByteOffset: 16, as: Int64.self)
                prefix.storeBytes(of: id, toByteOffset: 24, as: UUID.self)
                prefix.storeBytes(of: runId, toByteOffset: 40, as: UUID.self)
                bytes.append(contentsOf: UnsafeRawBufferPointer(prefix))
            }
            bytes.append(contentsOf: topic)
            if var name {
                name.withUTF8 { bytes.append(contentsOf: UnsafeRawBufferPointer($0).prefix(nameSize)) }
            }
        }
    }

    private mutating func forget(_ run: UUID) -> String? {
        if lastRun == run { lastRun = nil }
        return names.removeValue(forKey: run)
    }

    /// Notes the query's name, which comes with the start and with every progress.
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
