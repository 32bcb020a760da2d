public import FoundationEssentials
public import Monitoring
import StreamingMetrics

/// Names one batch of a query.
public struct BatchKey: Sendable, Hashable, Codable {
    /// Identity of the run.
    public var runId: UUID
    /// The batch's number.
    public var batchId: Int64
    /// When its trigger started, by its own words; nil where that cannot be read.
    public var time: MonitorTime?
}

/// A progress' text as it is kept.
struct KeptBatch: Sendable {
    let key: BatchKey
    /// Whether rows were read. A trigger that found nothing carries the number of the batch to come.
    let hasRows: Bool
    let text: [UInt8]

    /// Nil for an event that is no numbered progress.
    init?(_ event: StreamingQueryEvent) {
        guard case .progress(let event) = event, let batchId = event.progress.batchId else { return nil }
        let progress = event.progress
        let time = progress.timestamp.millisecondsSinceEpoch.map { MonitorTime(millisecondsSinceEpoch: $0) }
        key = BatchKey(runId: progress.runId, batchId: batchId, time: time)
        hasRows = progress.numInputRows > 0 || progress.durationMs["addBatch"] != nil
        var bytes: [UInt8] = []
        MetricsCodec.encode(progress, into: &bytes)
        // What it was written into has room for more, which would be kept with it.
        text = bytes.withUnsafeBufferPointer { bytes in
            Array(unsafeUninitializedCapacity: bytes.count) { $1 = $0.initialize(fromContentsOf: bytes) }
        }
    }

    /// Bytes that it is counted for: the text, and what an array and an entry cost beside it.
    var cost: Int { text.count + 128 }
}

/// The last progress texts of one query, the oldest first.
struct BatchShelf: Sendable {
    private var batches: [KeptBatch] = []
    private(set) var byteCount = 0

    /// Adds one in the place of the same batch's, or as the newest, and drops what is too much.
    ///
    /// - Returns: By how much the bytes have changed.
    mutating func add(_ batch: KeptBatch, maximumCount: Int, maximumBytes: Int) -> Int {
        let before = byteCount
        if let place = place(of: batch.key.runId, batch.key.batchId) {
            if batches[place].hasRows, !batch.hasRows { return 0 }
            byteCount += batch.cost - batches[place].cost
            batches[place] = batch
        } else {
            batches.append(batch)
            byteCount += batch.cost
        }
        _ = trim(maximumCount: maximumCount, maximumBytes: maximumBytes)
        return byteCount - before
    }

    /// Drops the oldest until no more than so many are left, and so many bytes.
    ///
    /// - Returns: By how much the bytes have changed.
    mutating func trim(maximumCount: Int, maximumBytes: Int) -> Int {
        let before = byteCount
        var dropped = 0
        while dropped < batches.count, batches.count - dropped > maximumCount || byteCount > maximumBytes {
            byteCount -= batches[dropped].cost
            dropped += 1
        }
        if dropped > 0 { batches.removeFirst(dropped) }
        return byteCount - before
    }

    /// The newest first.
    func keys(limit: Int) -> [BatchKey] { batches.suffix(max(0, limit)).reversed().map(\.key) }

    func text(of runId: UUID, _ batchId: Int64) -> [UInt8]? { place(of: runId, batchId).map { batches[$0].text } }

    private func place(of runId: UUID, _ batchId: Int64) -> Int? {
        batches.lastIndex { $0.key.batchId == batchId && $0.key.runId == runId }
    }
}
