import Kafka

/// Whether topics are there.
enum TopicContact {
    /// The end of a topic that cannot be seen would never come. All topics are asked for: asking for one may create it.
    static func check(_ topics: [String], _ configuration: KafkaConfiguration) async throws {
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
