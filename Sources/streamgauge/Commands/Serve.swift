import ArgumentParser
import FoundationEssentials
import Kafka
import LiveMonitoring
import MetricsTopic
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

            Alert rules are judged once a second: the shipped ones, or those of --rules, with their silences, inhibitions and \
            grouping. Notifications are told on standard error, one line each, and through the channels of --channels, such as \
            a webhook or mail, whose file is read once. In a recording rules are judged at its own \
            times, and nobody is notified. SIGHUP reads the files of --rules again. --alert-state keeps pending and firing alerts across restarts.

            A recording is read at once, and the clock then stands at its end; with --speed it goes on as it happened. Others \
            than this machine can read only with --token-file: a file with one line of 16 characters or more, which its owner \
            alone can read. They send it as "Authorization: Bearer …", or log in with a browser.

            EXAMPLES
              streamgauge serve --bootstrap-servers localhost:9092
              streamgauge serve --bootstrap-servers localhost:9092 --since "1 hour ago" --listen 127.0.0.1:9000
              streamgauge serve --replay progress.jsonl --replay lifecycle.jsonl
              streamgauge serve --replay progress.jsonl --speed 60
              streamgauge serve --bootstrap-servers localhost:9092 --rules rules.yml --alert-state alerts.json
              streamgauge serve --bootstrap-servers localhost:9092 --channels channels.yml
              openssl rand -hex 32 > token && chmod 600 token
              streamgauge serve --bootstrap-servers localhost:9092 --listen 0.0.0.0:8080 --token-file token
            """)

    @OptionGroup var kafka: KafkaOptions

    @OptionGroup var topic: TopicOptions

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
        name: .customLong("trigger-interval"),
        help: ArgumentHelp(
            "The trigger interval of all queries (5s), or of one (orders=5s); may be given several times. (default: found in "
                + "the times of their triggers)", valueName: "duration"),
        transform: { try TriggerIntervalOption($0) })
    var triggerIntervals: [TriggerIntervalOption] = []

    @OptionGroup var alerts: AlertOptions

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = "\(ListenAddress.loopback)"

    @Option(help: ArgumentHelp("A file with the token that readers have to know.", valueName: "file"))
    var tokenFile: String?

    func validate() throws {
        let given = [
            "--listen": listen, "--token-file": tokenFile, "--replay": recordings.contains("") ? "" : nil,
        ]
        for option in given.keys.sorted() where given[option] == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        if recordings.isEmpty {
            if speed != nil { throw ValidationError("--speed is for recordings: give --replay as well") }
        } else if kafka.areGiven || topic.areGiven {
            throw ValidationError("--replay is instead of the topics: leave the options of Kafka out")
        } else if alerts.alertState != nil {
            throw ValidationError("--alert-state is for what happens now: leave it out with --replay")
        } else if alerts.channels != nil {
            throw ValidationError("--channels is for what happens now: leave it out with --replay")
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
        let channels = try alerts.channels.map { try LiveChannels(file: $0) }
        let watch = try alerts.watch(isReplay: !recordings.isEmpty, channels: channels)
        let (hub, feed) = try source(watch)
        var configuration = MonitoringServer.Configuration(address: address, token: token)
        if let channels { configuration.moreFamilies = { channels.families } }
        let server = try MonitoringServer(hub: hub, configuration: configuration)
        let signals = StopSignals()
        let reload = RulesReload(alerts.rules, for: watch)
        defer { withExtendedLifetime(reload) {} }
        try await LiveChannels.run(channels, repeating: hub) {
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
    }

    private func source(_ watch: AlertWatch?) throws -> (MonitoringHub, any MonitoringFeed) {
        guard recordings.isEmpty else {
            var feed = try RecordingFeed(paths: recordings, speed: speed)
            feed.onRefusal = { StandardStream.error.tell(TerminalText.line($0) + "\n") }
            return (MonitoringHub(settings: settings(.replay), alerts: watch), feed)
        }
        let configuration: KafkaConfiguration
        do {
            configuration = try kafka.configuration()
        } catch let error as ValidationError {
            throw ValidationError("\(error.message); or --replay with recorded files")
        }
        var feed = TopicFeed(configuration: configuration)
        if !topic.topics.isEmpty { feed.topics = topic.topics }
        feed.start = topic.start
        let faults = ConsumerFaults()
        feed.onError = { faults.report($0) }
        feed.onContact = { faults.clear() }
        feed.onFault = { StandardStream.error.tell(TerminalText.line($0) + "\n") }
        feed.onLog = CommandLogHandler.librdkafka(configuration)
        return (MonitoringHub(settings: settings(MonitoringHub.Settings()), alerts: watch), feed)
    }

    private func settings(_ settings: MonitoringHub.Settings) -> MonitoringHub.Settings {
        var settings = settings
        settings.monitor.take(triggerIntervals)
        return settings
    }
}
