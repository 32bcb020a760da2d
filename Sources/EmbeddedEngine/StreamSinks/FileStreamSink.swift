import StructuredStreaming
import Synchronization

/// Writes each batch as files of JSON lines and lists them in `_spark_metadata`, so that a reader that goes by this log sees a
/// batch wholly or not at all, and once.
///
///     out/part-00000-<uuid>-c000.json       one file a task
///     out/_spark_metadata/N                 the files of batch N: the batch's commit
///
/// A batch that the log has is not run again. Files of an attempt that failed stay behind, unlisted.
final class FileStreamSink: StreamSink {
    let description: String
    private let path: String
    private let log: FileStreamSinkLog
    private let files: any CheckpointFileManager
    private let format: JSONOptions

    init(path: String, write: StreamingWrite, fileManager: any CheckpointFileManager) throws {
        self.path = path
        files = fileManager
        description = "FileSink[file:\(path)]"
        for option in ["partitionBy", "compression", "maxRecordsPerFile"] where write.option(option) != nil {
            throw EngineError(
                .unsupported, "the json sink does not support option '\(option)' yet", hint: "remove the option")
        }
        format = try JSONOptions(write.options)
        try files.createDirectories(path)
        log = try FileStreamSinkLog(outputDirectory: path, files: files)
    }

    func begin(batchId: Int64, schema: StructType, mode: OutputMode) throws -> (any SinkBatch)? {
        if let latest = log.latest, batchId <= latest { return nil }
        return FileBatch(directory: path, files: files, format: format) { [self] written in
            try log.add(batchId, written)
        }
    }

    /// One batch: a growing file for each task.
    private final class FileBatch: SinkBatch {
        private let directory: String
        private let files: any CheckpointFileManager
        private let writer: JSONLinesWriter
        private let onCommit: @Sendable ([SinkFileStatus]) throws -> Void
        private let parts = Mutex<[Int: PartFile]>([:])
        private let uuid = RandomUUID.text()

        init(
            directory: String, files: any CheckpointFileManager, format: JSONOptions,
            onCommit: @escaping @Sendable ([SinkFileStatus]) throws -> Void
        ) {
            self.directory = directory
            self.files = files
            writer = JSONLinesWriter(format)
            self.onCommit = onCommit
        }

        func write(_ batch: ColumnBatch, task: Int) throws {
            guard batch.rowCount > 0 else { return }
            // A task belongs to one worker, which alone writes to its part.
            let part = try parts.withLock { parts in
                if let part = parts[task] { return part }
                let part = try PartFile(path: path(task))
                parts[task] = part
                return part
            }
            try part.append(batch, writer)
        }

        func finish(task: Int) throws { try parts.withLock { $0[task] }?.close() }

        func commit() throws -> Int64? {
            let all = parts.withLock { parts in parts.keys.sorted().compactMap { parts[$0] } }
            for part in all { try part.close() }
            try files.syncFiles(all.map(\.path))
            let entries = try all.map { part in
                let status = try files.status(part.path)
                return SinkFileStatus(
                    path: FileURI.uri(of: part.path), size: part.size, modificationTime: status?.modificationTimeMs ?? 0
                )
            }
            if !all.isEmpty { try files.syncDirectories([directory]) }
            try onCommit(entries)
            return nil
        }

        func abort() {
            for part in parts.withLock({ $0.values.map { $0 } }) { part.discard() }
        }

        private func path(_ task: Int) -> String {
            let number = String(repeating: "0", count: max(0, 5 - String(task).count)) + String(task)
            return "\(directory)/part-\(number)-\(uuid)-c000.json"
        }
    }
}
