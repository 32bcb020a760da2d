public import FoundationEssentials

/// A query has started.
public struct QueryStartedEvent: Sendable, Hashable {
    /// Identity of the query; survives restarts.
    public var id: UUID
    /// Identity of this run.
    public var runId: UUID
    /// The query's name; nil when it has none.
    public var name: String?
    /// When it started. Since Spark 3.0.
    public var timestamp: ProgressTimestamp?
    /// Tags of the job; nil before Spark 4.1.
    public var jobTags: [String]?
    /// Members that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates a started event.
    public init(
        id: UUID, runId: UUID, name: String?, timestamp: ProgressTimestamp?, jobTags: [String]? = [],
        unknownFields: MetricMap<JSONValue> = MetricMap()
    ) {
        self.id = id
        self.runId = runId
        self.name = name
        self.timestamp = timestamp
        self.jobTags = jobTags
        self.unknownFields = unknownFields
    }
}

/// A trigger ran a batch.
public struct QueryProgressEvent: Sendable, Hashable {
    /// The trigger's numbers.
    public var progress: StreamingQueryProgress
    /// Members beside the wrapped progress, in their order; Spark writes none.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates a progress event.
    public init(progress: StreamingQueryProgress, unknownFields: MetricMap<JSONValue> = MetricMap()) {
        self.progress = progress
        self.unknownFields = unknownFields
    }
}

/// The query found no data for a while. Since Spark 3.5.
public struct QueryIdleEvent: Sendable, Hashable {
    /// Identity of the query.
    public var id: UUID
    /// Identity of this run.
    public var runId: UUID
    /// Start of the idle trigger.
    public var timestamp: ProgressTimestamp
    /// Members that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates an idle event.
    public init(id: UUID, runId: UUID, timestamp: ProgressTimestamp, unknownFields: MetricMap<JSONValue> = MetricMap())
    {
        self.id = id
        self.runId = runId
        self.timestamp = timestamp
        self.unknownFields = unknownFields
    }
}

/// A query has ended, cleanly or with an exception.
public struct QueryTerminatedEvent: Sendable, Hashable {
    /// Identity of the query.
    public var id: UUID
    /// Identity of this run.
    public var runId: UUID
    /// The failure's text, in Spark the stack trace of the cause; nil after a clean stop.
    public var exception: String?
    /// The failure's error class, such as `DIVIDE_BY_ZERO`; nil where it has none. Since Spark 3.5.
    public var errorClassOnException: String?
    /// Members that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates a terminated event.
    public init(
        id: UUID, runId: UUID, exception: String?, errorClassOnException: String? = nil,
        unknownFields: MetricMap<JSONValue> = MetricMap()
    ) {
        self.id = id
        self.runId = runId
        self.exception = exception
        self.errorClassOnException = errorClassOnException
        self.unknownFields = unknownFields
    }
}

/// Any of the four events.
public enum StreamingQueryEvent: Sendable, Hashable {
    /// A query has started.
    case started(QueryStartedEvent)
    /// A trigger ran a batch.
    case progress(QueryProgressEvent)
    /// The query found no data for a while.
    case idle(QueryIdleEvent)
    /// A query has ended.
    case terminated(QueryTerminatedEvent)

    /// Which of the four.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A query has started.
        case started
        /// A trigger ran a batch.
        case progress
        /// The query found no data for a while.
        case idle
        /// A query has ended.
        case terminated
    }

    /// The form in which an event was written.
    public enum Encoding: String, Sendable, Hashable, CaseIterable {
        /// A bare progress, as a listener sends it to a topic: `progress.json`.
        case canonical
        /// A bare progress as a serialised bean: no totals, offsets as strings. `recentProgress` of Spark Connect.
        case bean
        /// A progress within `{"progress":…}`: `event.json` since Spark 3.5.
        case wrapped
        /// A started, idle or terminated event: `event.json` since Spark 3.5.
        case event
        /// Any event with its class in `Event`: event logs, and listeners of Spark before 3.5.
        case eventLog
    }
}

extension StreamingQueryEvent {
    /// Which event it is.
    public var kind: Kind {
        switch self {
        case .started: .started
        case .progress: .progress
        case .idle: .idle
        case .terminated: .terminated
        }
    }

    /// Identity of the query.
    public var id: UUID {
        switch self {
        case .started(let event): event.id
        case .progress(let event): event.progress.id
        case .idle(let event): event.id
        case .terminated(let event): event.id
        }
    }

    /// Identity of the run.
    public var runId: UUID {
        switch self {
        case .started(let event): event.runId
        case .progress(let event): event.progress.runId
        case .idle(let event): event.runId
        case .terminated(let event): event.runId
        }
    }

    /// The event as JSON, compact: what Spark's `event.json` gives. A progress is wrapped; its bare form is
    /// ``StreamingQueryProgress/json``.
    public var json: String { MetricsCodec.text { $0.event(self) } }

    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// Reads an event of any kind in any of Spark's forms.
    public init(json: String) throws(MetricsCodecError) {
        self = try MetricsCodec.withBytes(of: json) { bytes throws(MetricsCodecError) in
            try MetricsCodec.decode(bytes)
        }
    }

    /// Reads an event of any kind in any of Spark's forms from UTF-8 bytes.
    public init(json bytes: UnsafeRawBufferPointer) throws(MetricsCodecError) { self = try MetricsCodec.decode(bytes) }

    /// Reads an event of any kind in any of Spark's forms from UTF-8 bytes.
    public init(json bytes: [UInt8]) throws(MetricsCodecError) { self = try MetricsCodec.decode(bytes) }

    /// The progress, where nothing else will do.
    var requiredProgress: StreamingQueryProgress {
        get throws(MetricsCodecError) {
            guard case .progress(let event) = self else { throw kindError(.progress) }
            return event.progress
        }
    }

    /// The error of having been given this event where another kind was asked for.
    func kindError(_ wanted: Kind) -> MetricsCodecError {
        MetricsCodecError(
            code: .notAnEvent,
            message: "cannot read the event of query \(id) as \(wanted.rawValue): it is of kind \(kind.rawValue); "
                + "StreamingQueryEvent(json:) takes every kind")
    }
}
