import ArgumentParser
import KafkaTesting
import MetricsTopic

/// `streamgauge broker`: a Kafka broker for development in this process.
struct Broker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a development broker in this process: librdkafka's mock cluster, not Kafka itself.",
        discussion: """
            It listens on 127.0.0.1, keeps all records in memory and forgets them at its end. It is for trying things out \
            and for tests; for anything else run Kafka, such as with docker compose up.

            EXAMPLES
              streamgauge broker
              streamgauge broker --port 19092
            """)

    @Option(help: "The port on 127.0.0.1; 0 takes a free one.")
    var port = 9092

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port must be from 0 to 65535") }
    }

    func run() async throws {
        let signals = StopSignals()
        let broker = try DevelopmentBroker(
            port: port, topics: [TopicContract.progressTopic, TopicContract.lifecycleTopic])
        StandardStream.error.tell("development broker (in memory, not Kafka itself); Ctrl-C ends it\n")
        try StandardStream.output.write("KAFKA_BOOTSTRAP_SERVERS=\(broker.bootstrapServers)\n")
        await signals.wait()
        broker.close()
    }
}
