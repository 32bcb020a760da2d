extension FileStateStore {
    /// Writes a snapshot of the present version if many deltas have gathered, and deletes the files that no version to
    /// retain needs. To be called between batches, also when the query is idle; most calls touch no file.
    func maintain(timestampMs: Int64) throws {
        guard let version, !table.hasChanges else { return }
        if version - (snapshots.last ?? 0) > settings.minDeltasForSnapshot {
            try files.createAtomic(
                atomicFiles(path(version, .snapshot), StateFileFormat.snapshot(table), timestampMs), .overwrite)
            snapshots.append(version)
        }
        try deleteOldFiles(newest: version)
    }

    /// The oldest version to retain is rebuilt from the newest snapshot up to it; what lies before that can go.
    private func deleteOldFiles(newest: Int64) throws {
        let oldest = newest - settings.minBatchesToRetain
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
