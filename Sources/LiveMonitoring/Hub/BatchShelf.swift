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

    /// Names a batch.
    public init(runId: UUID, batchId: Int64, time: MonitorTime?) {
        self.runId = runId
        self.batchId = batchId
        self.time = time
    }
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
}

/// The last progress texts of one query, the oldest first.
///
/// They are nearly the same, so each is kept as what differs from an earlier one, its model (``TextPacking``): of 1.6 KB with a Kafka
/// source's offsets some 250 bytes are left. Every ``batchesPerModel`` batches, or when a text is no longer like its model, the text is
/// the model of those to come; not where it is so large that two models would leave no room for batches.
///
///     models   [ text 7 (2 users) | text 8 (31 users) ]
///     batches  [ like 7 | like 7 | like 8 | like 8 | … ]
struct BatchShelf: Sendable {
    private struct Model: Sendable {
        var number: UInt32
        var text: [UInt8]
        /// Batches that are kept by it.
        var users = 0
        /// Batches that were ever made by it.
        var made = 0

        var cost: Int { text.count + BatchShelf.overhead }
    }

    private struct Batch: Sendable {
        var key: BatchKey
        var hasRows: Bool
        var model: UInt32
        /// Bytes of the text; nothing is packed of one that is the model itself.
        var count: Int32
        var packed: [UInt8]

        var cost: Int { packed.count + BatchShelf.overhead }
    }

    /// What an array and an entry cost beside their bytes.
    private static let overhead = 112
    private static let batchesPerModel = 32

    private var batches: [Batch] = []
    private var models: [Model] = []
    private var nextModel: UInt32 = 0
    /// Bytes that it is counted for.
    private(set) var byteCount = 0

    /// How many batches there are.
    var count: Int { batches.count }

    /// Adds one in the place of the same batch's, or as the newest, and drops what is too much. The newest batch stays however large it is.
    ///
    /// - Returns: By how much the bytes have changed.
    mutating func add(_ batch: KeptBatch, maximumCount: Int, maximumBytes: Int) -> Int {
        let before = byteCount
        if let place = place(of: batch.key.runId, batch.key.batchId) {
            if batches[place].hasRows, !batch.hasRows { return 0 }
            let old = batches[place]
            batches[place] = packed(batch, maximumBytes)
            forget(old)
        } else {
            batches.append(packed(batch, maximumBytes))
        }
        _ = trim(maximumCount: maximumCount, maximumBytes: maximumBytes)
        return byteCount - before
    }

    /// Drops the oldest until no more than so many are left, and so many bytes or one batch.
    ///
    /// - Returns: By how much the bytes have changed.
    mutating func trim(maximumCount: Int, maximumBytes: Int) -> Int {
        let before = byteCount
        var dropped = 0
        while case let left = batches.count - dropped, left > maximumCount || (left > 1 && byteCount > maximumBytes) {
            forget(batches[dropped])
            dropped += 1
        }
        if dropped > 0 { batches.removeFirst(dropped) }
        return byteCount - before
    }

    /// The newest first.
    func keys(limit: Int) -> [BatchKey] { batches.suffix(max(0, limit)).reversed().map(\.key) }

    func text(of runId: UUID, _ batchId: Int64) -> [UInt8]? {
        guard let batch = place(of: runId, batchId).map({ batches[$0] }),
            let model = models.first(where: { $0.number == batch.model })
        else { return nil }
        if batch.packed.isEmpty { return model.text }
        return TextPacking.unpack(batch.packed, count: Int(batch.count), like: model.text)
    }

    private func place(of runId: UUID, _ batchId: Int64) -> Int? {
        batches.lastIndex { $0.key.batchId == batchId && $0.key.runId == runId }
    }

    // MARK: Packing

    /// Packs a text by the newest model, or makes it the next one.
    private mutating func packed(_ batch: KeptBatch, _ maximumBytes: Int) -> Batch {
        let isLarge = batch.text.count > maximumBytes / 4
        var entry = Batch(
            key: batch.key, hasRows: batch.hasRows, model: 0, count: Int32(clamping: batch.text.count), packed: [])
        if let model = models.last, isLarge || model.made < Self.batchesPerModel,
            let bytes = TextPacking.pack(batch.text, like: model.text), isLarge || bytes.count <= batch.text.count / 2
        {
            entry.model = model.number
            entry.packed = bytes
        } else {
            models.append(Model(number: nextModel, text: batch.text))
            byteCount += models[models.count - 1].cost
            entry.model = nextModel
            nextModel &+= 1
        }
        models[models.count - 1].users += 1
        models[models.count - 1].made += 1
        byteCount += entry.cost
        return entry
    }

    /// Takes a batch out of the account, and its model when that was the last to need it.
    private mutating func forget(_ batch: Batch) {
        byteCount -= batch.cost
        guard let place = models.firstIndex(where: { $0.number == batch.model }) else { return }
        models[place].users -= 1
        guard models[place].users == 0 else { return }
        byteCount -= models[place].cost
        models.remove(at: place)
    }
}
