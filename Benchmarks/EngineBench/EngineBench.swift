import EmbeddedEngine
import Foundation
import StructuredStreaming

/// Times the textbook's query: engine-bench DATA REPEAT [SQL] [FILES-PER-TRIGGER]
///
/// Streams the JSON lines of a folder with an available-now trigger, in complete mode into a memory table, the checkpoint on, and
/// prints one JSON line: the rows, and the seconds of each repetition from start() to the end of the query.
@main struct EngineBench {
    static let schema = """
        Arrival_Time BIGINT, Creation_Time BIGINT, Device STRING, Index BIGINT, Model STRING, User STRING, gt STRING, \
        x DOUBLE, y DOUBLE, z DOUBLE
        """

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let repeats = Int(arguments[2]) else {
            print("usage: engine-bench DATA REPEAT [SQL] [FILES-PER-TRIGGER]")
            exit(2)
        }
        let sql = arguments.count > 3 ? arguments[3] : "SELECT gt, count(*) AS count FROM input GROUP BY gt"
        let perTrigger = arguments.count > 4 ? Int(arguments[4]) ?? 10 : 10
        let work = NSTemporaryDirectory() + "engine-bench-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let spark = try SparkSession.embedded()
        var seconds: [Double] = []
        var rows: Int64 = 0
        for round in 0..<repeats {
            let start = ContinuousClock.now
            let input = try await spark.readStream.schema(schema).option("maxFilesPerTrigger", perTrigger).json(arguments[1])
            try input.createOrReplaceTempView("input")
            let query = try await spark.sql(sql).writeStream.outputMode(.complete)
                .option("checkpointLocation", "\(work)/checkpoint\(round)").queryName("q\(round)").format("memory")
                .trigger(.availableNow).start()
            try await query.awaitTermination()
            let taken = ContinuousClock.now - start
            seconds.append(Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18)
            rows = query.recentProgress.reduce(0) { $0 + $1.numInputRows }
            if round == 0 { FileHandle.standardError.write(Data((query.lastProgress?.json ?? "").utf8 + [10])) }
        }
        var counts: [String: Int64] = [:]
        for row in try await spark.table("q0").collect() {
            if case .string(let key) = row[0], case .long(let count)? = row.values.last { counts[key] = count }
        }
        let shown = counts.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
        print(
            "{\"system\": \"StreamGauge \(spark.version)\", \"rows\": \(rows), \"seconds\": \(seconds), \"counts\": {\(shown)}}")
        try await spark.stop()
    }
}
