import ArgumentParser
import FoundationEssentials
import Kafka
import LiveMonitoring
import MetricsTopic
import Monitoring
import MonitoringHistory
import MonitoringServer
import TopicMonitoring

/// `streamgauge serve`: the monitor over HTTP.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watches streaming queries and serves what is known of them over HTTP.",
        discussion: """
            Reads the events of streaming queries from the metrics topics, any Spark's too, or from recorded files, and serves \
            a page with all queries at /, a JSON interface below /api/v1 (described in /openapi.json), server-sent events at \
            /api/v1/events, series for Prometheus at /metrics, and its own health at /healthz. Ctrl-C ends it.

            A recording is read at once, and the clock then stands at its end; with --speed it goes on as it happened. Others \
            than this machine can read only with --token-file: a file with one line of 16 characters or more, which its owner \
            alone can read. They send it as "Authorization: Bearer …", or log in with a browser.

            With --history what queries do is kept in a file, and charts reach back as far as that does; reading goes on \
            where the file ends, unless told where to begin.

            EXAMPLES
              streamgauge serve --bootstrap-servers localhost:9092
              streamgauge serve --bootstrap-servers localhost:9092 --history history.db
              streamgauge serve --bootstrap-servers localhost:9092 --since "1 hour ago" --listen 127.0.0.1:9000
              streamgauge serve --replay progress.jsonl --replay lifecycle.jsonl
              streamgauge serve --replay progress.jsonl --speed 60
              openssl rand -hex 32 > token && chmod 600 token
              streamgauge serve --bootstrap-servers localhost:9092 --listen 0.0.0.0:8080 --token-file token
            """)

    @OptionGroup var kafka: KafkaOptions
    @OptionGroup var historyOptions: HistoryOptions

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

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = "\(ListenAddress.loopback)"

    @Option(help: ArgumentHelp("A file with the token that readers have to know.", valueName: "file"))
    var tokenFile: String?

    func validate() throws {
        let given = [
            "--listen": listen, "--token-file": tokenFile, "--topic": topics.contains("") ? "" : nil,
            "--replay": recordings.contains("") ? "" : nil,
        ]
        for option in given.keys.sorted() where given[option] == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        if fromBeginning, since != nil {
            throw ValidationError("--from-beginning and --since exclude each other: give one of them")
        }
        if recordings.isEmpty {
            if speed != nil { throw ValidationError("--speed is for recordings: give --replay as well") }
        } else if kafka.areGiven || fromBeginning || since != nil || !topics.isEmpty {
            throw ValidationError("--replay is instead of the topics: leave the options of Kafka out")
        }
        if let speed, !speed.isFinite || speed <= 0 {
            throw ValidationError("--speed must be a number above 0")
        }
        do throws(MonitoringError) {
            _ = try ListenAddress(listen)
        } catch {
            throw ValidationError("--listen: \(error)")
        }
    }

    func run() async throws {
        let address = try ListenAddress(listen)
        let token = try tokenFile.map { try AccessToken(file: $0) }
        let history = try historyOptions.recorder()
        let (hub, feed) = try source(history)
        let server = try MonitoringServer(
            hub: hub, configuration: MonitoringServer.Configuration(address: address, token: token), history: history)
        let signals = StopSignals()
        let outcome = await Outcome {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await hub.run([feed]) }
                defer { group.cancelAll() }
                try await signals.whileRunning(stop: { await server.stop() }) {
                    try await server.run { address in
                        StandardStream.output.tell("listening on http://\(address)\n")
                    }
                }
            }
        }
        // Behind the feeds: what they gave last is kept as well.
        await history?.stop()
        try outcome.get()
    }

    private func source(_ history: HistoryRecorder?) throws -> (MonitoringHub, any MonitoringFeed) {
        guard recordings.isEmpty else {
            var feed = try RecordingFeed(paths: recordings, speed: speed)
            feed.onRefusal = { StandardStream.error.tell(TerminalText.line($0) + "\n") }
            return (MonitoringHub(settings: .replay, observer: history), feed)
        }
        let configuration: KafkaConfiguration
        do {
            configuration = try kafka.configuration()
        } catch let error as ValidationError {
            throw ValidationError("\(error.message); or --replay with recorded files")
        }
        var feed = TopicFeed(configuration: configuration)
        if !topics.isEmpty { feed.topics = topics }
        if let since {
            feed.start = .timestamp(since.milliseconds)
        } else if fromBeginning {
            feed.start = .beginning
        } else if let taken = history?.takenThrough {
            // A little before it, since clocks differ: what is known already counts once.
            feed.start = .timestamp(max(0, taken.millisecondsSinceEpoch - 300_000))
        }
        let faults = ConsumerFaults()
        feed.onError = { faults.report($0) }
        feed.onContact = { faults.clear() }
        feed.onFault = { StandardStream.error.tell(TerminalText.line($0) + "\n") }
        feed.onLog = CommandLogHandler.librdkafka(configuration)
        return (MonitoringHub(observer: history), feed)
    }
}
