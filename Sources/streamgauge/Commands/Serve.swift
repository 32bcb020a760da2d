import ArgumentParser
import FoundationEssentials
import Kafka
import LiveMonitoring
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

            Alert rules are judged once a second: the shipped ones, or those of --rules, with their silences, inhibitions and \
            grouping. Notifications are told on standard error, one line each, and through the channels of --channels, such as \
            a webhook or mail. In a recording rules are judged at its own \
            times, and nobody is notified. SIGHUP reads the files of --rules and --channels again. --alert-state keeps pending and firing \
            alerts across restarts, and what channels have not delivered.

            A recording is read at once, and the clock then stands at its end; with --speed it goes on as it happened. Others \
            than this machine can read only with --token-file: a file with one line of 16 characters or more, which its owner \
            alone can read. They send it as "Authorization: Bearer …", or log in with a browser.

            With --history what queries do is kept in a file, and charts reach back as far as that does; reading goes on \
            where the file ends, unless told where to begin.

            With --shadow-group the end offsets of queries that read Kafka are committed to a consumer group for each, so that \
            kafka-consumer-groups, Burrow and others see their lag. Nobody else may join or use such a group.

            EXAMPLES
              streamgauge serve --bootstrap-servers localhost:9092
              streamgauge serve --bootstrap-servers localhost:9092 --history history.db
              streamgauge serve --bootstrap-servers localhost:9092 --since "1 hour ago" --listen 127.0.0.1:9000
              streamgauge serve --replay progress.jsonl --replay lifecycle.jsonl
              streamgauge serve --replay progress.jsonl --speed 60
              streamgauge serve --bootstrap-servers localhost:9092 --otlp-endpoint http://localhost:4318
              streamgauge serve --bootstrap-servers localhost:9092 --rules rules.yml --alert-state alerts.json
              streamgauge serve --bootstrap-servers localhost:9092 --channels channels.yml
              streamgauge serve --bootstrap-servers localhost:9092 --shadow-group "spark-{query}"
              openssl rand -hex 32 > token && chmod 600 token
              streamgauge serve --bootstrap-servers localhost:9092 --listen 0.0.0.0:8080 --token-file token
            """)

    @OptionGroup var feeds: FeedOptions
    @OptionGroup var historyOptions: HistoryOptions

    @OptionGroup var monitor: MonitorOptions

    @Option(
        help: ArgumentHelp(
            "Series of /metrics and of --otlp-endpoint for single partitions: of each source so many, those that are behind most.",
            valueName: "partitions"))
    var partitionSeries = 0

    @OptionGroup var alerts: AlertOptions
    @OptionGroup var export: ExportOptions
    @OptionGroup var shadow: ShadowOptions

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = "\(ListenAddress.loopback)"

    @Option(help: ArgumentHelp("A file with the token that readers have to know.", valueName: "file"))
    var tokenFile: String?

    func validate() throws {
        for (option, value) in [("--listen", listen), ("--token-file", tokenFile)] where value == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        if partitionSeries < 0 {
            throw ValidationError("--partition-series is \(partitionSeries): give a number from 0")
        }
        let live = [
            ("--alert-state", alerts.alertState), ("--channels", alerts.channels),
            ("--shadow-group", shadow.shadowGroup),
        ]
        if feeds.isReplay, let (option, _) = live.first(where: { $0.1 != nil }) {
            throw ValidationError("\(option) is for what happens now: leave it out with --replay")
        }
        if feeds.isReplay, feeds.kafka.insecure, export.otlpHeaders.isEmpty {
            throw ValidationError("--insecure is for brokers and for --otlp-header: leave it out with --replay")
        }
        do throws(MonitoringError) {
            _ = try ListenAddress(listen)
        } catch {
            throw ValidationError("--listen: \(error)")
        }
    }

    func run() async throws {
        ProcessLimits.shareMemory()
        let address = try ListenAddress(listen)
        let token = try tokenFile.map { try AccessToken(file: $0) }
        let brokers = try feeds.brokers()
        let groups = try shadow.groups(feeds.kafka)
        let pusher = try export.pusher(acceptsClear: feeds.kafka.insecure)
        let history = try historyOptions.recorder()
        let channels = try alerts.channels.map { try LiveChannels(file: $0) }
        let watch = try alerts.watch(isReplay: brokers == nil, channels: channels)
        let observers: [(any HubObserver)?] = [history, groups, brokers == nil ? nil : SilenceHint()]
        let hub = MonitoringHub(
            settings: settings(isReplay: brokers == nil, keepsTexts: history != nil), alerts: watch,
            observers: observers.compactMap { $0 })
        let feed = try feeds.feed(brokers, resumingAt: history?.takenThrough) {
            StandardStream.error.tell($0 + "\n")
        }
        var configuration = MonitoringServer.Configuration(address: address, token: token)
        configuration.partitionsPerSource = partitionSeries
        configuration.moreFamilies = {
            (channels?.families ?? []) + (pusher?.families ?? []) + (groups?.families ?? [])
        }
        let server = try MonitoringServer(hub: hub, configuration: configuration, history: history)
        let reload = AlertReload(rules: alerts.rules.files, for: watch, channels: channels)
        defer { withExtendedLifetime(reload) {} }
        let outcome = await Outcome {
            try await LiveChannels.run(channels, repeating: hub, keptBy: alerts.alertState == nil ? nil : watch) {
                try await Self.run(
                    server,
                    beside: [
                        { await hub.run([feed]) },
                        { await ProcessLimits.giveBackMemory(every: .seconds(30)) },
                        { if let groups { await groups.run(watching: hub) } },
                        { [export] in if let pusher { await pusher.run(server, every: export.interval) } },
                    ])
            }
        }
        // Behind the feeds: what they gave last is kept as well.
        await history?.stop()
        try outcome.get()
    }

    /// Serves until a signal comes, with other work beside it.
    private static func run(_ server: MonitoringServer, beside works: [@Sendable () async -> Void]) async throws {
        let signals = StopSignals()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for work in works { group.addTask { await work() } }
            defer { group.cancelAll() }
            try await signals.whileRunning(stop: { await server.stop() }) {
                try await server.run { address in StandardStream.output.tell("listening on http://\(address)\n") }
            }
        }
    }

    /// - Parameter keepsTexts: Whether a file keeps the JSON of batches, so that memory need hold only what that file may not have yet.
    private func settings(isReplay: Bool, keepsTexts: Bool) -> MonitoringHub.Settings {
        var settings = isReplay ? .replay : MonitoringHub.Settings()
        if keepsTexts, !isReplay { settings.batchBytes = 4 << 20 }
        monitor.apply(to: &settings.monitor)
        return settings
    }
}
