/// The state stores of all partitions of one stateful operator.
///
///     let provider = try StateStoreProvider(stateDirectory: …, operatorId: 0, numPartitions: 2, schema: …, files: …)
///     try provider.load(version: batchId)
///     provider[partition].withTable { table in … }
///     try provider.commit(timestampMs: batchTimestampMs)
///     try provider.maintain(timestampMs: batchTimestampMs)
final class StateStoreProvider: Sendable {
    /// The stores by partition.
    let stores: [FileStateStore]
    private let files: any CheckpointFileManager

    /// Makes the stores, checks the schema against that of the state on disk, and writes its file where there is none.
    ///
    /// - Parameter storeName: one of several stores of an operator (joins); `default` has no folder of its own.
    init(
        stateDirectory: String, operatorId: Int64, storeName: String = "default", numPartitions: Int,
        schema: StateSchema, files: any CheckpointFileManager, settings: StateStoreSettings = StateStoreSettings()
    ) throws {
        self.files = files
        let suffix = storeName == "default" ? "" : "/\(storeName)"
        // In each of so many batches another part of the stores writes its snapshots.
        let turns = max(1, settings.minDeltasForSnapshot + 1)
        stores = try (0..<numPartitions).map { partition in
            try FileStateStore(
                directory: "\(stateDirectory)/\(operatorId)/\(partition)\(suffix)", schema: schema, files: files,
                settings: settings, snapshotDelay: Int64(partition) % turns)
        }
        // Partition 0 keeps the schema for all.
        try StateStoreProvider.checkSchema(
            schema, path: "\(stateDirectory)/\(operatorId)/0/_metadata/schema", storeName: storeName, files: files)
        for store in stores { try files.createDirectories(store.directory) }
    }

    /// The store of a partition.
    subscript(partition: Int) -> FileStateStore { stores[partition] }

    /// Loads a version, the number of the batch about to run, in every partition.
    func load(version: Int64) throws { for store in stores { try store.load(version: version) } }

    /// Writes the next version of every partition; the waits for the disk overlap.
    ///
    /// - Returns: the new version.
    @discardableResult
    func commit(timestampMs: Int64) throws -> Int64 {
        try files.createAtomic(try stores.flatMap { try $0.prepareCommit(timestampMs: timestampMs) }, .overwrite)
        return stores.map { $0.finishCommit() }.max() ?? 0
    }

    /// Throws away what was not committed.
    func abort() { for store in stores { store.abort() } }

    /// Writes snapshots and deletes old files where it is time.
    func maintain(timestampMs: Int64) throws { try FileStateStore.maintain(stores, timestampMs: timestampMs) }

    /// The sum over all partitions.
    var metrics: StateStoreMetrics { stores.reduce(StateStoreMetrics()) { $0 + $1.metrics } }

    private static func checkSchema(
        _ schema: StateSchema, path: String, storeName: String, files: any CheckpointFileManager
    ) throws {
        let path =
            storeName == "default"
            ? path : CheckpointPath.directory(of: CheckpointPath.directory(of: path)) + "/\(storeName)/_metadata/schema"
        if try files.exists(path) {
            return try StateSchema(try files.read(path), path: path).requireCompatible(with: schema, path: path)
        }
        try files.createDirectories(CheckpointPath.directory(of: path))
        do {
            try files.createAtomic(path, schema.fileBytes, .failIfExists)
        } catch is AlreadyExists {
            throw MetadataLog.concurrentUpdate(0, path)
        }
    }
}
