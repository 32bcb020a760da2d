import ArgumentParser
import FoundationEssentials
import Kafka
import LiveMonitoring
import MetricsTopic
import Monitoring
import MonitoringHistory

/// `streamgauge history rebuild`: a history from what the topics or recorded files still have.
struct HistoryRebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Makes a history from the topics or from recorded events, or fills the holes of one.",
        discussion: """
            Reads from the oldest record to where the topics end now, or recorded files. What the file has already \
            counts once, so that it may be run again, after it was broken off too. serve must not write to the file \
            meanwhile.

            EXAMPLES
              streamgauge history rebuild --history history.db --bootstrap-servers localhost:9092
              streamgauge history rebuild --history history.db --replay progress.jsonl --replay lifecycle.jsonl
            """)

    @OptionGroup var file: HistoryOptions
    @OptionGroup var kafka: KafkaOptions

    @Option(
        name: .customLong("topic"),
        help: """
            A topic to read; may be given several times. (default: \(TopicContract.progressTopic) and \
            \(TopicContract.lifecycleTopic))
            """)
    var topics: [String] = []

    @Option(
        name: .customLong("replay"), parsing: .upToNextOption,
        help: ArgumentHelp("Files of recorded events, one JSON text a line, instead of the topics.", valueName: "file"))
    var recordings: [String] = []

    func validate() throws {
        if file.history == nil { throw ValidationError("name the file with --history") }
        if !recordings.isEmpty, kafka.areGiven || kafka.insecure || !topics.isEmpty {
            throw ValidationError("--replay is instead of the topics: leave the options of Kafka out")
        }
        if recordings.contains("") || topics.contains("") {
            let option = topics.contains("") ? "--topic" : "--replay"
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
    }

    func run() async throws {
        let source = try source()
        guard let history = try file.recorder() else { return }
        let before = history.health
        let hub = MonitoringHub(settings: .replay, observers: [history])
        let signals = StopSignals()
        let outcome = await Outcome {
            try await signals.cancelling { try await Self.read(source, hub, history) }
        }
        await history.stop()
        do {
            try outcome.get()
        } catch is CancellationError {
            throw CommandError(
                "stopped before the end; \(history.path) has what was read so far",
                hint: "run it again: what is there counts once")
        }
        let health = history.health
        if let error = health.error { throw CommandError(error) }
        let queries = try HistoryReader(path: history.path).queries().count
        StandardStream.error.tell(
            "read \(NumberText.count(health.written - before.written, "event")) into \(history.path), "
                + "which has \(queries == 1 ? "1 query" : "\(queries) queries")\n")
    }

    /// Reads to the end, or until the file cannot be written: to read on would be for nothing.
    private static func read(
        _ source: @escaping @Sendable (MonitoringHub) async throws -> Void, _ hub: MonitoringHub,
        _ history: HistoryRecorder
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await source(hub) }
            group.addTask {
                while true {
                    try await Task.sleep(for: .milliseconds(200))
                    if let error = history.health.error { throw CommandError(error) }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// What gives the events to a hub.
    private func source() throws -> @Sendable (MonitoringHub) async throws -> Void {
        guard recordings.isEmpty else {
            var feed = try RecordingFeed(paths: recordings)
            feed.onRefusal = { StandardStream.error.tell(TerminalText.line($0) + "\n") }
            return { [feed] in try await feed.run(into: $0) }
        }
        let configuration = try kafka.configuration()
        let names = topics.isEmpty ? [TopicContract.progressTopic, TopicContract.lifecycleTopic] : topics
        let faults = ConsumerFaults()
        return { hub in
            var consumer = MetricsConsumer(
                configuration: configuration, topics: names, start: .beginning, stopsAtEnd: true,
                onError: { faults.report($0) })
            consumer.onLog = CommandLogHandler.librdkafka(configuration)
            try await TopicContact.check(names, configuration)
            try await consumer.run(batchesOf: 500) { batch in
                if !batch.records.isEmpty { faults.clear() }
                for record in batch.records {
                    switch record {
                    case .event(let event, let metadata), .duplicate(let event, let metadata):
                        let carried = metadata.timestampMs.map { MonitorTime(millisecondsSinceEpoch: $0) }
                        hub.take(
                            event, at: carried ?? event.ownTime ?? .systemTime, queryName: metadata.queryName)
                    case .unreadable(let record):
                        StandardStream.error.tell(
                            TerminalText.line(
                                "unreadable record: topic \(record.topic), partition \(record.partition), "
                                    + "offset \(record.offset): \(record.reason)") + "\n")
                    case .lost(let gap): StandardStream.error.tell(TerminalText.line("lost records: \(gap)") + "\n")
                    case .gap: break
                    }
                }
                await hub.makeRoom()
            }
        }
    }
}
