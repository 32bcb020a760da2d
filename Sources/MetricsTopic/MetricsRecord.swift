import Glibc
public import Kafka
public import StreamingMetrics

/// The contract of the metrics topics.
///
/// | part | content |
/// |---|---|
/// | topic | `streaming-metrics` for progress, `streaming-metrics-lifecycle` for started, idle and terminated events |
/// | key | the query's id as text, so that one query's records stay in order |
/// | value | progress: `progress.json`, exactly as Spark gives it; other events: `event.json` |
/// | header `event` | `progress`, `started`, `idle` or `terminated` |
/// | header `schema-version` | `1` |
/// | header `query-name` | the query's name; missing when it has none |
/// | header `run-id` | the run's id as text |
/// | header `sequence` | how many events of this run were offered before this one; a gap is a loss, a repetition a duplicate |
/// | header `shortened` | how many bytes the value had before offsets were cut, for the broker takes no larger one; else missing |
///
/// Everything but the value is optional for a reader: a record without key and headers, pretty-printed or in another of
/// Spark's forms, says the same. A schema version above this one may add headers and never changes these.
public enum TopicContract {
    /// The topic of progress records.
    public static let progressTopic = "streaming-metrics"
    /// The topic of started, idle and terminated events.
    public static let lifecycleTopic = "streaming-metrics-lifecycle"
    /// The version of the contract that this library writes.
    public static let schemaVersion = 1

    /// Names of the headers.
    public enum Header {
        /// Which event it is.
        public static let event = "event"
        /// The version of the contract.
        public static let schemaVersion = "schema-version"
        /// The query's name.
        public static let queryName = "query-name"
        /// The run's id.
        public static let runId = "run-id"
        /// How many events of this run were offered before.
        public static let sequence = "sequence"
        /// How many bytes the value had before it was shortened to what the broker takes.
        public static let shortened = "shortened"
    }
}

/// A record of a metrics topic as it was read, or what was found out about records that are not there.
///
/// Who wants the events alone takes ``event`` or ``progress``: each event once, nothing else.
public indirect enum MetricsRecord: Sendable, Hashable {
    /// An event, and where it came from.
    case event(StreamingQueryEvent, Metadata)
    /// A record that holds no event; the stream goes on after it.
    case unreadable(Unreadable)
    /// Another copy of an event that was read already.
    case duplicate(StreamingQueryEvent, Metadata)
    /// Events of a run that are missing on the topics.
    case gap(SequenceGap)
    /// Records that the broker had no more when they were to be read.
    case lost(LogGap)

    /// What a record says besides its value.
    public struct Metadata: Sendable, Hashable {
        /// The topic.
        public var topic: String
        /// The partition.
        public var partition: Int32
        /// The offset in the partition.
        public var offset: Int64
        /// Milliseconds since 1970 as set by the producer or the broker.
        public var timestampMs: Int64?
        /// The key as text; nil when there is none.
        public var key: String?
        /// In which form the event was written.
        public var encoding: StreamingQueryEvent.Encoding
        /// The contract's version; nil when the producer says nothing.
        public var schemaVersion: Int?
        /// The query's name as the header says; it is there for idle and terminated events too, whose JSON has no name.
        public var queryName: String?
        /// How many events of the run were offered before; nil when the producer says nothing.
        public var sequence: UInt64?
        /// How many bytes the value had before the forwarder cut its offsets to what the broker takes; nil for a whole one.
        public var shortenedFromBytes: Int?
    }

    /// A record that holds no event.
    public struct Unreadable: Sendable, Hashable {
        /// Why it cannot be read, with the place in the value.
        public var reason: String
        /// The topic.
        public var topic: String
        /// The partition.
        public var partition: Int32
        /// The offset in the partition.
        public var offset: Int64
        /// The value's bytes; nil for a record without a value.
        public var bytes: [UInt8]?
        /// The key's bytes; nil for a record without a key.
        public var key: [UInt8]?

        /// Describes a record that holds no event.
        public init(
            reason: String, topic: String, partition: Int32, offset: Int64, bytes: [UInt8]?, key: [UInt8]? = nil
        ) {
            self.reason = reason
            self.topic = topic
            self.partition = partition
            self.offset = offset
            self.bytes = bytes
            self.key = key
        }
    }

    /// The progress, if this is one.
    public var progress: StreamingQueryProgress? {
        if case .event(.progress(let event), _) = self { event.progress } else { nil }
    }

    /// The event, if it could be read and is no copy.
    public var event: StreamingQueryEvent? {
        if case .event(let event, _) = self { event } else { nil }
    }

    /// Reads a record of a metrics topic; whatever it holds gives a value.
    public init(_ record: ConsumerRecord) {
        do throws(Unreadable.Reason) {
            let (event, metadata) = try Self.read(record, nil)
            self = .event(event, metadata)
        } catch {
            self = .unreadable(Unreadable(record, error))
        }
    }

    /// Reads what a record says, where its bytes lie.
    static func read(
        _ record: ConsumerRecord, _ texts: TextCache?
    ) throws(Unreadable.Reason) -> (StreamingQueryEvent, Metadata) {
        let (event, encoding) = try record.withValue { value throws(Unreadable.Reason) in
            guard let value else { throw Unreadable.Reason(text: "the record has no value") }
            do throws(MetricsCodecError) {
                return try MetricsCodec.recognize(value, texts: texts)
            } catch {
                throw Unreadable.Reason(text: error.description)
            }
        }
        return (event, Metadata(record, encoding, texts))
    }
}

