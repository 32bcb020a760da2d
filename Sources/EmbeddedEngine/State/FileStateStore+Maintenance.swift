extension FileStateStore {
    /// Writes snapshots of the present version where many deltas have gathered, and deletes the files that no version to retain
    /// needs. To be called between batches, also when the query is idle; most calls touch no file.
    ///
    /// The query waits meanwhile, so the stores take turns (``snapshotDelay``), and the waits for the disk overlap.
    ///
    /// - Parameter bytesTogether: Snapshots of so many bytes are held in memory and written together.
    static func maintain(_ stores: [FileStateStore], timestampMs: Int64, bytesTogether: Int = 8 << 20) throws {
        var due: [FileStateStore] = []
        var snapshots: [AtomicFile] = []
        var bytes = 0
        func write() throws {
            guard let files = due.first?.files else { return }
            try files.createAtomic(snapshots, .overwrite)
            for store in due { store.finishSnapshot() }
            (due, snapshots, bytes) = ([], [], 0)
        }
        for store in stores where store.isSnapshotDue {
            let files = store.prepareSnapshot(timestampMs: timestampMs)
            due.append(store)
            snapshots += files
            bytes += files.reduce(0) { $0 + $1.bytes.count }
            if bytes >= bytesTogether { try write() }
        }
        try write()
        for store in stores { try store.deleteOldFiles() }
    }

    private var isSnapshotDue: Bool {
        guard let version, !table.hasChanges else { return false }
        guard let last = snapshots.last else { return version > settings.minDeltasForSnapshot + snapshotDelay }
        return version - last > settings.minDeltasForSnapshot
    }

    private func prepareSnapshot(timestampMs: Int64) -> [AtomicFile] {
        guard let version else { return [] }
        return atomicFiles(path(version, .snapshot), StateFileFormat.snapshot(table), timestampMs)
    }

    private func finishSnapshot() {
        if let version { snapshots.append(version) }
    }

    /// The oldest version to retain is rebuilt from the newest snapshot up to it; what lies before that can go.
    private func deleteOldFiles() throws {
        guard let version, !table.hasChanges else { return }
        let oldest = version - settings.minBatchesToRetain
        guard oldest > 0, let kept = snapshots.last(where: { $0 <= oldest }), kept > deletedBelow else { return }
        for name in try files.list(directory) {
            let main = name.hasSuffix(".crc") && !name.hasPrefix(".") ? String(name.dropLast(4)) : name
            if let file = StateFileName(main), file.version < kept {
                try files.deleteWithSidecar("\(directory)/\(name)")
            }
        }
        snapshots.removeAll { $0 < kept }
        deletedBelow = kept
    }
}
