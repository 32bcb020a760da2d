import StreamingMetrics
import StructuredStreaming
import Synchronization

/// Keeps the result table in one file of JSON lines, which is replaced as a whole, atomically, with each batch.
///
/// Complete mode writes the table that it is given. Update mode keeps the last row of each key: the columns whose
/// positions the option `keyPositions` lists with commas, from 0; none when the table has one row. A batch that runs again
/// gives the same file. Batch 0 begins anew, whatever the file holds; a later batch goes on from it, so that the file
/// stays right over restarts.
final class ResultFileSink: StreamSink {
    let description: String
    private let path: String
    private let keyPositions: [Int]
    private let fileManager: any CheckpointFileManager
    private let writer = JSONLinesWriter()
    private let table = Mutex<Table?>(nil)

    /// Rows as JSON text in the order of their keys' first appearance.
    private struct Table {
        var lines: [String] = []
        var positions: [String: Int] = [:]

        mutating func set(_ key: String, _ line: String) {
            if let position = positions[key] {
                lines[position] = line
            } else {
                positions[key] = lines.count
                lines.append(line)
            }
        }
    }

    init(path: String, write: StreamingWrite, fileManager: any CheckpointFileManager) throws {
        guard write.outputMode != .append else {
            throw AnalysisError(
                "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE",
                "Invalid streaming output mode: append. Data source result does not support this output mode.",
                hint: "a result file holds the whole table: use complete or update mode, or the json sink")
        }
        let positions = write.option("keyPositions")?.split(separator: ",").map { Int($0) ?? -1 }
        if write.outputMode == .update, positions?.contains(where: { $0 < 0 }) ?? true {
            throw EngineError(
                .illegalArgument, "the result sink has no keyPositions, which update mode needs",
                hint: "list the columns that tell a row of the result, such as option(\"keyPositions\", \"0,1\")")
        }
        keyPositions = positions ?? []
        self.path = path
        self.fileManager = fileManager
        description = "ResultFile[\(path)]"
    }

    func begin(batchId: Int64, schema: StructType, mode: OutputMode) throws -> (any SinkBatch)? {
        CollectedBatch { [self] batches in
            var bytes: [UInt8] = []
            for batch in batches { writer.append(batch, to: &bytes) }
            if mode == .update {
                bytes = try merged(bytes, keys: keyPositions.map { schema.names[$0] }, batchId: batchId)
            }
            try fileManager.createDirectories(CheckpointPath.directory(of: path))
            try fileManager.createAtomic(path, bytes, .overwrite)
            return batches.reduce(0) { $0 + Int64($1.rowCount) }
        }
    }

    /// The whole table after these rows.
    private func merged(_ rows: [UInt8], keys: [String], batchId: Int64) throws -> [UInt8] {
        try table.withLock { kept in
            var table = try kept ?? loaded(keys: keys, batchId: batchId)
            for line in Self.lines(rows) { table.set(try key(of: line, keys), line) }
            kept = table
            var bytes: [UInt8] = []
            for line in table.lines {
                bytes += line.utf8
                bytes.append(UInt8(ascii: "\n"))
            }
            return bytes
        }
    }

    /// The table as earlier runs left it.
    private func loaded(keys: [String], batchId: Int64) throws -> Table {
        var table = Table()
        guard batchId > 0 else { return table }
        guard try fileManager.exists(path) else {
            throw EngineError(
                .pathNotFound, "cannot go on with batch \(batchId) of the result file \(path): it is not there",
                hint: "put it back, or start over with a new checkpoint")
        }
        for line in Self.lines(try fileManager.read(path)) { table.set(try key(of: line, keys), line) }
        return table
    }

    private func key(of line: String, _ columns: [String]) throws -> String {
        do {
            let row = try JSONValue(parsing: line)
            return columns.map { row[$0]?.jsonText ?? "null" }.joined(separator: ",")
        } catch {
            throw EngineError(
                .inputOutput, "cannot go on from the result file \(path): it has a line that is no row: \(error)",
                hint: "put the file back as it was written, or start over with a new checkpoint", cause: error)
        }
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
