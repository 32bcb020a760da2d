import ArgumentParser
import Kafka
import TopicMonitoring

/// Consumer groups that show what queries have read.
struct ShadowOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Commit what each query has read of Kafka to a consumer group of this name, such as spark-{query}, so that tools that "
                + "show the lag of groups show it. {query} stands for the query's name or else its id, {id} for its id.",
            valueName: "template"))
    var shadowGroup: String?

    @Option(
        help: ArgumentHelp(
            "The brokers that have the sources' topics. (default: those of the metrics)", valueName: "host:port"))
    var shadowBootstrapServers: String?

    @Option(
        help: ArgumentHelp(
            "A file of name=value lines for these brokers, instead of the options for those of the metrics.",
            valueName: "file.properties"))
    var shadowKafkaConfig: String?

    @Option(
        help: ArgumentHelp("Seconds at least between two commits to a group. (default: 5)", valueName: "seconds"))
    var shadowInterval: Int?

    func validate() throws {
        let given = [
            ("--shadow-group", shadowGroup), ("--shadow-bootstrap-servers", shadowBootstrapServers),
            ("--shadow-kafka-config", shadowKafkaConfig),
        ]
        for (option, value) in given where value == .some("") {
            throw ValidationError("\(option) has an empty value: give one, or leave the option out")
        }
        guard let shadowGroup else {
            let needless = given.first { $0.1 != nil }?.0 ?? (shadowInterval == nil ? nil : "--shadow-interval")
            guard let needless else { return }
            throw ValidationError("\(needless) is for shadow groups: give --shadow-group as well")
        }
        do throws(KafkaError) {
            _ = try ShadowGroupTemplate(shadowGroup)
        } catch {
            throw ValidationError("--shadow-group: \(error.message)")
        }
        guard (1...3600).contains(shadowInterval ?? 5) else {
            throw ValidationError("--shadow-interval must be between 1 and 3600 seconds")
        }
    }

    /// Makes what commits; nil where it is not asked for.
    ///
    /// - Parameter kafka: How the metrics are reached.
    func groups(_ kafka: KafkaOptions) throws -> ShadowGroups? {
        guard let shadowGroup else { return nil }
        let configuration = try kafka.configuration(
            file: shadowKafkaConfig, servers: shadowBootstrapServers.map { ("--shadow-bootstrap-servers", $0) })
        var settings = ShadowGroups.Settings()
        if let shadowInterval { settings.interval = .seconds(shadowInterval) }
        return try ShadowGroups(
            configuration: configuration, template: try ShadowGroupTemplate(shadowGroup), settings: settings,
            onError: { StandardStream.error.tell("warning: \(TerminalText.line($0.description))\n") },
            onContact: { StandardStream.error.tell("shadow groups are committed again\n") },
            onLog: CommandLogHandler.librdkafka(configuration))
    }
}
