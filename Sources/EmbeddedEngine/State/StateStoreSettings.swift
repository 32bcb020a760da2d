/// Settings of state stores, by Spark's names.
struct StateStoreSettings: Sendable, Hashable {
    /// `spark.sql.streaming.stateStore.minDeltasForSnapshot`: with more deltas than this since the last snapshot, a new one
    /// is written.
    var minDeltasForSnapshot: Int64 = 10
    /// `spark.sql.streaming.minBatchesToRetain`: how many versions before the newest must stay loadable.
    var minBatchesToRetain: Int64 = 100
    /// `spark.sql.streaming.checkpoint.fileChecksum.enabled`: whether checksum files are written and checked.
    var fileChecksum = true
}

/// What one or more state stores report.
struct StateStoreMetrics: Sendable, Hashable {
    /// Pairs in the version being worked on.
    var numKeys: Int64 = 0
    /// Bytes of memory taken from the system.
    var memoryUsedBytes: Int64 = 0
    /// Loads that found their version in memory.
    var loadedMapCacheHitCount: Int64 = 0
    /// Loads that had to read files.
    var loadedMapCacheMissCount: Int64 = 0
    /// Bytes of the keys and values of the present version.
    var stateOnCurrentVersionSizeBytes: Int64 = 0

    /// The sum of both.
    static func + (left: StateStoreMetrics, right: StateStoreMetrics) -> StateStoreMetrics {
        StateStoreMetrics(
            numKeys: left.numKeys + right.numKeys, memoryUsedBytes: left.memoryUsedBytes + right.memoryUsedBytes,
            loadedMapCacheHitCount: left.loadedMapCacheHitCount + right.loadedMapCacheHitCount,
            loadedMapCacheMissCount: left.loadedMapCacheMissCount + right.loadedMapCacheMissCount,
            stateOnCurrentVersionSizeBytes: left.stateOnCurrentVersionSizeBytes + right.stateOnCurrentVersionSizeBytes)
    }
}
