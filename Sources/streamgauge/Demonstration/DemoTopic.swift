import Kafka
import KafkaTesting
import MetricsTopic

/// The broker of the demonstration: one in this process, or the user's.
struct DemoTopic {
    let configuration: KafkaConfiguration
    private let broker: DevelopmentBroker?
    /// When it was opened, for readers of a topic that has older records.
    private let openedAtMs: Int64

    init(bootstrapServers: String?, nowMs: Int64) throws {
        openedAtMs = nowMs
        if let bootstrapServers {
            broker = nil
            configuration = KafkaConfiguration(bootstrapServers: bootstrapServers)
        } else {
            let broker = try DevelopmentBroker(
                port: 0, topics: [TopicContract.progressTopic, TopicContract.lifecycleTopic])
            self.broker = broker
            configuration = KafkaConfiguration(bootstrapServers: broker.bootstrapServers)
        }
    }

    /// What it is, for the user.
    var title: String {
        broker == nil
            ? "broker: \(configuration.bootstrapServers)"
            : "broker: \(configuration.bootstrapServers) (development broker in this process)"
    }

    /// A consumer of one query's progress. The broker in this process begins empty and knows no offsets by time.
    func consumer(ofQuery id: String) -> MetricsConsumer {
        MetricsConsumer(
            configuration: configuration, start: broker == nil ? .timestamp(openedAtMs) : .beginning, query: id)
    }

    func close() { broker?.close() }
}
