import EmbeddedEngine
import FoundationEssentials
import Glibc
import Logging
import StreamingMetrics
import StreamingTesting
import StructuredStreaming

/// Runs a query and kills its own process with SIGKILL at a chosen change of the checkpoint's files.
///
///     crash-probe count|select INPUT CHECKPOINT OUTPUT [KILL-AT]
///
/// `count` counts rows by `gt` in complete mode and prints the result; `select` writes the rows of `walk` as JSON files into
/// OUTPUT. KILL-AT is the number of the change, from 0, right after which the process dies; without it the query runs to its
/// end. Prints `changes N` as its last line.
@main struct CrashProbe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5 else {
            print("usage: crash-probe count|select INPUT CHECKPOINT OUTPUT [KILL-AT]")
            exit(2)
        }
        let killAt = arguments.count > 5 ? Int(arguments[5]) : nil
        let changes = Counter()
        let files = FaultyFileManager(over: LocalFileManager(isDurable: false)) { moment, _, operation in
            guard moment == .after, operation.isChange else { return }
            if changes.next() == killAt { kill(getpid(), SIGKILL) }
        }
        let engine = EmbeddedEngine(
            configuration: ["spark.sql.shuffle.partitions": "2"],
            logger: Logger(label: "crash-probe") { _ in SwiftLogNoOpLogHandler() }, clock: SystemClock(),
            fileManager: files)
        let spark = SparkSession(engine: engine)
        let input = try await spark.readStream.schema("gt STRING, n BIGINT, x DOUBLE")
            .option("maxFilesPerTrigger", 1).json(arguments[2])
        let query =
            arguments[1] == "count"
            ? try await input.groupBy("gt").count().writeStream.outputMode(.complete)
                .option("checkpointLocation", arguments[3]).queryName("counts").format("memory").trigger(.availableNow)
                .start()
            : try await input.filter("gt = 'walk'").select("gt", "n").writeStream
                .option("checkpointLocation", arguments[3]).format("json").trigger(.availableNow).start(arguments[4])
        try await query.awaitTermination()
        if arguments[1] == "count" {
            for row in try await spark.table("counts").collect() { print("row \(row.values)") }
        }
        print("batches \(query.recentProgress.compactMap(\.batchId))")
        print("id \(query.id.uuidString.lowercased())")
        print("changes \(changes.count)")
    }
}
