import FoundationEssentials
import Kafka
import StreamingMetrics

/// Turns events into records as ``TopicContract`` says; keeps its buffer from event to event.
struct RecordWriter {
    private var value: [UInt8] = []
    private var key: [UInt8] = []
    private let progressTopic: String
    private let lifecycleTopic: String?
    private static let version = RecordHeader(
        name: TopicContract.Header.schemaVersion, text: String(TopicContract.schemaVersion))

    init(progressTopic: String, lifecycleTopic: String?) {
        self.progressTopic = progressTopic
        self.lifecycleTopic = lifecycleTopic
    }

    /// Sends an event; the token comes back with its report.
    mutating func send(_ entry: ForwardingLedger.Entry, token: UInt, to producer: KafkaProducer) throws(KafkaError) {
        value.removeAll(keepingCapacity: true)
        key.removeAll(keepingCapacity: true)
        var topic = progressTopic
        if case .progress(let event) = entry.event {
            MetricsCodec.encode(event.progress, into: &value)
        } else {
            topic = lifecycleTopic ?? progressTopic
            MetricsCodec.encode(entry.event, into: &value)
        }
        key.append(contentsOf: entry.event.id.uuidString.lowercased().utf8)
        var headers = [
            RecordHeader(name: TopicContract.Header.event, text: entry.event.kind.rawValue), Self.version,
            RecordHeader(name: TopicContract.Header.runId, text: entry.event.runId.uuidString.lowercased()),
            RecordHeader(name: TopicContract.Header.sequence, text: String(entry.sequence)),
        ]
        if let name = entry.queryName { headers.append(RecordHeader(name: TopicContract.Header.queryName, text: name)) }
        try key.withUnsafeBufferPointer { key throws(KafkaError) in
            try value.withUnsafeBufferPointer { value throws(KafkaError) in
                try producer.send(
                    topic: topic, key: UnsafeRawBufferPointer(key), value: UnsafeRawBufferPointer(value),
                    headers: headers, token: token)
            }
        }
    }
}
