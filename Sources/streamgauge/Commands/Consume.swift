import ArgumentParser
import Kafka
import MetricsTopic

/// `streamgauge consume`: metrics back from Kafka.
struct Consume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the events of streaming queries that come from the metrics topics.",
        discussion: """
            Reads what this program, or any Spark listener, wrote to the topics. A record that is no event is told on \
            standard error, with its topic, partition and offset, and the rest goes on. Ctrl-C ends it.

            EXAMPLES
              streamgauge consume --bootstrap-servers localhost:9092
              streamgauge consume --bootstrap-servers localhost:9092 --from-beginning --until-end --format json
              streamgauge consume --bootstrap-servers localhost:9092 --query test_stream --format csv > test_stream.csv
              streamgauge consume --bootstrap-servers localhost:9092 --topic streaming-metrics-lifecycle
            """)

    @OptionGroup var kafka: KafkaOptions

    @Option(
        name: .customLong("topic"),
        help: "A topic to read; may be given several times. (default: \(TopicContract.progressTopic))")
    var topics: [String] = []

    @Flag(help: "Begin with the oldest record; otherwise with the next one to come.")
    var fromBeginning = false

    @Flag(help: "End where the topics end now; otherwise go on.")
    var untilEnd = false

    @Option(help: "The consumer group that remembers how far it has read; without one, nothing is remembered.")
    var group: String?

    @Option(help: "How to write events: table, json (one event a line), or csv (progress only).")
    var format = RecordFormat.table

    @Option(help: "Only the query with this name, id or run id.")
    var query: String?

    @Option(help: ArgumentHelp("Keep the records that are no events in this file, as JSON lines.", valueName: "file"))
    var deadLetter: String?

    func run() async throws {
        let configuration = try kafka.configuration()
        let signals = StopSignals()
        let topics = topics.isEmpty ? [TopicContract.progressTopic] : topics
        let deadLetters = try deadLetter.map { try DeadLetterFile(path: $0) }
        if untilEnd { try await checkTopics(topics, configuration) }
        let faults = ConsumerFaults()
        var consumer = MetricsConsumer(
            configuration: configuration, topics: topics, group: group, start: fromBeginning ? .beginning : .end,
            stopsAtEnd: untilEnd, query: query, onError: { faults.report($0) })
        consumer.onLog = CommandLogHandler.librdkafka(configuration)
        let records = consumer.records
        let format = format
        if let header = format.header { try StandardStream.output.write(header + "\n") }
        let (events, unreadable) = try await signals.cancelling {
            var counts = (events: 0, unreadable: 0)
            for try await record in records {
                faults.clear()
                switch record {
                case .event(let event, _):
                    counts.events += 1
                    if let line = format.line(event) { try StandardStream.output.write(line + "\n") }
                case .unreadable(let record):
                    counts.unreadable += 1
                    try tell(record, deadLetters)
                }
            }
            return counts
        }
        StandardStream.error.tell(
            "read \(NumberText.count(events, "event")), \(NumberText.count(unreadable, "unreadable record"))\n")
    }

    /// The end of a topic that cannot be seen would never come. All topics are asked for: asking for one may create it.
    private func checkTopics(_ topics: [String], _ configuration: KafkaConfiguration) async throws {
        let known: [ClusterMetadata.Topic]
        switch try await ClusterContact.ask(configuration, timeout: .seconds(10)) {
        case .metadata(let metadata): known = metadata.topics
        case .nothing(let cause, let hint):
            throw CommandError("cannot ask \(configuration.bootstrapServers) for its topics: \(cause)", hint: hint)
        }
        for topic in topics {
            guard let found = known.first(where: { $0.name == topic }) else {
                throw CommandError(
                    "there is no topic \(topic) at \(configuration.bootstrapServers)",
                    hint: "check the name, or leave --until-end out to wait for it")
            }
            if let error = found.error { throw error }
        }
    }
}

/// Says which record cannot be read and why, and keeps it.
private func tell(_ record: MetricsRecord.Unreadable, _ deadLetters: DeadLetterFile?) throws {
    StandardStream.error.tell(
        TerminalText.line(
            "unreadable record: topic \(record.topic), partition \(record.partition), offset \(record.offset): "
                + record.reason) + "\n")
    try deadLetters?.append(record)
}
