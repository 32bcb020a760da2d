/// The write-ahead log `offsets/N`: what batch N reads, written before it runs.
///
///     v1
///     {"batchWatermarkMs":0,"batchTimestampMs":1795428959088,"conf":{…}}
///     {"logOffset":0}            one line a source, `-` for a source without an offset
struct OffsetSeqLog: Sendable {
    private let log: MetadataLog

    /// Opens the log.
    init(directory: String, files: any CheckpointFileManager) throws {
        log = try MetadataLog(directory: directory, name: "offset log", files: files)
    }

    /// Fixes what a batch reads; throws ``EngineError/Code/checkpointInUse`` if another run did so first.
    func add(_ batchId: Int64, _ offsets: OffsetSeq) throws { try log.add(batchId, offsets.text) }

    /// What a batch reads; nil if it has no file.
    func get(_ batchId: Int64) throws -> OffsetSeq? {
        try log.read(batchId).map { try OffsetSeq($0, path: log.path(batchId)) }
    }

    /// The newest batch.
    func latest() throws -> Int64? { try log.batchIds().last }

    /// All batches that have a file, ascending.
    func batchIds() throws -> [Int64] { try log.batchIds() }

    /// The path of a batch's file.
    func path(_ batchId: Int64) -> String { log.path(batchId) }

    /// Deletes the files of all batches before one.
    func purge(below batchId: Int64) throws { try log.purge(below: batchId) }
}
