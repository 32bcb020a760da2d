import StructuredStreaming
import Synchronization

/// Keeps the result in memory as a table named like the query.
///
/// Complete mode replaces the table with each batch; append and update add to it. A batch that is not newer than the last
/// one is ignored, so a batch that runs again after a failure counts once.
final class MemorySink: StreamSink {
    let description = "MemorySink"
    /// The rows' schema.
    let schema: StructType
    private struct Table {
        var batches: [ColumnBatch] = []
        var latestBatchId: Int64?
    }
    private let table = Mutex(Table())

    init(schema: StructType) { self.schema = schema }

    /// The table as it is now.
    var batches: [ColumnBatch] { table.withLock { $0.batches } }

    /// Fills the table with the result that a checkpoint holds, so that it is whole before the first new batch.
    func restore(_ batches: [ColumnBatch]) { table.withLock { $0.batches = batches } }

    func begin(batchId: Int64, schema: StructType, mode: OutputMode) throws -> (any SinkBatch)? {
        if let latest = table.withLock({ $0.latestBatchId }), batchId <= latest { return nil }
        return CollectedBatch { [self] batches in
            table.withLock { table in
                if mode == .complete { table.batches = batches } else { table.batches += batches }
                table.latestBatchId = batchId
            }
            return batches.reduce(0) { $0 + Int64($1.rowCount) }
        }
    }
}
