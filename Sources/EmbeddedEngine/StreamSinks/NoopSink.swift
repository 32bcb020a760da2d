import StructuredStreaming
import Synchronization

/// Counts rows and forgets them. For measuring.
final class NoopSink: StreamSink {
    let description = "NoopTable"

    func begin(batchId: Int64, schema: StructType, mode: OutputMode) throws -> (any SinkBatch)? { CountingBatch() }

    private final class CountingBatch: SinkBatch {
        private let rows = Atomic<Int64>(0)

        func write(_ batch: ColumnBatch, task: Int) throws {
            rows.wrappingAdd(Int64(batch.rowCount), ordering: .relaxed)
        }

        func commit() throws -> Int64? { rows.load(ordering: .relaxed) }

        func abort() {}
    }
}
