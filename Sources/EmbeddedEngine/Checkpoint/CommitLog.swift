import StreamingMetrics

/// What is noted when a batch is finished.
struct CommitMetadata: Sendable, Hashable {
    /// The watermark to use for the next batch, milliseconds since 1970.
    var nextBatchWatermarkMs: Int64 = 0
    /// Members this engine does not know.
    var unknownMembers: [JSONValue.Member] = []
}

/// The completion log `commits/N`: batch N is finished, written after the sink took it.
///
///     v1
///     {"nextBatchWatermarkMs":1704067050000}
struct CommitLog: Sendable {
    private let log: MetadataLog

    /// Opens the log.
    init(directory: String, files: any CheckpointFileManager) throws {
        log = try MetadataLog(directory: directory, name: "commit log", files: files)
    }

    /// Notes a batch as finished; throws ``EngineError/Code/checkpointInUse`` if another run did so first.
    func add(_ batchId: Int64, _ metadata: CommitMetadata) throws {
        let members = [JSONValue.Member("nextBatchWatermarkMs", .integer(metadata.nextBatchWatermarkMs))]
        try log.add(batchId, "v1\n" + JSONValue.object(members + metadata.unknownMembers).jsonText)
    }

    /// What was noted for a batch; nil if it is not finished.
    func get(_ batchId: Int64) throws -> CommitMetadata? {
        guard let bytes = try log.read(batchId) else { return nil }
        let path = log.path(batchId)
        let text = try LogText(
            bytes, path: path,
            repair: "restore the file from a copy; or delete it and the batch runs again, which a sink may show twice",
            exactly: true)
        var metadata = CommitMetadata()
        // "v1" alone means what {} means.
        guard let line = text.lines.first, !line.isEmpty else { return metadata }
        for member in try text.object(0) {
            if member.key == "nextBatchWatermarkMs" {
                metadata.nextBatchWatermarkMs = try text.milliseconds(0, member)
            } else {
                metadata.unknownMembers.append(member)
            }
        }
        return metadata
    }

    /// The newest finished batch.
    func latest() throws -> Int64? { try log.batchIds().last }

    /// All batches that have a file, ascending.
    func batchIds() throws -> [Int64] { try log.batchIds() }

    /// The path of a batch's file.
    func path(_ batchId: Int64) -> String { log.path(batchId) }

    /// Deletes the files of all batches before one.
    func purge(below batchId: Int64) throws { try log.purge(below: batchId) }
}
