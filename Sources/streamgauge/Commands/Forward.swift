import ArgumentParser
import Kafka
import MetricsTopic
import StreamingMetrics
import Synchronization

/// `streamgauge forward`: recorded events to Kafka.
struct Forward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publishes recorded events of streaming queries to the metrics topics.",
        discussion: """
            Reads one JSON event a line, as any Spark from 2.2 on or StreamGauge writes them, and publishes them as the \
            listener would: progress to one topic, started, idle and terminated events to another. Ends when all are \
            acknowledged. A line that is no event is refused, with its number and the reason, and the rest goes on. The \
            exit code is 1 when a line was refused or an event was left.

            \(SettingsReload.discussion)

            EXAMPLES
              streamgauge forward progress.jsonl --bootstrap-servers localhost:9092
              streamgauge forward progress.jsonl --spool spool --bootstrap-servers localhost:9092
              streamgauge forward events.fifo --spool spool --kafka-config client.properties
              zcat progress-*.jsonl.gz | streamgauge forward - --bootstrap-servers localhost:9092 --topic replayed
            """)

    @Argument(help: ArgumentHelp("The files; - or none is standard input.", valueName: "file"))
    var files: [String] = ["-"]

    @OptionGroup var kafka: KafkaOptions

    @Option(help: "The topic for progress.")
    var topic = TopicContract.progressTopic

    @Option(help: "The topic for started, idle and terminated events.")
    var lifecycleTopic = TopicContract.lifecycleTopic

    @OptionGroup var spool: SpoolFlags

    @Option(
        help: ArgumentHelp(
            "How long no broker may answer, at the input's end or without room for more, before events are left.",
            valueName: "seconds"))
    var timeout = 30

    func validate() throws {
        for (option, value) in [("--topic", topic), ("--lifecycle-topic", lifecycleTopic)] where value.isEmpty {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        guard timeout >= 1 else { throw ValidationError("--timeout must be 1 second or more") }
    }

    func run() async throws {
        let configuration = try kafka.configuration()
        let signals = StopSignals()
        // All files before the first event, so that a wrong name is told before anything is sent.
        for file in files { try LineReader.check(path: file) }
        let metrics = try KafkaMetrics(
            configuration: configuration, topic: topic,
            lifecycleTopic: lifecycleTopic == topic ? .sameTopic : .separate(lifecycleTopic),
            spool: spool.options(beside: nil),
            logger: CommandLogHandler.logger("streamgauge.forward", for: configuration))
        let reload = SettingsReload(kafka, for: metrics)
        let watch = DeliveryWatch(metrics: metrics, timeout: .seconds(timeout))
        var forwarder = EventForwarder(metrics: metrics, watch: watch) {
            StandardStream.error.tell(TerminalText.line($0) + "\n")
        }
        let outcome = await Outcome {
            try await watch.whileRunning {
                for file in files where !signals.hasStopped && !watch.isOver {
                    let reader = try LineReader(path: file, maximumBytes: MetricsCodec.Limits.default.maximumBytes)
                    try await forwarder.forward(reader) { signals.hasStopped }
                }
                await watch.waitUntilDelivered { signals.hasStopped }
            }
        }
        reload?.cancel()
        await metrics.stop(deadline: .now)
        let summary = forwarder.summary
        try StandardStream.output.write(summary.text + "\n")
        try outcome.get()
        if summary.left > 0 {
            throw undelivered(
                summary, to: configuration, isStopped: signals.hasStopped, hasLeftInput: forwarder.leftInput)
        }
        if signals.hasStopped {
            throw CommandError(
                "stopped by a signal before the end of the input may have been read",
                hint: "forward it again: the consumer tells copies")
        }
        if summary.refused > 0 { throw ExitCode(CommandExit.failure) }
    }

    private func undelivered(
        _ summary: EventForwarder.Summary, to configuration: KafkaConfiguration, isStopped: Bool,
        hasLeftInput: Bool
    ) -> CommandError {
        var what = "\(NumberText.count(summary.left, "event")) not delivered to \(configuration.bootstrapServers)"
        if hasLeftInput { what += ", and the rest of the input not read" }
        let reason = isStopped ? "stopped by a signal" : "check that the broker runs, or raise --timeout"
        guard summary.spooled > 0, let folder = spool.spool else { return CommandError(what, hint: reason) }
        let kept = summary.spooled == summary.left ? "all" : "\(summary.spooled) of them"
        return CommandError(
            "\(what), \(kept) kept in \(folder)",
            hint: "\(reason); send them with streamgauge spool drain \(folder) --bootstrap-servers …")
    }
}
