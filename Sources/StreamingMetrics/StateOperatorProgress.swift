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
        numStateStoreInstances: Int64? = nil, customMetrics: MetricMap<Int64> = MetricMap(),
        unknownFields: MetricMap<JSONValue> = MetricMap()
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
