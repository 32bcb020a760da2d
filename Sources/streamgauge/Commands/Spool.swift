import ArgumentParser
import Kafka
import MetricsTopic

/// `streamgauge spool`: the events that a forwarder has kept.
struct Spool: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks at the events that a forwarder has kept in its spool, and delivers them.",
        discussion: """
            A forwarder keeps events in its spool until the broker has acknowledged them. A spool that is left behind is \
            sent by the next run of the same query by itself; drain is for when there will be none.

            EXAMPLES
              streamgauge spool inspect checkpoints/gt-metrics-spool
              streamgauge spool inspect checkpoints/gt-metrics-spool --format json
              streamgauge spool drain checkpoints/gt-metrics-spool --bootstrap-servers localhost:9092
            """,
        subcommands: [SpoolInspect.self, SpoolDrain.self])
}

/// `streamgauge spool inspect`: what a spool holds.
struct SpoolInspect: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tells what a spool holds; changes nothing, also while a forwarder uses it.",
        discussion: """
            EXAMPLES
              streamgauge spool inspect checkpoints/gt-metrics-spool
              streamgauge spool inspect checkpoints/gt-metrics-spool --format json

            The exit code is 1 when files are damaged.
            """)

    @Argument(help: ArgumentHelp("The spool's folder.", valueName: "dir"))
    var directory: String

    @Option(help: "How to tell: text, or json (one object).")
    var format = Format.text

    func run() throws {
        let report = SpoolReport(inspection: try SpoolInspection(directory: directory))
        try StandardStream.output.write((format == .json ? report.json : report.text) + "\n")
        if report.isDamaged { throw ExitCode(CommandExit.failure) }
    }
}

/// `streamgauge spool drain`: a spool's events to Kafka.
struct SpoolDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Delivers what a spool holds, to the topics that the events were meant for.",
        discussion: """
            Ends when everything is acknowledged. What is not stays in the spool; the exit code is then 1.

            EXAMPLES
              streamgauge spool drain checkpoints/gt-metrics-spool --bootstrap-servers localhost:9092
            """)

    @Argument(help: ArgumentHelp("The spool's folder.", valueName: "dir"))
    var directory: String

    @OptionGroup var kafka: KafkaOptions

    @Option(help: ArgumentHelp("How long no broker may answer before events are left.", valueName: "seconds"))
    var timeout = 30

    func validate() throws {
        guard timeout >= 1 else { throw ValidationError("--timeout must be 1 second or more") }
    }

    func run() async throws {
        // Opening a spool makes one of any folder: a wrong name is to be told instead.
        _ = try SpoolInspection(directory: directory)
        let signals = StopSignals()
        let configuration = try kafka.configuration()
        let metrics = try KafkaMetrics(
            configuration: configuration, spool: SpoolOptions(directory: directory),
            logger: CommandLogHandler.logger("streamgauge.spool", for: configuration))
        let watch = DeliveryWatch(metrics: metrics, timeout: .seconds(timeout))
        let outcome = await Outcome {
            try await watch.whileRunning { await watch.waitUntilDelivered { signals.hasStopped } }
        }
        let statistics = await metrics.stop(deadline: .now).statistics
        try StandardStream.output.write(
            "sent \(NumberText.count(statistics.acknowledged, "event")), left \(statistics.spooled)"
                + (statistics.droppedTotal > 0 ? ", given up \(statistics.droppedTotal)" : "") + "\n")
        try outcome.get()
        guard statistics.spooled == 0, statistics.droppedTotal == 0 else {
            throw CommandError(
                "\(NumberText.count(statistics.spooled, "event")) of \(directory) not delivered to "
                    + configuration.bootstrapServers,
                hint: signals.hasStopped ? "stopped by a signal" : "check that the broker runs, or raise --timeout")
        }
    }
}
