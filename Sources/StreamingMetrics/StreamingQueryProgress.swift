public import FoundationEssentials

/// One trigger's numbers of a streaming query: what Spark reports in `recentProgress` and to listeners.
///
/// Names and units are Spark's. A field that some Spark versions do not write is optional and says since when it exists.
/// Fields this version of StreamGauge does not know are kept in ``unknownFields`` and written back.
///
/// A value, whose copies share one piece of memory until one of them is changed: handing it on costs one reference.
public struct StreamingQueryProgress: Sendable, Hashable {
    private var storage: Storage

    /// Identity of the query; survives restarts from one checkpoint.
    public var id: UUID {
        get { storage.fields.id }
        _modify {
            unshare()
            yield &storage.fields.id
        }
    }
    /// Identity of this run; new for each start.
    public var runId: UUID {
        get { storage.fields.runId }
        _modify {
            unshare()
            yield &storage.fields.runId
        }
    }
    /// The query's name; nil when it has none.
    public var name: String? {
        get { storage.fields.name }
        _modify {
            unshare()
            yield &storage.fields.name
        }
    }
    /// When the trigger started, UTC.
    public var timestamp: ProgressTimestamp {
        get { storage.fields.timestamp }
        _modify {
            unshare()
            yield &storage.fields.timestamp
        }
    }
    /// Number of the micro-batch, from 0. Since Spark 2.3.
    public var batchId: Int64? {
        get { storage.fields.batchId }
        _modify {
            unshare()
            yield &storage.fields.batchId
        }
    }
    /// Milliseconds from the trigger's start to the assembly of this progress. In the JSON since Spark 4.0.
    public var batchDuration: Int64? {
        get { storage.fields.batchDuration }
        _modify {
            unshare()
            yield &storage.fields.batchDuration
        }
    }
    /// Rows read in this trigger, summed over the sources.
    public var numInputRows: Int64 {
        get { storage.fields.numInputRows }
        _modify {
            unshare()
            yield &storage.fields.numInputRows
        }
    }
    /// Rows per second arriving, summed over the sources; nil where undefined (Spark leaves NaN and infinity out).
    public var inputRowsPerSecond: Double? {
        get { storage.fields.inputRowsPerSecond }
        _modify {
            unshare()
            yield &storage.fields.inputRowsPerSecond
        }
    }
    /// Rows per second processed, summed over the sources; nil where undefined.
    public var processedRowsPerSecond: Double? {
        get { storage.fields.processedRowsPerSecond }
        _modify {
            unshare()
            yield &storage.fields.processedRowsPerSecond
        }
    }
    /// Milliseconds per phase of the trigger, such as `addBatch`, `walCommit`, `triggerExecution`.
    public var durationMs: MetricMap<Int64> {
        get { storage.fields.durationMs }
        _modify {
            unshare()
            yield &storage.fields.durationMs
        }
    }
    /// Event-time statistics: `avg`, `max`, `min`, `watermark`, each a UTC timestamp.
    public var eventTime: MetricMap<String> {
        get { storage.fields.eventTime }
        _modify {
            unshare()
            yield &storage.fields.eventTime
        }
    }
    /// Stateful operators, the one nearest the sink first.
    public var stateOperators: [StateOperatorProgress] {
        get { storage.fields.stateOperators }
        _modify {
            unshare()
            yield &storage.fields.stateOperators
        }
    }
    /// Sources in the order of their first appearance in the plan.
    public var sources: [SourceProgress] {
        get { storage.fields.sources }
        _modify {
            unshare()
            yield &storage.fields.sources
        }
    }
    /// The sink.
    public var sink: SinkProgress {
        get { storage.fields.sink }
        _modify {
            unshare()
            yield &storage.fields.sink
        }
    }
    /// Values of `observe(…)`, by observation name; each an object of column to value. Since Spark 3.0.
    public var observedMetrics: MetricMap<JSONValue> {
        get { storage.fields.observedMetrics }
        _modify {
            unshare()
            yield &storage.fields.observedMetrics
        }
    }
    /// Members of the JSON object that are none of the above, in their order.
    public var unknownFields: MetricMap<JSONValue> {
        get { storage.fields.unknownFields }
        _modify {
            unshare()
            yield &storage.fields.unknownFields
        }
    }
    /// How ``json`` writes rates. Reading sets what gives the rates back as they were: Java's notation where one of them has
    /// an exponent or more than one decimal.
    public var rateNotation: RateNotation {
        get { storage.fields.rateNotation }
        _modify {
            unshare()
            yield &storage.fields.rateNotation
        }
    }

