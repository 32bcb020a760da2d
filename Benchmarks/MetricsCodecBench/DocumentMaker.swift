import Foundation
import StreamingMetrics

/// Makes progress documents as busy production queries report them, the same on every run.
struct DocumentMaker {
    private var state: UInt64 = 20_170_806

    /// About 1.2 KB: one Kafka source of eight partitions, no state.
    mutating func kafka(_ index: Int) -> StreamingQueryProgress {
        progress(index, sources: [source("activity-data")], state: [])
    }

    /// About 6 KB: two Kafka sources, an aggregation and a join in RocksDB, a de-duplication in memory.
    mutating func rocksDB(_ index: Int) -> StreamingQueryProgress {
        var progress = progress(
            index, sources: [source("activity-phone"), source("activity-watch")],
            state: [
                stateOperator("stateStoreSave", rocksDBMetrics()), stateOperator("symmetricHashJoin", rocksDBMetrics()),
                stateOperator(
                    "dedupeWithinWatermark",
                    [
                        "loadedMapCacheHitCount": number(9999), "loadedMapCacheMissCount": number(9),
                        "numDroppedDuplicateRows": number(99), "stateOnCurrentVersionSizeBytes": number(10_000_000),
                    ]),
            ])
        progress.eventTime = [
            "avg": "2026-01-05T08:00:01.500Z", "max": "2026-01-05T08:00:03.000Z", "min": "2026-01-05T08:00:00.001Z",
            "watermark": "2026-01-05T07:59:50.000Z",
        ]
        progress.observedMetrics = [
            "quality": ["rows": .integer(number(100_000)), "maxAx": .double(fraction() * 20), "note": "café \"q\"\n"]
        ]
        return progress
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private mutating func number(_ bound: UInt64) -> Int64 { Int64(next() % bound) }

    private mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// In full precision, as Spark up to 4.0 writes them: the harder case for a reader.
    private mutating func rate() -> Double { next() % 3 == 0 ? 0 : fraction() * 40_000 }

    private mutating func uuid() -> UUID {
        var bytes = (next(), next())
        return withUnsafeBytes(of: &bytes) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    private mutating func source(_ topic: String) -> SourceProgress {
        let base = number(10_000_000)
        func offset(_ delta: Int64) -> JSONValue {
            .object([.init(topic, .object((0..<8).map { .init("\($0)", .integer(base + $0 * 977 + delta)) }))])
        }
        let rows = number(800_000)
        return SourceProgress(
            description: "KafkaV2[Subscribe[\(topic)]]", startOffset: offset(0), endOffset: offset(rows / 8),
            latestOffset: offset(rows / 8 + 3), numInputRows: rows, inputRowsPerSecond: rate(),
            processedRowsPerSecond: rate(),
            metrics: [
                "avgOffsetsBehindLatest": "3.0", "maxOffsetsBehindLatest": "\(number(9))",
                "minOffsetsBehindLatest": "0",
            ])
    }

    private mutating func stateOperator(_ name: String, _ metrics: MetricMap<Int64>) -> StateOperatorProgress {
        StateOperatorProgress(
            operatorName: name, numRowsTotal: number(1_000_000), numRowsUpdated: number(10_000),
            allUpdatesTimeMs: number(900), numRowsRemoved: number(900), allRemovalsTimeMs: number(90),
            commitTimeMs: number(3000), memoryUsedBytes: number(100_000_000), numRowsDroppedByWatermark: 0,
            numShufflePartitions: 8, numStateStoreInstances: 32, customMetrics: metrics)
    }

    private mutating func rocksDBMetrics() -> MetricMap<Int64> {
        var metrics: MetricMap<Int64> = [:]
        for partition in 0..<5 { metrics["SnapshotLastUploaded.partition_\(partition)_default"] = number(900) }
        for name in DocumentMaker.rocksDBNames { metrics["rocksdb" + name] = number(next() % 2 == 0 ? 1 : 10_000_000) }
        return metrics
    }

    private static let rocksDBNames = [
        "BytesCopied", "CommitCheckpointLatency", "CommitCompactLatency", "CommitFileSyncLatencyMs",
        "CommitFlushLatency",
        "FilesCopied", "FilesReused", "GetCount", "GetLatency", "LoadFromSnapshotLatencyMs", "LoadLatencyMs",
        "NumExternalColumnFamilies", "NumInternalColFamiliesKeys", "NumInternalColumnFamilies",
        "NumReplayChangelogFiles", "PinnedBlocksMemoryUsage", "PutCount", "PutLatency", "ReadBlockCacheHitCount",
        "ReadBlockCacheMissCount", "ReplayChangeLogLatencyMs", "SaveZipFilesLatencyMs", "SstFileSize", "TotalBytesRead",
        "TotalBytesReadByCompaction", "TotalBytesReadThroughIterator", "TotalBytesWritten",
        "TotalBytesWrittenByCompaction", "TotalBytesWrittenByFlush", "TotalCompactionLatencyMs",
        "WriterStallLatencyMs", "ZipFileBytesUncompressed",
    ]

    private mutating func progress(
        _ index: Int, sources: [SourceProgress], state: [StateOperatorProgress]
    ) -> StreamingQueryProgress {
        var durations: MetricMap<Int64> = [:]
        for phase in [
            "addBatch", "commitOffsets", "getBatch", "latestOffset", "queryPlanning", "triggerExecution", "walCommit",
        ] { durations[phase] = number(600) }
        return StreamingQueryProgress(
            id: uuid(), runId: uuid(), name: index % 40 == 7 ? nil : "activity_query_\(index % 40)",
            timestamp: ProgressTimestamp(millisecondsSinceEpoch: 1_767_600_000_000 + Int64(index) * 1000),
            batchId: Int64(index), batchDuration: number(40_000), numInputRows: number(800_000),
            inputRowsPerSecond: rate(), processedRowsPerSecond: rate(), durationMs: durations, stateOperators: state,
            sources: sources,
            sink: SinkProgress(
                description: "org.apache.spark.sql.execution.streaming.sources.ForeachBatchSink", numOutputRows: -1),
            rateNotation: .javaDouble)
    }
}
