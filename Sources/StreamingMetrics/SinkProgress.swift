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
        description: String?, numOutputRows: Int64? = nil, metrics: MetricMap<String> = MetricMap(),
        unknownFields: MetricMap<JSONValue> = MetricMap()
    ) {
        self.description = description
        self.numOutputRows = numOutputRows
        self.metrics = metrics
        self.unknownFields = unknownFields
    }
}
