public import FoundationEssentials

/// One trigger's numbers of a streaming query: what Spark reports in `recentProgress` and to listeners.
///
/// Names and units are Spark's. A field that some Spark versions do not write is optional and says since when it exists.
/// Fields this version of StreamGauge does not know are kept in ``unknownFields`` and written back.
public struct StreamingQueryProgress: Sendable, Hashable {
    /// Identity of the query; survives restarts from one checkpoint.
    public var id: UUID
    /// Identity of this run; new for each start.
    public var runId: UUID
    /// The query's name; nil when it has none.
    public var name: String?
    /// When the trigger started, UTC.
    public var timestamp: ProgressTimestamp
    /// Number of the micro-batch, from 0. Since Spark 2.3.
    public var batchId: Int64?
    /// Milliseconds from the trigger's start to the assembly of this progress. In the JSON since Spark 4.0.
    public var batchDuration: Int64?
    /// Rows read in this trigger, summed over the sources.
    public var numInputRows: Int64
    /// Rows per second arriving, summed over the sources; nil where undefined (Spark leaves NaN and infinity out).
    public var inputRowsPerSecond: Double?
    /// Rows per second processed, summed over the sources; nil where undefined.
    public var processedRowsPerSecond: Double?
    /// Milliseconds per phase of the trigger, such as `addBatch`, `walCommit`, `triggerExecution`.
    public var durationMs: MetricMap<Int64>
    /// Event-time statistics: `avg`, `max`, `min`, `watermark`, each a UTC timestamp.
    public var eventTime: MetricMap<String>
    /// Stateful operators, the one nearest the sink first.
    public var stateOperators: [StateOperatorProgress]
    /// Sources in the order of their first appearance in the plan.
    public var sources: [SourceProgress]
    /// The sink.
    public var sink: SinkProgress
    /// Values of `observe(…)`, by observation name; each an object of column to value. Since Spark 3.0.
    public var observedMetrics: MetricMap<JSONValue>
    /// Members of the JSON object that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>
    /// How ``json`` writes rates. Reading sets what gives the rates back as they were: Java's notation where one of them has
    /// an exponent or more than one decimal.
    public var rateNotation: RateNotation

    /// Creates a progress; what is not given is absent or empty.
    public init(
        id: UUID, runId: UUID, name: String? = nil, timestamp: ProgressTimestamp, batchId: Int64? = nil,
        batchDuration: Int64? = nil, numInputRows: Int64 = 0, inputRowsPerSecond: Double? = nil,
        processedRowsPerSecond: Double? = nil, durationMs: MetricMap<Int64> = [:], eventTime: MetricMap<String> = [:],
        stateOperators: [StateOperatorProgress] = [], sources: [SourceProgress] = [],
        sink: SinkProgress = SinkProgress(description: ""), observedMetrics: MetricMap<JSONValue> = [:],
        unknownFields: MetricMap<JSONValue> = [:], rateNotation: RateNotation = .oneDecimal
    ) {
        self.id = id
        self.runId = runId
        self.name = name
        self.timestamp = timestamp
        self.batchId = batchId
        self.batchDuration = batchDuration
        self.numInputRows = numInputRows
        self.inputRowsPerSecond = inputRowsPerSecond
        self.processedRowsPerSecond = processedRowsPerSecond
        self.durationMs = durationMs
        self.eventTime = eventTime
        self.stateOperators = stateOperators
        self.sources = sources
        self.sink = sink
        self.observedMetrics = observedMetrics
        self.unknownFields = unknownFields
        self.rateNotation = rateNotation
    }
}

/// How a rate is written in the progress JSON.
public enum RateNotation: Sendable, Hashable {
    /// Spark 4.1 and later: one decimal, half up, never an exponent.
    case oneDecimal
    /// Spark up to 4.0: Java's `Double.toString`.
    case javaDouble
}

