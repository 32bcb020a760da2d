import ArgumentParser
import FoundationEssentials
import Kafka
import MetricsStore
import MetricsTopic

/// `streamgauge consume`: metrics back from Kafka.
struct Consume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the events of streaming queries that come from the metrics topics, or stores them.",
        discussion: """
            Reads what this program, or any Spark listener, wrote to the topics, each event once. Records that are no \
            events, events that are missing and records that the broker has lost are told on standard error, and the \
            rest goes on; the last line there counts them. Missing events are known when both topics are read: they \
            share one count. Ctrl-C ends it.

            EXAMPLES
              streamgauge consume --bootstrap-servers localhost:9092
              streamgauge consume --bootstrap-servers localhost:9092 --from-beginning --until-end --format json
              streamgauge consume --bootstrap-servers localhost:9092 --since "2 hours ago"
              streamgauge consume --bootstrap-servers localhost:9092 --query test_stream --format csv > test_stream.csv
              streamgauge consume --bootstrap-servers localhost:9092 --topic streaming-metrics \\
                  --topic streaming-metrics-lifecycle --from-beginning --store metrics.db
            """)

    @OptionGroup var kafka: KafkaOptions

    @OptionGroup var topic: TopicOptions

    @Flag(help: "Go on at the topics' ends and wait for more. (default)")
    var follow = false

    @Flag(help: "End where the topics end now.")
    var untilEnd = false

    @Option(
        help: """
            The consumer group that remembers how far it has read, where --from-beginning and --since count only for \
            what it never read; without one, nothing is remembered.
            """)
    var group: String?

    @Option(help: ArgumentHelp("This member's own name in the group: back soon, it has its partitions at once."))
    var instanceId: String?

    @Option(
        help: """
            How the group shares out partitions: cooperative-sticky, range or roundrobin; the same for all members. \
            (default: cooperative-sticky)
            """, transform: Self.assignment)
    var assignment: KafkaConsumer.AssignmentStrategy?

    @Option(
        help: """
            How to write events: table, json (one event a line), or csv (progress only). (default: table; none with \
            --store)
            """)
    var format: RecordFormat?

    @Option(help: "Only the query with this name, id or run id.")
    var query: String?

    @Flag(help: "Show an event again for each copy of it on the topics.")
    var noDeduplicate = false

    @Option(
        help: ArgumentHelp(
            "Keep events and offsets in this SQLite file, each event once; reading goes on where it ends.",
            valueName: "file"))
    var store: String?

    @Option(help: ArgumentHelp("Keep the records that are no events in this file, as JSON lines.", valueName: "file"))
    var deadLetter: String?

    @Option(help: ArgumentHelp("Send the records that are no events to this topic.", valueName: "topic"))
    var deadLetterTopic: String?

    func validate() throws {
        let given = [
            "--group": group, "--instance-id": instanceId, "--query": query, "--store": store,
            "--dead-letter": deadLetter, "--dead-letter-topic": deadLetterTopic,
        ]
        // An empty value is nearly always a variable that a script forgot to set.
        for option in given.keys.sorted() where given[option] == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        if follow, untilEnd { throw ValidationError("--follow and --until-end exclude each other: give one of them") }
        if group == nil, instanceId != nil || assignment != nil {
            let option = instanceId == nil ? "--assignment" : "--instance-id"
            throw ValidationError("\(option) is for members of a group: give --group as well")
        }
        if store != nil, noDeduplicate {
            throw ValidationError("--no-deduplicate cannot be with --store: a store keeps each event once")
        }
        if let deadLetterTopic, readTopics.contains(deadLetterTopic) {
            throw ValidationError(
                "--dead-letter-topic \(deadLetterTopic) is read as well: each record would come back; name another topic"
            )
        }
    }

    private var readTopics: [String] { topic.topics.isEmpty ? [TopicContract.progressTopic] : topic.topics }

    func run() async throws {
        let configuration = try kafka.configuration()
        let signals = StopSignals()
        let store = try self.store.map { try MetricsStore(path: $0) }
        let file = try deadLetter.map { try DeadLetterFile(path: $0) }
        if untilEnd { try await checkTopics(readTopics, configuration) }
        let deadLetters = try deadLetterTopic.map { try DeadLetterTopic(configuration: configuration, topic: $0) }
        let format = self.format ?? (store == nil ? .table : nil)
        if let header = format?.header { try StandardStream.output.write(header + "\n") }
        let faults = ConsumerFaults()
        let printer = RecordPrinter(format: format, deadLetterFile: file, deadLetterTopic: deadLetters, faults: faults)
        let consumer = consumer(configuration, faults)
        let outcome = await Outcome {
            try await signals.cancelling { try await Self.read(consumer, printer, store) }
        }
        await deadLetters?.close()
        let stored = try outcome.get()
        StandardStream.error.tell("\(printer.summary)\(stored)\n")
    }

    private static func assignment(_ text: String) throws -> KafkaConsumer.AssignmentStrategy {
        if let strategy = KafkaConsumer.AssignmentStrategy(rawValue: text) { return strategy }
        throw ValidationError(
            "there is no assignment \"\(text)\": give cooperative-sticky, range or roundrobin")
    }

    private func consumer(_ configuration: KafkaConfiguration, _ faults: ConsumerFaults) -> MetricsConsumer {
        var consumer = MetricsConsumer(
            configuration: configuration, topics: readTopics, group: group, start: topic.start, stopsAtEnd: untilEnd,
            query: query, onError: { faults.report($0) })
        consumer.deduplicates = !noDeduplicate
        consumer.instanceId = instanceId
        consumer.assignment = assignment ?? .cooperativeSticky
        consumer.onLog = CommandLogHandler.librdkafka(configuration)
        return consumer
    }

    /// Reads to the end; gives what is to be said of the store.
    private static func read(
        _ consumer: MetricsConsumer, _ printer: RecordPrinter, _ store: MetricsStore?
    ) async throws -> String {
        guard let store else {
            try await consumer.run(batchesOf: 500) { try await printer.show($0) }
            return ""
        }
        let new = try await store.run(consumer, beforeStoring: { try await printer.show($0) })
        return "; stored \(NumberText.count(new.events, "new event")), \(try store.counts().events) in \(store.path)"
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
