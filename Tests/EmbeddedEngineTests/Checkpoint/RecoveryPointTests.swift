import Testing

@testable import EmbeddedEngine

/// One test a row of the recovery table.
@Suite struct RecoveryPointTests {
    private func decide(offsets: [Int64], commits: [Int64]) throws -> RecoveryPoint {
        try RecoveryPoint.decide(
            offsetIds: offsets, commitIds: commits, checkpoint: "/c",
            offsets: { offsets.contains($0) ? self.offsetSeq($0) : nil },
            commit: { commits.contains($0) ? CommitMetadata(nextBatchWatermarkMs: $0 * 100 + 50) : nil })
    }

    private func offsetSeq(_ batch: Int64) -> OffsetSeq {
        OffsetSeq(
            metadata: OffsetSeqMetadata(batchWatermarkMs: batch * 100, batchTimestampMs: batch),
            offsets: ["{\"logOffset\":\(batch)}"])
    }

    @Test func `an empty checkpoint starts with batch 0`() throws {
        #expect(try decide(offsets: [], commits: []) == RecoveryPoint())
    }

    @Test func `after a finished batch the next one is planned from its end`() throws {
        let point = try decide(offsets: [0, 1, 2], commits: [0, 1, 2])
        #expect(point.nextBatchId == 3)
        #expect(point.rerun == nil)
        #expect(point.previous == offsetSeq(2))
        #expect(point.watermarkMs == 250)
    }

    @Test func `the watermark of a finished batch never goes back`() throws {
        let point = try RecoveryPoint.decide(
            offsetIds: [0], commitIds: [0], checkpoint: "/c",
            offsets: { _ in OffsetSeq(metadata: OffsetSeqMetadata(batchWatermarkMs: 900), offsets: []) },
            commit: { _ in CommitMetadata(nextBatchWatermarkMs: 0) })
        #expect(point.watermarkMs == 900)
    }

    @Test func `a batch without its commit runs again with exactly its offsets, time and watermark`() throws {
        let point = try decide(offsets: [0, 1, 2], commits: [0, 1])
        #expect(point.nextBatchId == 2)
        #expect(point.rerun == offsetSeq(2))
        #expect(point.previous == offsetSeq(1))
        #expect(point.watermarkMs == 200)
        #expect(point.warnings.isEmpty)
    }

    @Test func `without any commit only the newest batch runs again`() throws {
        let point = try decide(offsets: [0, 1, 2], commits: [])
        #expect(point.nextBatchId == 2)
        #expect(point.isRerun)
        let first = try decide(offsets: [0], commits: [])
        #expect(first.nextBatchId == 0)
        #expect(first.isRerun)
        #expect(first.previous == nil)
    }

    @Test func `commits that trail by more than one are trusted with a warning`() throws {
        let point = try decide(offsets: [0, 1, 2, 3], commits: [0])
        #expect(point.nextBatchId == 3)
        #expect(point.isRerun)
        #expect(point.warnings.count == 1)
        #expect(point.warnings.first?.contains("not trailing") == true)
    }

    @Test(arguments: [([Int64](), [Int64(0)]), ([0, 1], [0, 1, 2])])
    func `commits ahead of the offsets are refused`(_ offsets: [Int64], _ commits: [Int64]) {
        let error = engineError { _ = try decide(offsets: offsets, commits: commits) }
        #expect(error?.code == .checkpointCorrupt)
        #expect(error?.message.contains("is in commits, but") == true)
        #expect(error?.hint?.contains("restore /c/offsets") == true)
    }

    @Test func `a hole right before the newest batch is refused, an older one does not matter`() throws {
        let error = engineError { _ = try decide(offsets: [0, 2], commits: [0, 2]) }
        #expect(error?.code == .checkpointCorrupt)
        #expect(error?.message.contains("batch 1 doesn't exist") == true)
        #expect(try decide(offsets: [0, 2, 3], commits: [3]).nextBatchId == 4)
    }
}