/// One source's part of a ``StreamingQueryProgress``.
public struct SourceProgress: Sendable, Hashable {
    /// Free text naming the source, such as `FileStreamSource[file:/data/in]`.
    public var description: String?
    /// Where this trigger began; any JSON, null in a source's first batch.
    public var startOffset: JSONValue
    /// Where this trigger ended; any JSON, null when the source has no data yet.
    public var endOffset: JSONValue
    /// The newest offset the source knows; nil before Spark 3.2, `.null` when the source does not report it.
    public var latestOffset: JSONValue?
    /// Rows read from this source in this trigger, before any filter.
    public var numInputRows: Int64
    /// Rows per second arriving; nil where undefined.
    public var inputRowsPerSecond: Double?
    /// Rows per second processed; nil where undefined.
    public var processedRowsPerSecond: Double?
    /// The source's own metrics, such as Kafka's `maxOffsetsBehindLatest`. Since Spark 3.2.
    public var metrics: MetricMap<String>
    /// Members that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates a source's progress.
    public init(
        description: String?, startOffset: JSONValue = .null, endOffset: JSONValue = .null,
        latestOffset: JSONValue? = .null, numInputRows: Int64 = 0, inputRowsPerSecond: Double? = nil,
        processedRowsPerSecond: Double? = nil, metrics: MetricMap<String> = [:],
        unknownFields: MetricMap<JSONValue> = [:]
    ) {
        self.description = description
        self.startOffset = startOffset
        self.endOffset = endOffset
        self.latestOffset = latestOffset
        self.numInputRows = numInputRows
        self.inputRowsPerSecond = inputRowsPerSecond
        self.processedRowsPerSecond = processedRowsPerSecond
        self.metrics = metrics
        self.unknownFields = unknownFields
    }
}

/// The sink's part of a ``StreamingQueryProgress``.
public struct SinkProgress: Sendable, Hashable {
    /// Free text naming the sink, such as `MemorySink`.
    public var description: String?
    /// Rows written in this trigger; -1 when the sink does not count. Since Spark 3.0.
    public var numOutputRows: Int64?
    /// The sink's own metrics. Since Spark 3.4.
    public var metrics: MetricMap<String>
    /// Members that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates a sink's progress.
    public init(
        description: String?, numOutputRows: Int64? = nil, metrics: MetricMap<String> = [:],
        unknownFields: MetricMap<JSONValue> = [:]
    ) {
        self.description = description
        self.numOutputRows = numOutputRows
        self.metrics = metrics
        self.unknownFields = unknownFields
    }
}

/// One stateful operator's part of a ``StreamingQueryProgress``. Times are summed over tasks.
public struct StateOperatorProgress: Sendable, Hashable {
    /// Spark's name of the operator, such as `stateStoreSave`. Since Spark 3.2.
    public var operatorName: String?
    /// Rows in state after the batch.
    public var numRowsTotal: Int64
    /// Rows put or changed in this batch.
    public var numRowsUpdated: Int64
    /// Milliseconds updating state. Since Spark 3.2.
    public var allUpdatesTimeMs: Int64?
    /// Rows evicted in this batch. Since Spark 3.2.
    public var numRowsRemoved: Int64?
    /// Milliseconds removing state. Since Spark 3.2.
    public var allRemovalsTimeMs: Int64?
    /// Milliseconds committing the stores. Since Spark 3.2.
    public var commitTimeMs: Int64?
    /// Bytes held by all stores of the operator. Since Spark 2.3.
    public var memoryUsedBytes: Int64?
    /// Late rows dropped by this operator in this batch. Since Spark 3.1.
    public var numRowsDroppedByWatermark: Int64?
    /// Partitions of the operator. Since Spark 3.2.
    public var numShufflePartitions: Int64?
    /// State stores of the operator; a join has four a partition. Since Spark 3.2.
    public var numStateStoreInstances: Int64?
    /// The state store's own counters. Since Spark 2.4.
    public var customMetrics: MetricMap<Int64>
    /// Members that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue>

    /// Creates an operator's progress.
    public init(
        operatorName: String?, numRowsTotal: Int64 = 0, numRowsUpdated: Int64 = 0, allUpdatesTimeMs: Int64? = nil,
        numRowsRemoved: Int64? = nil, allRemovalsTimeMs: Int64? = nil, commitTimeMs: Int64? = nil,
        memoryUsedBytes: Int64? = nil, numRowsDroppedByWatermark: Int64? = nil, numShufflePartitions: Int64? = nil,
        numStateStoreInstances: Int64? = nil, customMetrics: MetricMap<Int64> = [:],
        unknownFields: MetricMap<JSONValue> = [:]
    ) {
        self.operatorName = operatorName
        self.numRowsTotal = numRowsTotal
        self.numRowsUpdated = numRowsUpdated
        self.allUpdatesTimeMs = allUpdatesTimeMs
        self.numRowsRemoved = numRowsRemoved
        self.allRemovalsTimeMs = allRemovalsTimeMs
        self.commitTimeMs = commitTimeMs
        self.memoryUsedBytes = memoryUsedBytes
        self.numRowsDroppedByWatermark = numRowsDroppedByWatermark
        self.numShufflePartitions = numShufflePartitions
        self.numStateStoreInstances = numStateStoreInstances
        self.customMetrics = customMetrics
        self.unknownFields = unknownFields
    }
}
