import Dispatch
import StreamingMetrics
import StructuredStreaming
import Synchronization

/// The aggregation of a streaming query: each batch's groups are merged into those of all batches before, which live in the
/// state store, one store for each partition of the keys.
///
///     workers' tables ──by hash of the key──► partition p: load N, merge ──► rows to write ──► N+1.delta of all partitions
///
/// Used by the query's thread only.
final class StateStoreSaveExec {
    private let plan: HashAggregatePlan
    private let provider: StateStoreProvider
    private let clock: any StreamClock
    private var updatedRows: Int64 = 0
    private var updateMilliseconds: Int64 = 0
    private var commitMilliseconds: Int64 = 0

    init(
        _ plan: HashAggregatePlan, checkpoint: CheckpointLocation, settings: EngineSettings, clock: any StreamClock
    ) throws {
        self.plan = plan
        self.clock = clock
        try OperatorStateMetadata.check(
            [
                OperatorStateMetadata(
                    operatorId: 0, operatorName: Self.name,
                    stores: [.init(numPartitions: Int64(settings.shufflePartitions))])
            ], stateDirectory: checkpoint.stateDirectory, files: checkpoint.files)
        let schema = StateSchema(key: plan.keySchema, value: BufferField.schema(plan.fields))
        provider = try StateStoreProvider(
            stateDirectory: checkpoint.stateDirectory, operatorId: 0, numPartitions: settings.shufflePartitions,
            schema: schema, files: checkpoint.files,
            settings: StateStoreSettings(minBatchesToRetain: Int64(settings.minBatchesToRetain)))
    }

    /// Spark's name of the operator, in progress and in the checkpoint.
    private static let name = "stateStoreSave"
    private var stores: [FileStateStore] { provider.stores }

    /// Runs the aggregation of a batch: reads the tasks, merges, writes the rows of the mode into the sink and commits the
    /// state; `beforeCommit` is called when all is ready to be saved. Returns the rows read.
    func run(
        _ tasks: [any ScanTask], executor: BatchExecutor, batchId: Int64, mode: OutputMode, rest: ResultPipeline,
        into sink: any SinkBatch, beforeCommit: () throws -> Void
    ) throws -> Int64 {
        try concurrently { try $0.load(version: batchId) }
        let plan = plan
        let (rows, workers) = try executor.run(tasks) { _ in HashAggregateExec(plan) }
        if plan.keys.isEmpty { workers.first?.table.addEmptyKey() }
        let start = clock.nowMilliseconds
        try merge(workers.map(\.table))
        updateMilliseconds = clock.nowMilliseconds - start
        updatedRows = stores.reduce(0) { total, store in total + store.withTable { Int64($0.changedSlots.count) } }
        try emit(mode, rest, into: sink)
        try beforeCommit()
        try commit()
        return rows
    }

    /// Writes snapshots and deletes old state files where it is time to.
    func maintain() throws {
        try provider.maintain(timestampMs: clock.nowMilliseconds)
    }

    /// The operator's numbers after a batch.
    var progress: StateOperatorProgress {
        let metrics = provider.metrics
        var custom: MetricMap<Int64> = [:]
        // Spark reports at most five instances by default; see numStateStoreInstanceMetricsToReport.
        for (partition, store) in stores.prefix(5).enumerated() {
            custom["SnapshotLastUploaded.partition_\(partition)_default"] = store.snapshots.last ?? -1
        }
        custom["loadedMapCacheHitCount"] = metrics.loadedMapCacheHitCount
        custom["loadedMapCacheMissCount"] = metrics.loadedMapCacheMissCount
        custom["stateOnCurrentVersionSizeBytes"] = metrics.stateOnCurrentVersionSizeBytes
        return StateOperatorProgress(
            operatorName: Self.name, numRowsTotal: metrics.numKeys, numRowsUpdated: updatedRows,
            allUpdatesTimeMs: updateMilliseconds, numRowsRemoved: 0, allRemovalsTimeMs: 0,
            commitTimeMs: commitMilliseconds, memoryUsedBytes: metrics.memoryUsedBytes, numRowsDroppedByWatermark: 0,
            numShufflePartitions: Int64(stores.count), numStateStoreInstances: Int64(stores.count),
            customMetrics: custom)
    }

