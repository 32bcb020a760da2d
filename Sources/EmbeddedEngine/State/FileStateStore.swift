/// The state of one partition of one operator, held in memory and kept in files as Spark's default provider does.
///
/// Batch N works on version N and makes version N + 1:
///
///     try store.load(version: N)              in memory after the batch before, else newest snapshot and the deltas after it
///     store.withTable { table in … }
///     try store.commit(timestampMs: …)        writes (N + 1).delta
///     try FileStateStore.maintain([store]…)   now and then a snapshot; deletes what no retained version needs
///
/// Changes that were not committed are never seen again: loading throws them away.
///
/// `@unchecked Sendable`: a store is used by one thread at a time, that of the batch which its query is running.
final class FileStateStore: @unchecked Sendable {
    /// The folder, `state/<operator>/<partition>`, with the store's name below it unless that is `default`.
    let directory: String
    let files: any CheckpointFileManager
    let settings: StateStoreSettings
    /// How many deltas more the first snapshot waits for, so that the snapshots of many stores do not all come at once.
    let snapshotDelay: Int64
    private let keyLayout: RowLayout
    private let valueLayout: RowLayout
    var table = StateTable()
    /// The version in memory; nil before the first load and after a failure.
    var version: Int64?
    /// Versions that have a snapshot, ascending, as far as known from the last load.
    var snapshots: [Int64] = []
    /// Everything below this version has been deleted.
    var deletedBelow: Int64 = 0
    private var cacheHits: Int64 = 0
    private var cacheMisses: Int64 = 0

    /// Creates a store; nothing is read before ``load(version:)``.
    init(
        directory: String, schema: StateSchema, files: any CheckpointFileManager,
        settings: StateStoreSettings = StateStoreSettings(), snapshotDelay: Int64 = 0
    ) throws {
        self.directory = directory
        self.files = files
        self.settings = settings
        self.snapshotDelay = snapshotDelay
        keyLayout = try RowLayout(schema.key)
        valueLayout = try RowLayout(schema.value)
    }

    /// What to report; counts since the store was made.
    var metrics: StateStoreMetrics {
        StateStoreMetrics(
            numKeys: Int64(table.count), memoryUsedBytes: Int64(table.memoryUsedBytes),
            loadedMapCacheHitCount: cacheHits,
            loadedMapCacheMissCount: cacheMisses, stateOnCurrentVersionSizeBytes: Int64(table.contentBytes))
    }

    /// Works on the pairs of the loaded version.
    func withTable<Result>(_ body: (inout StateTable) throws -> Result) rethrows -> Result {
        precondition(version != nil, "a state store must be loaded before it is used")
        return try body(&table)
    }

    /// Makes a version the present one; version 0 is empty.
    func load(version wanted: Int64) throws {
        if version == wanted, !table.hasChanges {
            cacheHits += 1
            return
        }
        cacheMisses += 1
        version = nil
        table = StateTable()
        let names = wanted == 0 ? [] : try files.list(directory)
        snapshots = names.compactMap { StateFileName($0) }.filter { $0.kind == .snapshot }.map(\.version).sorted()
        let start = snapshots.last { $0 <= wanted }
        if let start { try apply(path(start, .snapshot)) }
        var next = (start ?? 0) + 1
        while next <= wanted {
            try requireDelta(next, names)
            try apply(path(next, .delta))
            next += 1
        }
        table.finishChanges()
        version = wanted
    }

    /// Writes the changes as the next version and returns its number.
    func commit(timestampMs: Int64) throws -> Int64 {
        try files.createDirectories(directory)
        try files.createAtomic(try prepareCommit(timestampMs: timestampMs), .overwrite)
        return finishCommit()
    }

    /// The files of the next version, not written yet; ``finishCommit()`` must follow when they are.
    func prepareCommit(timestampMs: Int64) throws -> [AtomicFile] {
        guard let version else { preconditionFailure("a state store must be loaded before it is committed") }
        // An earlier attempt's checksum would refuse what is written now.
        if !settings.fileChecksum { try files.delete(path(version + 1, .delta) + ".crc") }
        return atomicFiles(path(version + 1, .delta), StateFileFormat.delta(table), timestampMs)
    }

    /// Makes the version written the present one and returns its number.
    func finishCommit() -> Int64 {
        guard let version else { preconditionFailure("a state store must be loaded before it is committed") }
        table.finishChanges()
        self.version = version + 1
        return version + 1
    }

    /// Throws away what was not committed; the next load reads the files.
    func abort() {
        guard table.hasChanges else { return }
        table = StateTable()
        version = nil
    }

    // MARK: Files

    func path(_ version: Int64, _ kind: StateFileName.Kind) -> String { "\(directory)/\(version).\(kind.rawValue)" }

    /// A state file and its checksum, in the order in which they must appear.
    func atomicFiles(_ path: String, _ bytes: [UInt8], _ timestampMs: Int64) -> [AtomicFile] {
        let file = AtomicFile(path: path, bytes: bytes)
        guard settings.fileChecksum else { return [file] }
        let checksum = StateFileChecksum(of: bytes).text(timestampMs: timestampMs)
        return [file, AtomicFile(path: path + ".crc", bytes: Array(checksum.utf8))]
    }

    private func requireDelta(_ version: Int64, _ names: [String]) throws {
        let name = "\(version).\(StateFileName.Kind.delta.rawValue)"
        guard !names.contains(name) else { return }
        let foreign = names.first { $0.hasSuffix(".zip") || $0.hasSuffix(".changelog") }
        if let foreign {
            throw EngineError(
                .stateUnreadable,
                "cannot read \(directory)/\(foreign): state written by the RocksDB provider cannot be read",
                hint: "go on with the engine that made it, or start over with a new checkpoint")
        }
        throw EngineError(
            .stateUnreadable,
            "CANNOT_READ_DELTA_FILE_NOT_EXISTS: cannot read the delta file \(directory)/\(name): it does not exist",
            hint: "restore it from a copy, or start over with a new checkpoint; without it the counts would be wrong")
    }

    private func apply(_ path: String) throws {
        let bytes = try files.read(path)
        do {
            let checksumPath = path + ".crc"
            if settings.fileChecksum, try files.exists(checksumPath) {
                let wanted = try StateFileChecksum(reading: try files.read(checksumPath), path: checksumPath)
                guard wanted == StateFileChecksum(of: bytes) else {
                    throw StateFileFormat.Damage(reason: "it does not match its checksum in \(checksumPath)")
                }
            }
            try StateFileFormat.apply(bytes, to: &table, key: keyLayout, value: valueLayout)
        } catch let damage as StateFileFormat.Damage {
            throw EngineError(
                .stateUnreadable, "cannot load the state file \(path): \(damage.reason)",
                hint: "restore the file from a copy, or start over with a new checkpoint")
        }
    }
}

/// `12.delta` or `12.snapshot`.
struct StateFileName: Sendable, Hashable {
    enum Kind: String, Sendable { case delta, snapshot }

    /// The version.
    var version: Int64
    /// Changes or everything.
    var kind: Kind

    /// Reads a file's name; nil for any other file.
    init?(_ name: String) {
        guard let dot = name.firstIndex(of: "."), let version = CheckpointPath.number(name[..<dot]),
            let kind = Kind(rawValue: String(name[name.index(after: dot)...]))
        else { return nil }
        self.version = version
        self.kind = kind
    }
}
