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
        unknownFields: MetricMap<JSONValue> = [:]
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

    /// Creates a progress event.
    public init(progress: StreamingQueryProgress) { self.progress = progress }
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
    public init(id: UUID, runId: UUID, timestamp: ProgressTimestamp, unknownFields: MetricMap<JSONValue> = [:]) {
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
        unknownFields: MetricMap<JSONValue> = [:]
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
}
