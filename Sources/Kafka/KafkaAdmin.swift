/// A topic to be created.
public struct NewTopic: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// How many partitions; -1 takes the broker's default.
    public var partitions: Int32
    /// How many brokers keep a copy; -1 takes the broker's default.
    public var replicationFactor: Int32
    /// The topic's options, such as `retention.ms`.
    public var configuration: [String: String]

    /// Describes a topic.
    public init(
        name: String, partitions: Int32 = 1, replicationFactor: Int32 = -1, configuration: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// Creates, deletes and lists topics.
///
/// Every call waits for the brokers' answer on a thread of its own; one that does not come in time is a ``KafkaError`` with
/// the code `timedOut`. librdkafka's mock cluster has no controller, so creating and deleting always time out there.
public final class KafkaAdmin: Sendable {
    private let handle: Handle

    /// Starts a client for administration. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and options.
    ///   - onError: Gets errors that belong to no call, such as a refused login, on a thread of librdkafka's; it must return
    ///     soon, and not call the client.
    ///   - onLog: Gets librdkafka's log lines, on any thread; it must return soon, and not call the client.
    /// - Throws: ``KafkaError`` when an option is wrong.
    public init(
        _ configuration: KafkaConfiguration, onError: @escaping @Sendable (KafkaError) -> Void = { _ in },
        onLog: @escaping @Sendable (KafkaLogEntry) -> Void = { _ in }
    ) throws(KafkaError) {
        let options = try configuration.resolved(defaults: [("log.connection.close", "false")])
        handle = try Handle(.admin, options: options, context: CallbackContext(onLog: onLog, onError: onError))
    }

    deinit {
        // No call is under way, for each holds on to this object. Destroying joins librdkafka's threads, which is not for a
        // thread of the pool.
        do throws(KafkaError) {
            try DedicatedThread.start(name: "kafka-admin-close") { [handle] in handle.destroy() }
        } catch {
            // No thread is left: waiting here is better than a client that never ends.
            handle.destroy()
        }
    }

    /// The brokers and topics.
    ///
    /// - Parameter topic: Only this topic; nil asks for all.
    public func metadata(
        topic: String? = nil, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> ClusterMetadata {
        try await DedicatedThread.call(name: "kafka-admin") { () throws(KafkaError) in
            try self.handle.metadata(topic: topic, timeoutMs: timeout.milliseconds)
        }
    }

    /// Creates a topic.
    ///
    /// - Throws: ``KafkaError``; `topicAlreadyExists` when it is there.
    public func createTopic(_ topic: NewTopic, timeout: Duration = .seconds(10)) async throws(KafkaError) {
        let results = try await createTopics([topic], timeout: timeout)
        if let error = results[topic.name] { throw error }
    }

    /// Creates topics.
    ///
    /// - Returns: The errors of those that were not created, by name.
    public func createTopics(
        _ topics: [NewTopic], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [String: KafkaError] {
        if topics.isEmpty { return [:] }
        return try await failures(timeout) { handle, timeoutMs throws(KafkaError) in
            try handle.createTopics(topics, timeoutMs: timeoutMs)
        }
    }

    /// Deletes topics and all their records.
    ///
    /// - Returns: The errors of those that were not deleted, by name.
    @discardableResult
    public func deleteTopics(
        _ topics: [String], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [String: KafkaError] {
        if topics.isEmpty { return [:] }
        return try await failures(timeout) { handle, timeoutMs throws(KafkaError) in
            try handle.deleteTopics(topics, timeoutMs: timeoutMs)
        }
    }

    /// Gives a topic more partitions; what it has stays.
    ///
    /// - Parameters:
    ///   - topic: The topic.
    ///   - total: How many it is to have with those it has already.
    /// - Throws: ``KafkaError`` when the brokers refuse.
    public func addPartitions(
        to topic: String, total: Int, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) {
        let failures = try await failures(timeout) { handle, timeoutMs throws(KafkaError) in
            try handle.createPartitions(of: topic, total: total, timeoutMs: timeoutMs)
        }
        if let error = failures[topic] { throw error }
    }

    /// Start and end of a partition's log.
    public func logOffsets(
        of partition: TopicPartition, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> LogOffsets {
        try await DedicatedThread.call(name: "kafka-admin") { () throws(KafkaError) in
            try self.handle.logOffsets(of: partition, timeoutMs: timeout.milliseconds)
        }
    }

    private func failures(
        _ timeout: Duration,
        _ call: @escaping @Sendable (Handle, Int32) throws(KafkaError) -> [(String, KafkaError?)]
    ) async throws(KafkaError) -> [String: KafkaError] {
        let timeoutMs = timeout.milliseconds
        let results = try await DedicatedThread.call(name: "kafka-admin") { () throws(KafkaError) in
            try call(self.handle, timeoutMs)
        }
        var failures: [String: KafkaError] = [:]
        for (topic, error) in results { failures[topic] = error }
        return failures
    }
}
