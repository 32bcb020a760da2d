import ArgumentParser
import FoundationEssentials
import Glibc
import LiveMonitoring

/// `streamgauge top`: the monitor on a terminal.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watches streaming queries on the terminal.",
        discussion: """
            Reads the events of streaming queries from the metrics topics, any Spark's too, or from recorded files, and shows \
            all queries, the worst first, and all about one of them: why it is in its state, whether it keeps up, its phases, its lag \
            by partition, its alerts, its history. Keys sort, filter and pause; ? tells them. q or Ctrl-C ends it.

            Alert rules are judged as streamgauge serve does it: the shipped ones, or those of --rules. The table has how many \
            alerts of a query fire; nobody is notified. A long recording is read sooner with --no-rules.

            Without a terminal at both ends (a pipe, a file, TERM=dumb) it writes a line for each query at an interval: time, state, id, \
            figures, alerts that fire, name and reason. --once writes them once, when all that is on the topics or in the files has been read, as \
            text, or as JSON with the names of the interface of streamgauge serve; rules are judged once then, so that those which have to \
            hold for a time do not fire. Brokers that do not answer for --timeout seconds \
            are an error.

            EXAMPLES
              streamgauge top --bootstrap-servers localhost:9092
              streamgauge top --bootstrap-servers localhost:9092 --since "1 hour ago"
              streamgauge top --replay progress.jsonl --replay lifecycle.jsonl
              streamgauge top --replay progress.jsonl --speed 60
              streamgauge top --bootstrap-servers localhost:9092 --rules rules.yml
              streamgauge top --bootstrap-servers localhost:9092 --interval 10 >> queries.log
              streamgauge top --bootstrap-servers localhost:9092 --from-beginning --once --format json
            """)

    @OptionGroup var feeds: FeedOptions
    @OptionGroup var rules: RuleOptions
    @OptionGroup var monitor: MonitorOptions

    @Option(
        help: ArgumentHelp(
            "Show what is new every so many seconds. (default: 1 on a terminal, 2 elsewhere)", valueName: "seconds"))
    var interval: Int?

    @Flag(
        help: "Write lines once and end: all that is on the topics since --from-beginning or --since, or in the files.")
    var once = false

    @Option(help: "How --once writes: text, or json, an object a line. (default: text)")
    var format: TopReportFormat?

    @Option(
        help: ArgumentHelp(
            "How long --once waits for brokers that do not answer. (default: \(TopLines.contactSeconds))",
            valueName: "seconds"))
    var timeout: Int?

    func validate() throws {
        if feeds.isReplay, feeds.kafka.insecure {
            throw ValidationError("--replay is instead of the topics: leave the options of Kafka out")
        }
        if once, !feeds.isReplay, !feeds.topic.fromBeginning, feeds.topic.since == nil {
            throw ValidationError("--once shows what is there: say from when on with --from-beginning or --since")
        }
        if let interval, !(1...86_400).contains(interval) {
            throw ValidationError("--interval must be from 1 to 86400 seconds")
        }
        if once, interval != nil { throw ValidationError("--once and --interval exclude each other: give one of them") }
        if timeout != nil, !once || feeds.isReplay {
            throw ValidationError("--timeout is for --once, which waits for brokers: leave it out otherwise")
        }
        if let timeout, !(1...86_400).contains(timeout) {
            throw ValidationError("--timeout must be from 1 to 86400 seconds")
        }
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
        let timeout = timeout ?? TopLines.contactSeconds
        let signals = StopSignals()
        do {
            try await signals.cancelling {
                if once {
                    try await lines.once(feed, format: format, contactSeconds: timeout)
                    // Each line was told; a feed of which none could be read shows nothing.
                    if hub.feeds.contains(where: { $0.events == 0 && $0.unreadable > 0 }) {
                        throw ExitCode(CommandExit.failure)
                    }
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
        let brokers = try feeds.brokers()
        // A viewer beside others: it shows alerts, and leaves telling people of them to `serve`.
        let watch =
            rules.noRules ? nil : AlertWatch(rules: try AlertFiles.rules(rules.files), isReplay: brokers == nil)
        var settings = brokers == nil ? .replay : MonitoringHub.Settings()
        monitor.apply(to: &settings.monitor)
        let hub = MonitoringHub(settings: settings, alerts: watch)
        return (hub, try feeds.feed(brokers, tell: tell))
    }
}

extension TopReportFormat: ExpressibleByArgument {}