    // MARK: Steps of a batch

    /// Merges the workers' groups, every partition by one thread.
    private func merge(_ tables: [GroupTable]) throws {
        let shares = tables.map { table in
            (table: table, groups: Self.groups(of: table, schema: plan.keySchema, partitions: stores.count))
        }
        let fields = plan.fields
        // The tables are only read from here on.
        nonisolated(unsafe) let input = shares
        try concurrently { store, partition in
            var buffers = BufferRow(fields)
            try store.withTable { state in
                for share in input {
                    for group in share.groups[partition] {
                        let key = share.table.key(Int(group))
                        let (slot, isNew) = state.slotForUpdate(key, hash: StateTable.hash(key), valueLength: 0)
                        let old = isNew ? nil : state.value(slot)
                        try buffers.merge(Int(group), of: share.table, into: old) { state.setValue(slot, $0) }
                    }
                }
            }
        }
    }

    /// The groups of a table by the partition of their keys.
    private static func groups(of table: GroupTable, schema: StructType, partitions: Int) -> [[Int32]] {
        var groups = [[Int32]](repeating: [], count: partitions)
        let fieldCount = schema.fields.count
        for group in 0..<table.count {
            var partition = 0
            if partitions > 1, let base = table.key(group).baseAddress {
                let hash = UnsafeRow(base: base, fieldCount: fieldCount).murmur3(schema)
                partition = Murmur3.partition(hash, of: partitions)
            }
            groups[partition].append(Int32(group))
        }
        return groups
    }

    /// The whole result at a version of the state: what complete mode would write.
    func result(version: Int64, rest: ResultPipeline) throws -> [ColumnBatch] {
        try concurrently { try $0.load(version: version) }
        let rows = Mutex<[ColumnBatch]>([])
        let collected = CollectedBatch { batches in
            rows.withLock { $0 = batches }
            return nil
        }
        try emit(.complete, rest, into: collected)
        _ = try collected.commit()
        return rows.withLock { $0 }
    }

    /// Goes back to a version that was committed.
    func settle(version: Int64) throws { try concurrently { try $0.load(version: version) } }

    /// Writes all groups in complete mode, else those that this batch touched.
    private func emit(_ mode: OutputMode, _ rest: ResultPipeline, into sink: any SinkBatch) throws {
        var collected: [ColumnBatch] = []
        for (partition, store) in stores.enumerated() {
            try store.withTable { state in
                let slots = mode == .complete ? (0..<state.slotCount).filter { state.isLive($0) } : state.changedSlots
                for start in stride(from: 0, to: slots.count, by: HashAggregatePlan.resultRows) {
                    let chunk = slots[start..<min(start + HashAggregatePlan.resultRows, slots.count)]
                    let batch = try plan.result(of: chunk, in: state)
                    if rest.isRowWise {
                        for part in try rest.apply([batch]) { try sink.write(part, task: partition) }
                    } else {
                        collected.append(batch)
                    }
                }
            }
        }
        if !rest.isRowWise {
            for part in try rest.apply(collected) { try sink.write(part, task: 0) }
        }
    }

    /// Writes the next version of all partitions; their files reach the disk together.
    private func commit() throws {
        let start = clock.nowMilliseconds
        try provider.commit(timestampMs: start)
        commitMilliseconds = clock.nowMilliseconds - start
    }

    private func concurrently(_ body: @Sendable (FileStateStore) throws -> Void) throws {
        try concurrently { store, _ in try body(store) }
    }

    private func concurrently(_ body: @Sendable (FileStateStore, Int) throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        let stores = stores
        DispatchQueue.concurrentPerform(iterations: stores.count) { partition in
            do {
                try body(stores[partition], partition)
            } catch {
                failure.withLock { if $0 == nil { $0 = error } }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
