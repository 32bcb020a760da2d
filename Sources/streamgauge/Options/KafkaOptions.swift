import ArgumentParser
import Kafka

/// How a command reaches Kafka.
struct KafkaOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The brokers to ask first, with commas between them.", valueName: "host:port"))
    var bootstrapServers: String

    @Option(
        name: .customLong("kafka-option"),
        help: ArgumentHelp(
            "An option of librdkafka, such as security.protocol=SSL; may be given several times.",
            valueName: "name=value"))
    var settings: [SettingOption] = []

    /// The clients' configuration.
    var configuration: KafkaConfiguration {
        KafkaConfiguration(
            bootstrapServers: bootstrapServers, clientId: "streamgauge", properties: settings.dictionary)
    }
}
