/// A folder with one file a batch, named by the batch's number, each created once and never changed.
///
/// Creating file N is what decides who runs batch N: the second writer fails. A name counts only if all of it is a decimal
/// number, so temporary files of a crash and files of users do no harm.
struct MetadataLog: Sendable {
    /// The folder.
    let directory: String
    /// What the log is called in errors: "offset log", "commit log".
    let name: String
    let files: any CheckpointFileManager

    /// Opens the log and makes its folder if it is missing.
    init(directory: String, name: String, files: any CheckpointFileManager) throws {
        self.directory = directory
        self.name = name
        self.files = files
        try files.createDirectories(directory)
    }

    /// The path of a batch's file.
    func path(_ batchId: Int64) -> String { "\(directory)/\(batchId)" }

    /// The batches that have a file, ascending.
    func batchIds() throws -> [Int64] { try files.list(directory).compactMap(CheckpointPath.number).sorted() }

    /// Creates a batch's file; throws ``EngineError/Code/checkpointInUse`` if it exists.
    func add(_ batchId: Int64, _ text: String) throws {
        do {
            try files.createAtomic(path(batchId), Array(text.utf8), .failIfExists)
        } catch is AlreadyExists {
            throw MetadataLog.concurrentUpdate(batchId, path(batchId))
        }
    }

    /// A batch's file; nil if there is none.
    func read(_ batchId: Int64) throws -> [UInt8]? {
        try files.exists(path(batchId)) ? files.read(path(batchId)) : nil
    }

    /// Deletes the files of all batches before one.
    func purge(below batchId: Int64) throws {
        for old in try batchIds() where old < batchId { try files.deleteWithSidecar(path(old)) }
    }

    /// The error of the writer that came second.
    static func concurrentUpdate(_ batchId: Int64, _ path: String) -> EngineError {
        EngineError(
            .checkpointInUse,
            "cannot create \(path): Concurrent update to the log. Multiple streaming jobs detected for \(batchId).",
            hint: "please make sure only one streaming job runs on a specific checkpoint location at a time")
    }
}
