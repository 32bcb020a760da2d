import Synchronization

/// A sink's batch that keeps its rows in memory, in the order of the tasks, and hands them over at the commit.
final class CollectedBatch: SinkBatch {
    private let parts = Mutex<[Int: [ColumnBatch]]>([:])
    private let onCommit: @Sendable ([ColumnBatch]) throws -> Int64?

    init(onCommit: @escaping @Sendable ([ColumnBatch]) throws -> Int64?) { self.onCommit = onCommit }

    func write(_ batch: ColumnBatch, task: Int) throws {
        guard batch.rowCount > 0 else { return }
        parts.withLock { $0[task, default: []].append(batch) }
    }

    func commit() throws -> Int64? {
        let parts = parts.withLock { $0 }
        return try onCommit(parts.keys.sorted().flatMap { parts[$0] ?? [] })
    }

    func abort() { parts.withLock { $0.removeAll() } }
}