extension MetricsRecord.Metadata {
    init(_ record: ConsumerRecord, _ encoding: StreamingQueryEvent.Encoding, _ texts: TextCache?) {
        self.init(
            topic: record.topic, partition: record.partition, offset: record.offset, timestampMs: record.timestampMs,
            key: record.withKey { $0.map { Self.text($0, texts) } }, encoding: encoding)
        // One way through the headers, and numbers read where they lie; of a name that stands twice the last one counts.
        record.forEachHeader { name, value in
            switch HeaderName(name) {
            case .schemaVersion: schemaVersion = value.flatMap { $0.decimalNumber }.flatMap { Int(exactly: $0) }
            case .queryName: queryName = value.map { Self.text($0, texts) }
            case .sequence: sequence = value.flatMap { $0.decimalNumber }
            case .shortened: shortenedFromBytes = value.flatMap { $0.decimalNumber }.flatMap { Int(exactly: $0) }
            case nil: break
            }
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, _ texts: TextCache?) -> String {
        texts?.text(bytes) ?? String(decoding: bytes, as: UTF8.self)
    }
}

/// A header that says something about an event that the value does not.
private enum HeaderName {
    case schemaVersion, queryName, sequence, shortened

    init?(_ bytes: UnsafeRawBufferPointer) {
        if bytes.says(TopicContract.Header.sequence) {
            self = .sequence
        } else if bytes.says(TopicContract.Header.queryName) {
            self = .queryName
        } else if bytes.says(TopicContract.Header.schemaVersion) {
            self = .schemaVersion
        } else if bytes.says(TopicContract.Header.shortened) {
            self = .shortened
        } else {
            return nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are this text, compared at once and not one by one.
    @inline(__always)
    fileprivate func says(_ text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        var text = text
        return text.withUTF8 { memcmp($0.baseAddress!, baseAddress!, count) == 0 }
    }

    /// The bytes as a decimal number without a sign; nil when they are none.
    fileprivate var decimalNumber: UInt64? {
        guard !isEmpty else { return nil }
        var number: UInt64 = 0
        for byte in self {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(UInt64(digit))
            if overflows || overflowsToo { return nil }
            number = sum
        }
        return number
    }
}

extension MetricsRecord.Unreadable {
    /// Why a record cannot be read.
    struct Reason: Error {
        var text: String
    }

    init(_ record: ConsumerRecord, _ reason: Reason) {
        self.init(
            reason: reason.text, topic: record.topic, partition: record.partition, offset: record.offset,
            bytes: record.value, key: record.key)
    }
}
