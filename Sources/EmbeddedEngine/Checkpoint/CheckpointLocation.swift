/// A query's checkpoint folder, in Spark's layout, locked for this run.
///
///     metadata               the query's id
///     offsets/N              what batch N reads, written before it runs
///     commits/N              batch N is finished
///     sources/k/             private to source number k
///     state/op/part/         state of one partition of a stateful operator
///     .streamgauge.lock      held while a run uses the folder
final class CheckpointLocation: Sendable {
    /// The folder's absolute path.
    let path: String
    /// The query's id.
    let metadata: StreamMetadata
    /// The write-ahead log.
    let offsetLog: OffsetSeqLog
    /// The completion log.
    let commitLog: CommitLog
    /// Every file of the checkpoint is read and written through this.
    let files: any CheckpointFileManager
    private let lock: CheckpointLock

    /// Opens a checkpoint, or makes a new one with a new query id where there is none.
    ///
    /// - Parameter location: a path or a `file:` URI; relative paths start at the working directory.
    init(_ location: String, files: any CheckpointFileManager = LocalFileManager()) throws {
        path = try CheckpointPath.absolute(location)
        self.files = files
        try CheckpointLocation.makeFolder(path, files)
        lock = try CheckpointLock(checkpoint: path)
        metadata = try CheckpointLocation.loadMetadata(path, files)
        offsetLog = try OffsetSeqLog(directory: path + "/offsets", files: files)
        commitLog = try CommitLog(directory: path + "/commits", files: files)
    }

    /// Lets the next run in. The location must not be used after that.
    func close() { lock.release() }

    /// The folder of a source, by its number in the plan.
    func sourceDirectory(_ source: Int) -> String { "\(path)/sources/\(source)" }

    /// The folder of all operators' state.
    var stateDirectory: String { path + "/state" }

    /// Decides where the query goes on; refuses a checkpoint that cannot be continued, before anything is run.
    func recover() throws -> RecoveryPoint {
        let point = try RecoveryPoint.decide(
            offsetIds: try offsetLog.batchIds(), commitIds: try commitLog.batchIds(), checkpoint: path,
            offsets: { try offsetLog.get($0) }, commit: { try commitLog.get($0) })
        if point.nextBatchId == 0, !point.isRerun, let leftover = try firstStateFile() {
            throw EngineError(
                .checkpointCorrupt,
                "cannot start a new query in \(path): STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY, there is state "
                    + "(\(leftover)) but no offsets",
                hint: "restore \(path)/offsets from a copy, or start over with a new checkpoint")
        }
        // A query without state pins these settings too, and may go on whatever they are.
        if try !files.list(stateDirectory).isEmpty { try point.pinned?.requireReadableState(path: path) }
        return point
    }

    /// Deletes the offsets and commits that are no longer needed once batch `batchId` has its offsets.
    func purge(current batchId: Int64, minBatchesToRetain: Int64) throws {
        let oldest = batchId - minBatchesToRetain
        guard oldest > 0 else { return }
        try offsetLog.purge(below: oldest)
        try commitLog.purge(below: oldest)
    }

    private static func makeFolder(_ path: String, _ files: any CheckpointFileManager) throws {
        do {
            try files.createDirectories(path)
        } catch let error as EngineError {
            throw EngineError(
                error.code, "cannot use \(path) as a checkpoint: \(error.message)", hint: error.hint, cause: error)
        }
    }

    private static func loadMetadata(_ path: String, _ files: any CheckpointFileManager) throws -> StreamMetadata {
        let file = path + "/metadata"
        if try files.exists(file) { return try StreamMetadata(try files.read(file), path: file) }
        // Spark makes a new id here and goes on with the old offsets: whoever follows the query by its id loses it.
        let hasBatches = try files.list(path + "/offsets").contains { CheckpointPath.number($0) != nil }
        guard !hasBatches else {
            throw EngineError(
                .checkpointCorrupt,
                "cannot recover from \(path): it has offsets, but the file metadata with the query's id "
                    + "is missing",
                hint:
                    "restore \(file) from a copy, or write {\"id\":\"\(RandomUUID.text())\"} into it to go on under a new id"
            )
        }
        let metadata = StreamMetadata()
        do {
            try files.createAtomic(file, Array(metadata.text.utf8), .failIfExists)
        } catch is AlreadyExists {
            throw MetadataLog.concurrentUpdate(0, file)
        }
        return metadata
    }

    /// A state file of any version, if there is one; `state/op/part[/store]/N.kind`.
    private func firstStateFile() throws -> String? { try firstStateFile(in: stateDirectory, depth: 0) }

    private func firstStateFile(in directory: String, depth: Int) throws -> String? {
        for name in try files.list(directory).sorted() where !name.hasPrefix("_") && !name.hasPrefix(".") {
            let entry = directory + "/" + name
            if try files.status(entry)?.isDirectory == true {
                if depth < 3, let found = try firstStateFile(in: entry, depth: depth + 1) { return found }
            } else if depth >= 2, name.split(separator: ".").first.flatMap(CheckpointPath.number) != nil {
                return entry
            }
        }
        return nil
    }
}
