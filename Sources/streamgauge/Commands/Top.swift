import ArgumentParser
import FoundationEssentials
import Glibc
import Kafka
import LiveMonitoring
import MetricsTopic
import TopicMonitoring

/// `streamgauge top`: the monitor on a terminal.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watches streaming queries on the terminal.",
        discussion: """
            Reads the events of streaming queries from the metrics topics, any Spark's too, or from recorded files, and shows \
            all queries, the worst first, and all about one of them: why it is in its state, whether it keeps up, its phases, its lag \
            by partition, its history. Keys sort, filter and pause; ? tells them. q or Ctrl-C ends it.

            Without a terminal at both ends (a pipe, a file, TERM=dumb) it writes a line for each query at an interval: time, state, id, \
            figures, name and reason. --once writes them once, when all that is on the topics or in the files has been read, as \
            text, or as JSON with the names of the interface of streamgauge serve.

            EXAMPLES
              streamgauge top --bootstrap-servers localhost:9092
              streamgauge top --bootstrap-servers localhost:9092 --since "1 hour ago"
              streamgauge top --replay progress.jsonl --replay lifecycle.jsonl
              streamgauge top --replay progress.jsonl --speed 60
              streamgauge top --bootstrap-servers localhost:9092 --interval 10 >> queries.log
              streamgauge top --bootstrap-servers localhost:9092 --from-beginning --once --format json
            """)

    @OptionGroup var kafka: KafkaOptions

    @Option(
        name: .customLong("topic"),
        help: """
            A topic to read; may be given several times. (default: \(TopicContract.progressTopic) and \
            \(TopicContract.lifecycleTopic))
            """)
    var topics: [String] = []

    @Flag(help: "Begin with the oldest record; otherwise with the next one to come.")
    var fromBeginning = false

    @Option(
        help: ArgumentHelp(
            "Begin with the first record of this time or later: \"2 hours ago\", or 2026-11-23T10:21:45Z.",
            valueName: "time"),
        transform: { try SinceTime($0, nowMs: Int64(Date().timeIntervalSince1970 * 1000)) })
    var since: SinceTime?

    @Option(
        name: .customLong("replay"), parsing: .upToNextOption,
        help: ArgumentHelp("Files of recorded events, one JSON text a line, instead of the topics.", valueName: "file"))
    var recordings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Replay so many times as fast as it happened: 1 is as fast, 60 a minute in a second. (default: all at once)",
            valueName: "factor"))
    var speed: Double?

    @Option(
        help: ArgumentHelp(
            "Show what is new every so many seconds. (default: 1 on a terminal, 2 elsewhere)", valueName: "seconds"))
    var interval: Int?

    @Flag(
        help: "Write lines once and end: all that is on the topics since --from-beginning or --since, or in the files.")
    var once = false

    @Option(help: "How --once writes: text, or json, an object a line. (default: text)")
    var format: TopReportFormat?

    func validate() throws {
        for (option, values) in [("--topic", topics), ("--replay", recordings)] where values.contains("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        if fromBeginning, since != nil {
            throw ValidationError("--from-beginning and --since exclude each other: give one of them")
        }
        if recordings.isEmpty {
            if speed != nil { throw ValidationError("--speed is for recordings: give --replay as well") }
            if once, !fromBeginning, since == nil {
                throw ValidationError("--once shows what is there: say from when on with --from-beginning or --since")
            }
        } else if kafka.areGiven || fromBeginning || since != nil || !topics.isEmpty {
            throw ValidationError("--replay is instead of the topics: leave the options of Kafka out")
        }
        if let speed, !speed.isFinite || speed <= 0 {
            throw ValidationError("--speed must be a number above 0")
        }
        if let interval, !(1...86_400).contains(interval) {
            throw ValidationError("--interval must be from 1 to 86400 seconds")
        }
        if once, interval != nil { throw ValidationError("--once and --interval exclude each other: give one of them") }
        if format != nil, !once { throw ValidationError("--format is for lines that come once: give --once as well") }
    }

    func run() async throws {
        let isTerminal = isatty(STDIN_FILENO) == 1 && StandardStream.output.isTerminal
        let abilities = TerminalAbilities(
            environment: ProcessInfo.processInfo.environment, isTerminal: isTerminal,
            hasColor: StandardStream.output.hasColor)
        guard abilities.hasScreen, !once else { return try await writeLines() }
        let remarks = TopRemarks()
        // A screen and remarks on one terminal would spoil each other; a file gets them at once.
        let isShared = StandardStream.error.isTerminal
        let (hub, feed) = try source(tell: { line in
            if isShared { remarks.add(line) } else { StandardStream.error.tell(line + "\n") }
        })
        try await TopScreen(hub: hub, abilities: abilities, interval: interval ?? 1, remarks: remarks).run(feed)
    }

    private func writeLines() async throws {
        let (hub, feed) = try source(tell: { StandardStream.error.tell($0 + "\n") })
        let lines = TopLines(hub: hub)
        let (once, format, interval) = (once, format ?? .text, interval ?? 2)
        let signals = StopSignals()
        do {
            try await signals.cancelling {
                if once {
                    try await lines.once(feed, format: format)
                } else {
                    try await lines.repeating(feed, everySeconds: interval)
                }
            }
        } catch is CancellationError where signals.hasStopped {}
    }

    /// - Parameter tell: Gets a line for each thing that is wrong and ends nothing.
    private func source(
        tell: @escaping @Sendable (String) -> Void
    ) throws -> (MonitoringHub, any MonitoringFeed) {
        guard recordings.isEmpty else {
            var feed = try RecordingFeed(paths: recordings, speed: speed)
            feed.onRefusal = { tell(TerminalText.line($0)) }
            return (MonitoringHub(settings: .replay), feed)
        }
        let configuration: KafkaConfiguration
        do {
            configuration = try kafka.configuration()
        } catch let error as ValidationError {
            throw ValidationError("\(error.message); or --replay with recorded files")
        }
        var feed = TopicFeed(configuration: configuration)
        if !topics.isEmpty { feed.topics = topics }
        if let since { feed.start = .timestamp(since.milliseconds) } else if fromBeginning { feed.start = .beginning }
        let faults = ConsumerFaults(tell: tell)
        feed.onError = { faults.report($0) }
        feed.onContact = { faults.clear() }
        feed.onFault = { tell(TerminalText.line($0)) }
        feed.onLog = CommandLogHandler.librdkafka(configuration, tell: tell)
        return (MonitoringHub(), feed)
    }
}

extension TopReportFormat: ExpressibleByArgument {}
