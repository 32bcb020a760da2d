/// Where a query goes on: decided from the two logs alone, before anything is run.
///
/// With O the newest number in `offsets` and C in `commits`:
///
/// | found                  | next batch                                                           |
/// | nothing                | 0, planned anew                                                      |
/// | O = C                  | O + 1, planned anew from the end of O                                |
/// | O = C + 1, no commits  | O again, with exactly the offsets, time and watermark of `offsets/O` |
/// | C < O - 1              | the same and a warning: the batches between are trusted              |
/// | C > O                  | refused: the offsets of a finished batch are gone                    |
/// | O - 1 missing, O > 0   | refused: the start of a batch is unknown                             |
struct RecoveryPoint: Sendable, Hashable {
    /// The number of the next batch.
    var nextBatchId: Int64 = 0
    /// What the next batch reads if it was fixed before and must be run again; nil if it is to be planned.
    var rerun: OffsetSeq?
    /// The end of the batch before, which is where the next one starts; nil before batch 0.
    var previous: OffsetSeq?
    /// The watermark of the next batch, milliseconds since 1970.
    var watermarkMs: Int64 = 0
    /// What a user should know.
    var warnings: [String] = []

    /// Whether the next batch was begun before.
    var isRerun: Bool { rerun != nil }

    /// The settings that hold for this query; nil for a new query and for files that pin none.
    var pinned: PinnedConfiguration? { (rerun ?? previous)?.metadata?.conf }

    /// Decides from the numbers in the logs; only the files of the newest and the last but one batch are opened.
    static func decide(
        offsetIds: [Int64], commitIds: [Int64], checkpoint: String,
        offsets: (Int64) throws -> OffsetSeq?, commit: (Int64) throws -> CommitMetadata?
    ) throws -> RecoveryPoint {
        guard let newest = offsetIds.last else {
            guard let finished = commitIds.last else { return RecoveryPoint() }
            throw ahead(finished, of: nil, checkpoint)
        }
        let finished = commitIds.last
        if let finished, finished > newest { throw ahead(finished, of: newest, checkpoint) }
        let current = try required(newest, checkpoint, offsets)
        let previous = newest > 0 ? try required(newest - 1, checkpoint, offsets) : nil
        let watermarkMs = current.metadata?.batchWatermarkMs ?? 0
        if finished == newest {
            let next = try commit(newest)?.nextBatchWatermarkMs ?? 0
            return RecoveryPoint(
                nextBatchId: newest + 1, previous: current, watermarkMs: max(watermarkMs, next))
        }
        var point = RecoveryPoint(
            nextBatchId: newest, rerun: current, previous: previous, watermarkMs: watermarkMs)
        if let finished, finished < newest - 1 {
            point.warnings.append(
                "the newest file in \(checkpoint)/commits is \(finished), not trailing \(checkpoint)/offsets/\(newest) by "
                    + "one; batch \(newest) runs again and the batches between are taken as finished")
        }
        return point
    }

    private static func required(
        _ batchId: Int64, _ checkpoint: String, _ offsets: (Int64) throws -> OffsetSeq?
    ) throws -> OffsetSeq {
        if let found = try offsets(batchId) { return found }
        throw EngineError(
            .checkpointCorrupt, "cannot recover from \(checkpoint): batch \(batchId) doesn't exist in offsets",
            hint: "restore \(checkpoint)/offsets/\(batchId) from a copy, or start over with a new checkpoint")
    }

    private static func ahead(_ finished: Int64, of newest: Int64?, _ checkpoint: String) -> EngineError {
        let found = newest.map { "the newest of \(checkpoint)/offsets is \($0)" } ?? "\(checkpoint)/offsets is empty"
        return EngineError(
            .checkpointCorrupt,
            "cannot recover from \(checkpoint): batch \(finished) is in commits, but \(found); what the finished batches "
                + "read is unknown",
            hint: "restore \(checkpoint)/offsets from a copy, or start over with a new checkpoint")
    }
}
