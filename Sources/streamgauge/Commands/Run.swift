import ArgumentParser
import EmbeddedEngine
import Kafka
import MetricsTopic
import StructuredStreaming

/// `streamgauge run`: a streaming query on the embedded engine.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a streaming query over JSON-lines files.",
        discussion: """
            The files of a folder are the stream; the query reads them as the table input. One line per trigger on standard \
            error tells how fast it goes. With --checkpoint the query goes on where it stopped, however it was stopped. \
            Ctrl-C or SIGTERM stops it cleanly, a second one at once.

            \(SettingsReload.discussion)

            EXAMPLES
              Count the activities, and end when all files are read:
                streamgauge run --json data/activity-data --trigger available-now \\
                  --sql "SELECT gt, count(*) AS count FROM input GROUP BY gt" --result counts.jsonl

              Keep copying the rows of interest, every 5 seconds, and tell Kafka how it goes:
                streamgauge run --json data/activity-data --schema "gt STRING, x DOUBLE, y DOUBLE" \\
                  --sql "SELECT gt, x, y FROM input WHERE x > 0" --sink json:positive \\
                  --checkpoint checkpoints/positive --name positive --trigger "5 seconds" \\
                  --bootstrap-servers localhost:9092
            """)

    @Option(help: ArgumentHelp("The folder of JSON-lines files to read.", valueName: "path"))
    var json: String

    @Option(
        help: ArgumentHelp("The columns, such as \"gt STRING, x DOUBLE\"; inferred when left out.", valueName: "ddl"))
    var schema: String?

    @Option(help: ArgumentHelp("The query, a SELECT from the table input.", valueName: "select"))
    var sql: String

    @Option(help: "Which rows a trigger writes: append, update or complete. (default: complete for aggregates)")
    var outputMode: OutputModeOption?

    @Option(
        help: ArgumentHelp(
            "The folder that remembers how far the query came; without one, a restart begins anew.", valueName: "dir"))
    var checkpoint: String?

    @Option(help: "The query's name.")
    var name: String?

    @Option(help: ArgumentHelp("How many files a batch takes at most.", valueName: "n"))
    var maxFilesPerTrigger: Int?

    @Option(help: "When to look for data: default, once, available-now, or an interval such as \"5 seconds\".")
    var trigger = TriggerOption.default

    @Option(help: "Where rows go: console, noop, or json:DIR. (default: console)")
    var sink: SinkOption?

    @Option(
        help: ArgumentHelp(
            "Keep the whole result table in this file as JSON lines; for the modes complete and update, instead of a sink.",
            valueName: "file.jsonl"))
    var result: String?

    @OptionGroup(title: "Kafka, to forward the query's metrics to") var kafka: KafkaOptions

    @Option(help: "The topic for the metrics. (default: streaming-metrics)")
    var topic: String?

    @OptionGroup var spool: SpoolFlags

    @Option(
        name: .customLong("conf"),
        help: ArgumentHelp(
            "A setting of the engine, such as spark.sql.shuffle.partitions=2; may be given several times.",
            valueName: "name=value"))
    var settings: [SettingOption] = []

    func validate() throws {
        if result != nil, sink != nil {
            throw ValidationError("--result is a sink of its own: leave out --sink")
        }
        if result != nil, outputMode == .append {
            throw ValidationError(
                "--result holds the whole table, which append mode never has: use --output-mode complete or update, "
                    + "or --sink json:DIR")
        }
        if case .json = sink, checkpoint == nil {
            throw ValidationError("--sink json:DIR needs --checkpoint DIR, which keeps a file from being written twice")
        }
        let given = [
            "--json": json, "--schema": schema, "--checkpoint": checkpoint, "--name": name, "--result": result,
            "--topic": topic,
        ]
        // An empty value is nearly always a variable that a script forgot to set.
        for option in given.keys.sorted() where given[option] == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        if let maxFilesPerTrigger, maxFilesPerTrigger < 1 {
            throw ValidationError("--max-files-per-trigger must be 1 or more")
        }
    }

    func run() async throws {
        let signals = StopSignals()
        // First, so that a wrong option is told before anything is read.
        let metrics = try forwarder()
        let reload = metrics.flatMap { SettingsReload(kafka, for: $0) }
        let spark = try SparkSession.embedded(
            configuration: settings.dictionary, logger: CommandLogHandler.logger("streamgauge.engine"))
        let printer = ProgressPrinter()
        spark.streams.addListener(printer)
        if let metrics { spark.streams.addListener(metrics) }
        let outcome = await Outcome { try await execute(on: spark, signals) }
        // Stopping the session delivers what the listeners have not seen yet.
        try await spark.stop()
        reload?.cancel()
        if let metrics {
            // A broker that never answered while the query ran is not waited for as one that is only slow.
            let patience: Duration = metrics.statistics.acknowledged == 0 ? .seconds(2) : .seconds(5)
            StandardStream.error.tell("metrics: \(await metrics.stop(deadline: .now + patience))\n")
        }
        try outcome.get()
    }

    private func forwarder() throws -> KafkaMetrics? {
        guard let configuration = try kafka.configurationIfGiven() else {
            guard topic == nil, !kafka.areGiven, !spool.areGiven else {
                throw ValidationError(
                    "--topic, --set, --kafka-config, --spool and --no-spool are for forwarding metrics, which needs --bootstrap-servers "
                        + "host:port, or bootstrap.servers in the file or the environment")
            }
            return nil
        }
        return try KafkaMetrics(
            configuration: configuration, topic: topic ?? TopicContract.progressTopic,
            spool: spool.options(beside: checkpoint),
            logger: CommandLogHandler.logger("streamgauge.metrics", for: configuration))
    }

    private func execute(on spark: SparkSession, _ signals: StopSignals) async throws {
        let query = try await writer(on: spark).start()
        try await signals.whileRunning(stop: { try await query.stop() }) { try await query.awaitTermination() }
        if let result, let engine = spark.engine as? EmbeddedEngine { try engine.writeResult(of: query, to: result) }
    }

    private func writer(on spark: SparkSession) async throws -> DataStreamWriter {
        let columns =
            if let schema { try StructType(ddl: schema) } else { try await spark.read.json(json).schema }
        var reader = spark.readStream.schema(columns)
        if let maxFilesPerTrigger { reader = reader.option("maxFilesPerTrigger", maxFilesPerTrigger) }
        try await reader.json(json).createOrReplaceTempView("input")
        let frame = try spark.sql(sql)
        let plan = try frame.analyzed()
        let mode = outputMode?.mode ?? (plan.aggregates ? .complete : .append)
        var writer = frame.writeStream.outputMode(mode).trigger(trigger.trigger)
        if let name { writer = writer.queryName(name) }
        if let checkpoint { writer = writer.option("checkpointLocation", checkpoint) }
        if let result, !plan.aggregates {
            throw CommandError(
                "cannot keep the result of a query without aggregates in \(result)",
                hint: "group the rows, or write them with --sink json:DIR")
        }
        return into(result == nil ? sink ?? .console : .noop, writer)
    }

    private func into(_ sink: SinkOption, _ writer: DataStreamWriter) -> DataStreamWriter {
        switch sink {
        case .console: writer.format("console")
        case .noop: writer.format("noop")
        case .json(let directory): writer.format("json").option("path", directory)
        }
    }
}

extension LogicalPlan {
    /// Whether rows are grouped, so that there is a result that the engine keeps.
    fileprivate var aggregates: Bool {
        if case .aggregate = self { return true }
        return child?.aggregates ?? false
    }
}
