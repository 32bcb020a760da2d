import StructuredStreaming

/// Where the rows of a batch go. Called by the query's thread; writers also by its workers.
protocol StreamSink: AnyObject, Sendable {
    /// What progress calls it.
    var description: String { get }
    /// Begins to write a batch; nil when the sink has this batch already, which is then not run again.
    func begin(batchId: Int64, schema: StructType, mode: OutputMode) throws -> (any SinkBatch)?
}

/// One batch on its way into a sink. Nothing shows before ``commit()``.
protocol SinkBatch: AnyObject, Sendable {
    /// Adds rows; several workers may call this at once, each with a task number of its own.
    func write(_ batch: ColumnBatch, task: Int) throws
    /// A task has written all of its rows. Does nothing unless the sink needs it.
    func finish(task: Int) throws
    /// Makes the batch visible and durable; returns how many rows it has, nil when the sink does not count.
    func commit() throws -> Int64?
    /// Gives the batch up.
    func abort()
}

extension SinkBatch {
    func finish(task: Int) throws {}
}
