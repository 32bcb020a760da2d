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
        processedRowsPerSecond: Double? = nil, metrics: MetricMap<String> = MetricMap(),
        unknownFields: MetricMap<JSONValue> = MetricMap()
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
