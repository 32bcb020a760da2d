import Dispatch
import StructuredStreaming
import Synchronization

/// Runs the scan and the row steps of a batch on all workers.
///
/// Each worker takes the next task that nobody has taken, reads it some thousands of rows at a time and hands the rows to its own
/// consumer, so that no row is shared between threads and no lock is taken for one.
final class BatchExecutor: Sendable {
    /// What takes a worker's rows.
    protocol Consumer: AnyObject, SendableMetatype {
        /// Rows after the row steps.
        func take(_ batch: ColumnBatch, task: Int) throws
        /// A task has no more rows. Does nothing unless the consumer needs it.
        func finish(task: Int) throws
    }

    private let pipeline: RowPipeline
    private let columns: StructType
    private let parallelism: Int
    private let isCancelled: @Sendable () -> Bool
    init(plan: PhysicalPlan, parallelism: Int, isCancelled: @escaping @Sendable () -> Bool) {
        pipeline = RowPipeline(steps: plan.rowSteps)
        columns = plan.scanColumns
        self.parallelism = parallelism
        self.isCancelled = isCancelled
    }

    /// Reads the tasks; `consumer` makes one for each worker. Returns the rows read and the consumers.
    func run<C: Consumer>(
        _ tasks: [any ScanTask], consumer: @Sendable (_ worker: Int) -> C
    ) throws -> (rows: Int64, consumers: [C]) {
        let workers = max(1, min(parallelism, tasks.count))
        let next = Atomic<Int>(0)
        let rows = Atomic<Int64>(0)
        let failure = Mutex<(any Error)?>(nil)
        // Written by worker `i` at `i` only, read when all have ended.
        nonisolated(unsafe) var consumers = [C?](repeating: nil, count: workers)
        consumers.withUnsafeMutableBufferPointer { slots in
            nonisolated(unsafe) let slots = slots
            DispatchQueue.concurrentPerform(iterations: workers) { worker in
                let consumer = consumer(worker)
                slots[worker] = consumer
                do {
                    let read = try work(tasks, next, failure, consumer)
                    rows.wrappingAdd(read, ordering: .relaxed)
                } catch {
                    failure.withLock { if $0 == nil { $0 = error } }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return (rows.load(ordering: .relaxed), consumers.compactMap { $0 })
    }

    private func work<C: Consumer>(
        _ tasks: [any ScanTask], _ next: borrowing Atomic<Int>, _ failure: borrowing Mutex<(any Error)?>,
        _ consumer: C
    ) throws -> Int64 {
        var rows: Int64 = 0
        while true {
            let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard task < tasks.count else { break }
            let reader = try tasks[task].open(columns: columns)
            while let batch = try reader.next() {
                if isCancelled() { throw QueryInterrupted() }
                if failure.withLock({ $0 != nil }) { return rows }
                rows += Int64(batch.rowCount)
                try consumer.take(try pipeline.apply(batch), task: task)
            }
            try consumer.finish(task: task)
        }
        return rows
    }
}

/// The running batch was given up because the query was stopped.
struct QueryInterrupted: Error {}

extension BatchExecutor.Consumer {
    func finish(task: Int) throws {}
}

extension HashAggregateExec: BatchExecutor.Consumer {
    func take(_ batch: ColumnBatch, task: Int) throws { try add(batch) }
}

/// Hands a worker's rows to the sink.
final class SinkWriter: BatchExecutor.Consumer {
    private let sink: any SinkBatch

    init(_ sink: any SinkBatch) { self.sink = sink }

    func take(_ batch: ColumnBatch, task: Int) throws { try sink.write(batch, task: task) }

    func finish(task: Int) throws { try sink.finish(task: task) }
}

/// Keeps a worker's rows.
final class RowCollector: BatchExecutor.Consumer {
    private(set) var batches: [(task: Int, batch: ColumnBatch)] = []

    func take(_ batch: ColumnBatch, task: Int) throws {
        if batch.rowCount > 0 { batches.append((task, batch)) }
    }
}