    /// Creates a progress; what is not given is absent or empty.
    public init(
        id: UUID, runId: UUID, name: String? = nil, timestamp: ProgressTimestamp, batchId: Int64? = nil,
        batchDuration: Int64? = nil, numInputRows: Int64 = 0, inputRowsPerSecond: Double? = nil,
        processedRowsPerSecond: Double? = nil, durationMs: MetricMap<Int64> = MetricMap(),
        eventTime: MetricMap<String> = MetricMap(),
        stateOperators: [StateOperatorProgress] = [], sources: [SourceProgress] = [],
        sink: SinkProgress = SinkProgress(description: ""), observedMetrics: MetricMap<JSONValue> = MetricMap(),
        unknownFields: MetricMap<JSONValue> = MetricMap(), rateNotation: RateNotation = .oneDecimal
    ) {
        self.init(
            Fields(
                id: id, runId: runId, name: name, timestamp: timestamp, batchId: batchId,
                batchDuration: batchDuration, numInputRows: numInputRows, inputRowsPerSecond: inputRowsPerSecond,
                processedRowsPerSecond: processedRowsPerSecond, durationMs: durationMs, eventTime: eventTime,
                stateOperators: stateOperators, sources: sources, sink: sink, observedMetrics: observedMetrics,
                unknownFields: unknownFields, rateNotation: rateNotation))
    }

    init(_ fields: Fields) { storage = Storage(fields) }

    /// Takes what the codec filled in, which nobody changes from now on.
    init(_ storage: Storage) { self.storage = storage }

    private mutating func unshare() {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.fields) }
    }
}

extension StreamingQueryProgress {
    /// Whether both say the same.
    public static func == (left: StreamingQueryProgress, right: StreamingQueryProgress) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
    }

    /// Feeds in all that it says.
    public func hash(into hasher: inout Hasher) { storage.fields.hash(into: &hasher) }

    final class Storage: @unchecked Sendable {
        // Sendable by proof: only the value that alone refers to it writes, or the codec before there is a value. For the same
        // reason no two writes can meet, and none is checked for it.
        @exclusivity(unchecked) var fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }

    /// What a progress says, for the codec to fill in before it is shared.
    struct Fields: Sendable, Hashable {
        var id: UUID
        var runId: UUID
        var name: String?
        var timestamp: ProgressTimestamp
        var batchId: Int64?
        var batchDuration: Int64?
        var numInputRows: Int64 = 0
        var inputRowsPerSecond: Double?
        var processedRowsPerSecond: Double?
        var durationMs: MetricMap<Int64> = MetricMap()
        var eventTime: MetricMap<String> = MetricMap()
        var stateOperators: [StateOperatorProgress] = []
        var sources: [SourceProgress] = []
        var sink: SinkProgress = SinkProgress(description: "")
        var observedMetrics: MetricMap<JSONValue> = MetricMap()
        var unknownFields: MetricMap<JSONValue> = MetricMap()
        var rateNotation: RateNotation = .oneDecimal
    }
}

/// How a rate is written in the progress JSON.
public enum RateNotation: Sendable, Hashable {
    /// Spark 4.1 and later: one decimal, half up, never an exponent.
    case oneDecimal
    /// Spark up to 4.0: Java's `Double.toString`.
    case javaDouble
}
