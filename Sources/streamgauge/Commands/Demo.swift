import ArgumentParser
import EmbeddedEngine
import FoundationEssentials
import MetricsTopic
import StreamingMetrics
import StructuredStreaming

/// `streamgauge demo`: everything at once, in one process.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Counts activities as a stream and shows the query's metrics as they come back from Kafka.",
        discussion: """
            In one process: a development broker, the engine on the activity data, the listener that forwards each \
            trigger's progress to Kafka, a consumer that reads it back, and a table of what came. Ends with the counts, \
            checked against the data's own summary.

            EXAMPLES
              scripts/demo
              streamgauge demo --data data/activity-data
              streamgauge demo --bootstrap-servers localhost:9092 --keep-running
            """)

    @Option(help: ArgumentHelp("The activity data, made by make-activity-data.", valueName: "dir"))
    var data = "data/activity-data"

    @Option(help: ArgumentHelp("Use this broker instead of one in this process.", valueName: "host:port"))
    var bootstrapServers: String?

    @Option(help: ArgumentHelp("How many files a batch takes at most.", valueName: "n"))
    var maxFilesPerTrigger = 1

    @Flag(help: "Go on waiting for new files when all are counted, until Ctrl-C.")
    var keepRunning = false

    func validate() throws {
        guard maxFilesPerTrigger >= 1 else { throw ValidationError("--max-files-per-trigger must be 1 or more") }
    }

    func run() async throws {
        let signals = StopSignals()
        let expected = try ExpectedCounts(folder: data)
        let topic = try DemoTopic(
            bootstrapServers: bootstrapServers, nowMs: Int64(Date().timeIntervalSince1970 * 1000))
        defer { topic.close() }
        let spark = try SparkSession.embedded(logger: CommandLogHandler.logger("streamgauge.engine"))
        let kafkaMetrics = try KafkaMetrics(
            configuration: topic.configuration, logger: CommandLogHandler.logger("streamgauge.metrics"))
        spark.streams.addListener(kafkaMetrics)
        try StandardStream.output.write("\(topic.title)\ndata: \(data)\n\n")
        let outcome = await Outcome {
            let query = try await start(on: spark)
            try await watch(query, topic, spark, expected, signals)
        }
        try await spark.stop()
        let delivery = await kafkaMetrics.stop()
        try outcome.get()
        try StandardStream.output.write("\(delivery)\n")
    }

    /// The textbook's program.
    private func start(on spark: SparkSession) async throws -> any StreamingQuery {
        let staticFrame = try await spark.read.json(data)
        return try await spark.readStream
            .schema(staticFrame.schema).option("maxFilesPerTrigger", maxFilesPerTrigger).json(data)
            .groupBy("gt").count()
            .writeStream.outputMode(.complete).queryName("test_stream").format("memory")
            .trigger(keepRunning ? .processingTime(.zero) : .availableNow).start()
    }

    /// Shows the metrics until the query is through, and then its result.
    private func watch(
        _ query: any StreamingQuery, _ topic: DemoTopic, _ spark: SparkSession, _ expected: ExpectedCounts,
        _ signals: StopSignals
    ) async throws {
        let consumer = topic.consumer(ofQuery: query.runId.uuidString.lowercased())
        try await withThrowingTaskGroup(of: Void.self) { group in
            let table = DemoTable()
            group.addTask {
                for try await progress in consumer.progress { try table.show(progress) }
            }
            let keepRunning = keepRunning
            try await signals.whileRunning(stop: { try await query.stop() }) {
                if keepRunning {
                    try await query.processAllAvailable()
                } else {
                    try await query.awaitTermination()
                }
                if let last = query.recentProgress.last(where: { $0.numInputRows > 0 }), !signals.hasStopped {
                    try await table.waitFor(batchId: last.batchId ?? 0)
                }
                let rows = try await spark.table("test_stream").collect()
                try Self.show(rows)
                if signals.hasStopped { return }
                if let difference = expected.difference(from: rows) {
                    throw CommandError("the counts are wrong: \(difference)", hint: "please report this")
                }
                try StandardStream.output.write("All \(expected.counts.count) counts are right.\n")
                if keepRunning { try await query.awaitTermination() }
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private static func show(_ rows: [Row]) throws {
        let cells = rows.map { row in row.schema.fields.indices.map { row[$0].text(as: row.schema.fields[$0].dataType) }
        }
        var text = "\ngt                 count\n----------  ----------\n"
        for row in cells.sorted(by: { $0[0] < $1[0] }) {
            let left = TerminalText.escaped(row[0])
            text += left + String(repeating: " ", count: max(1, 22 - left.count - row[1].count)) + row[1] + "\n"
        }
        try StandardStream.output.write(text)
    }
}
