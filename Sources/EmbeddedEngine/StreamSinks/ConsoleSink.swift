import Glibc
import StructuredStreaming

/// Where the console sink prints.
protocol ConsoleOutput: Sendable {
    /// Prints text as it is; throws ``EngineError/Code/inputOutput`` when it cannot.
    func print(_ text: String) throws
}

/// The process's standard output.
struct StandardOutput: ConsoleOutput {
    func print(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(STDOUT_FILENO, bytes.baseAddress! + written, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    throw EngineError(
                        .inputOutput,
                        "the console sink cannot write to standard output: \(String(cString: strerror(errno)))",
                        hint: "the batch will run again at the next start; write to another place")
                }
                written += count
            }
        }
    }
}

/// Prints each batch as a table under a header with its number, as Spark does:
///
///     -------------------------------------------
///     Batch: 0
///     -------------------------------------------
///     +----+-----+
///     |  gt|count|
///     …
final class ConsoleSink: StreamSink {
    let description = "ConsoleTable"
    private let numRows: Int
    private let truncate: Int
    private let output: any ConsoleOutput

    init(_ write: StreamingWrite, output: any ConsoleOutput) throws {
        self.output = output
        numRows = try Self.number(write, "numRows") ?? 20
        switch write.option("truncate")?.lowercased() {
        case nil, "true": truncate = 20
        case "false": truncate = 0
        default: truncate = try Self.number(write, "truncate") ?? 20
        }
    }

    func begin(batchId: Int64, schema: StructType, mode: OutputMode) throws -> (any SinkBatch)? {
        CollectedBatch { [self] batches in
            let total = batches.reduce(0) { $0 + $1.rowCount }
            var shown: [[Value]] = []
            for batch in batches where shown.count < numRows {
                for row in 0..<min(batch.rowCount, numRows - shown.count) { shown.append(batch.row(row)) }
            }
            let table = TableRenderer(truncate: truncate)
                .text(schema: schema, rows: shown, hasMore: total > shown.count)
            try output.print(TableRenderer.batchHeader(batchId) + table)
            return Int64(total)
        }
    }

    private static func number(_ write: StreamingWrite, _ name: String) throws -> Int? {
        guard let text = write.option(name) else { return nil }
        guard let value = Int(text), value >= 0 else {
            throw EngineError(.illegalArgument, "Invalid value '\(text)' for option '\(name)' of the console sink")
        }
        return value
    }
}
