import ArgumentParser
import Kafka
import TopicMonitoring

/// Consumer groups that show what queries have read.
struct ShadowOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Commit what each query has read of Kafka to a consumer group of its name behind this prefix, so that tools that show "
                + "the lag of groups show it.", valueName: "prefix"))
    var shadowGroups: String?

    @Option(
        help: ArgumentHelp(
            "A file of name=value lines for the brokers of the sources. (default: those of the metrics)",
            valueName: "file.properties"))
    var shadowKafkaConfig: String?

    func validate() throws {
        if shadowGroups == .some("") {
            throw ValidationError("--shadow-groups has an empty value: give a prefix, such as spark-")
        }
        if shadowKafkaConfig != nil, shadowGroups == nil {
            throw ValidationError("--shadow-kafka-config is for shadow groups: give --shadow-groups as well")
        }
    }

    /// Makes the client that commits; nil where none is asked for.
    ///
    /// - Parameter metrics: The brokers that have the metrics.
    func groups(_ kafka: KafkaOptions, metrics: KafkaConfiguration) throws -> ShadowGroups? {
        guard let shadowGroups else { return nil }
        let configuration = try shadowKafkaConfig.map { try kafka.configuration(file: $0) } ?? metrics
        let faults = ConsumerFaults(of: "shadow groups")
        return try ShadowGroups(
            configuration: configuration, prefix: shadowGroups, onError: { faults.report($0) },
            onContact: { faults.clear() })
    }
}
