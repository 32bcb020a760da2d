// The fields of each object in Spark's order, as an index into its table. What is not in a table is kept as unknown.

/// Top-level fields: those of a progress in their order, then those of the other events and of the wrappings.
enum EventField {
    static let id = 0
    static let runId = 1
    static let name = 2
    static let timestamp = 3
    static let batchId = 4
    static let batchDuration = 5
    static let numInputRows = 6
    static let inputRowsPerSecond = 7
    static let processedRowsPerSecond = 8
    static let durationMs = 9
    static let eventTime = 10
    static let stateOperators = 11
    static let sources = 12
    static let sink = 13
    static let observedMetrics = 14
    static let jobTags = 15
    static let exception = 16
    static let errorClassOnException = 17
    static let progress = 18
    static let event = 19

    /// Fields that only a progress has.
    static let progressOnly = batchId..<jobTags

    static let table = FieldTable([
        "id", "runId", "name", "timestamp", "batchId", "batchDuration", "numInputRows", "inputRowsPerSecond",
        "processedRowsPerSecond", "durationMs", "eventTime", "stateOperators", "sources", "sink", "observedMetrics",
        "jobTags", "exception", "errorClassOnException", "progress", "Event",
    ])
}

enum SourceField {
    static let description = 0
    static let startOffset = 1
    static let endOffset = 2
    static let latestOffset = 3
    static let numInputRows = 4
    static let inputRowsPerSecond = 5
    static let processedRowsPerSecond = 6
    static let metrics = 7

    static let table = FieldTable([
        "description", "startOffset", "endOffset", "latestOffset", "numInputRows", "inputRowsPerSecond",
        "processedRowsPerSecond", "metrics",
    ])
}

enum SinkField {
    static let description = 0
    static let numOutputRows = 1
    static let metrics = 2

    static let table = FieldTable(["description", "numOutputRows", "metrics"])
}

enum StateField {
    static let operatorName = 0
    static let numRowsTotal = 1
    static let numRowsUpdated = 2
    static let allUpdatesTimeMs = 3
    static let numRowsRemoved = 4
    static let allRemovalsTimeMs = 5
    static let commitTimeMs = 6
    static let memoryUsedBytes = 7
    static let numRowsDroppedByWatermark = 8
    static let numShufflePartitions = 9
    static let numStateStoreInstances = 10
    static let customMetrics = 11

    static let table = FieldTable([
        "operatorName", "numRowsTotal", "numRowsUpdated", "allUpdatesTimeMs", "numRowsRemoved", "allRemovalsTimeMs",
        "commitTimeMs", "memoryUsedBytes", "numRowsDroppedByWatermark", "numShufflePartitions",
        "numStateStoreInstances", "customMetrics",
    ])
}

enum StatusField {
    static let message = 0
    static let isDataAvailable = 1
    static let isTriggerActive = 2

    static let table = FieldTable(["message", "isDataAvailable", "isTriggerActive"])
}

/// Keys of the open maps that Spark is known to write, sorted. They only save time: any other key is read as well.
enum KnownKeys {
    static let durationMs = FieldTable([
        "addBatch", "commitOffsets", "getBatch", "getEndOffset", "getOffset", "latestOffset", "queryPlanning",
        "setOffsetRange", "triggerExecution", "walCommit",
    ])
    static let eventTime = FieldTable(["avg", "max", "min", "watermark"])
    static let sourceMetrics = FieldTable([
        "avgOffsetsBehindLatest", "maxOffsetsBehindLatest", "minOffsetsBehindLatest", "numBytesOutstanding",
        "numFilesOutstanding",
    ])
    static let none = FieldTable([])

    /// Counters of the two state stores. A batch lists a handful of the snapshot keys, mostly of the first partitions.
    static let customMetrics = FieldTable(
        (0..<10).map { "SnapshotLastUploaded.partition_\($0)_default" } + [
            "forceSnapshotCount", "loadedMapCacheHitCount", "loadedMapCacheMissCount", "numDroppedDuplicateRows",
            "numSnapshotsAutoRepaired", "rocksdbBytesCopied", "rocksdbChangeLogWriterCommitLatencyMs",
            "rocksdbCommitCheckpointLatency", "rocksdbCommitCompactLatency", "rocksdbCommitFileSyncLatencyMs",
            "rocksdbCommitFlushLatency", "rocksdbCommitPauseLatency", "rocksdbCommitWriteBatchLatency",
            "rocksdbFilesCopied", "rocksdbFilesReused", "rocksdbGetCount", "rocksdbGetLatency",
            "rocksdbLoadFromSnapshotLatencyMs", "rocksdbLoadLatencyMs", "rocksdbNumExternalColumnFamilies",
            "rocksdbNumInternalColFamiliesKeys", "rocksdbNumInternalColumnFamilies", "rocksdbNumReplayChangelogFiles",
            "rocksdbPinnedBlocksMemoryUsage", "rocksdbPutCount", "rocksdbPutLatency", "rocksdbReadBlockCacheHitCount",
            "rocksdbReadBlockCacheMissCount", "rocksdbReplayChangeLogLatencyMs", "rocksdbSaveZipFilesLatencyMs",
            "rocksdbSstFileSize", "rocksdbTotalBytesRead", "rocksdbTotalBytesReadByCompaction",
            "rocksdbTotalBytesReadThroughIterator", "rocksdbTotalBytesWritten", "rocksdbTotalBytesWrittenByCompaction",
            "rocksdbTotalBytesWrittenByFlush", "rocksdbTotalCompactionLatencyMs", "rocksdbWriterStallLatencyMs",
            "rocksdbZipFileBytesUncompressed", "stateOnCurrentVersionSizeBytes",
        ])
}
