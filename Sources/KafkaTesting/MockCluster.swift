import CRdKafka
public import Kafka
import Synchronization

/// librdkafka's mock cluster: brokers in this process, on TCP ports of the loopback interface, that keep records in memory
/// and fail on command.
///
/// Topics that nobody created come to be with 4 partitions when a client asks for them. It keeps about 5 MB per partition
/// and drops older records; it has no controller (``KafkaAdmin`` cannot create topics), no list of groups, no offsets by
/// time. A group's first assignment takes about 3 s; reading without a group starts at once.
///
/// Destroy order: clients first, then ``close()``, which ends the cluster and after it the client that carries it.
public final class MockCluster: @unchecked Sendable {
    // Sendable by proof: librdkafka passes every call below to the cluster's own thread, and the lock keeps them from running
    // after `close` has taken the pointers away.
    private struct Pointers {
        var client: OpaquePointer
        var cluster: OpaquePointer
    }

    private let lock = Mutex(())
    private var pointers: Pointers?

    /// The brokers' addresses, `127.0.0.1:port` with commas between them.
    public let bootstrapServers: String

    /// A configuration for clients of this cluster.
    public var configuration: KafkaConfiguration { KafkaConfiguration(bootstrapServers: bootstrapServers) }

    /// Starts brokers, with the ids 1 to their number.
    ///
    /// - Throws: ``KafkaError`` when librdkafka cannot open its sockets.
    public init(brokers: Int = 1) throws(KafkaError) {
        let configuration = rd_kafka_conf_new()
        rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
        var reason = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &reason, reason.count) else {
            rd_kafka_conf_destroy(configuration)
            throw Self.failure("start the mock cluster", Self.text(reason))
        }
        guard let cluster = rd_kafka_mock_cluster_new(client, Int32(clamping: max(1, brokers))),
            let addresses = rd_kafka_mock_cluster_bootstraps(cluster)
        else {
            rd_kafka_destroy(client)
            throw Self.failure("start the mock cluster", "no socket could be opened on 127.0.0.1")
        }
        bootstrapServers = String(cString: addresses)
        pointers = Pointers(client: client, cluster: cluster)
    }

    deinit {
        close()
    }

    /// Ends the brokers; clients see them go away. Closing twice is fine.
    public func close() {
        lock.withLock { _ in
            guard let pointers else { return }
            self.pointers = nil
            rd_kafka_mock_cluster_destroy(pointers.cluster)
            rd_kafka_destroy(pointers.client)
        }
    }

    /// Creates a topic.
    public func createTopic(_ name: String, partitions: Int = 1, replicationFactor: Int = 1) throws(KafkaError) {
        try check("create topic \"\(name)\"") {
            rd_kafka_mock_topic_create($0, name, Int32(clamping: partitions), Int32(clamping: replicationFactor))
        }
    }

    /// Stops a broker: connections end and none can be made.
    public func setDown(broker id: Int32) throws(KafkaError) {
        try check("stop broker \(id)") { rd_kafka_mock_broker_set_down($0, id) }
    }

    /// Starts a stopped broker again.
    public func setUp(broker id: Int32) throws(KafkaError) {
        try check("start broker \(id)") { rd_kafka_mock_broker_set_up($0, id) }
    }

    /// Makes a broker answer late.
    public func setRoundTripTime(_ duration: Duration, broker id: Int32) throws(KafkaError) {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        try check("slow down broker \(id)") { rd_kafka_mock_broker_set_rtt($0, id, milliseconds) }
    }

    /// Moves a partition to a broker; nil leaves it without a leader, and its records wait.
    public func setLeader(of partition: TopicPartition, broker id: Int32?) throws(KafkaError) {
        try check("move \(partition)") {
            rd_kafka_mock_partition_set_leader($0, partition.topic, partition.partition, id ?? -1)
        }
    }

    /// Makes metadata answers on a topic carry an error, such as 29 for "not authorised"; 0 ends it.
    public func setTopicError(_ topic: String, code: Int32) throws(KafkaError) {
        try check("fail topic \"\(topic)\"") { cluster in
            rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(rawValue: code))
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Requests of Kafka's protocol that can be made to fail.
    public enum Request: Int16, Sendable {
        /// Writing records.
        case produce = 0
        /// Reading records.
        case fetch = 1
        /// Asking for offsets.
        case listOffsets = 2
        /// Asking for brokers and topics.
        case metadata = 3
        /// Committing offsets.
        case offsetCommit = 8
        /// Finding a group's coordinator.
        case findCoordinator = 10
        /// Getting an idempotent producer's id.
        case initProducerId = 22
    }

    /// Makes the next requests of a kind fail, one error after the other; librdkafka's codes, 0 for one that succeeds,
    /// -195 for a lost connection.
    public func pushErrors(_ codes: [Int32], on request: Request) throws(KafkaError) {
        try check("fail \(request) requests") { cluster in
            let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
            rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Lets requests of a kind succeed again.
    public func clearErrors(on request: Request) throws(KafkaError) {
        try check("let \(request) requests succeed") { cluster in
            rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    private func check(
        _ attempt: String, _ call: (OpaquePointer) -> rd_kafka_resp_err_t
    ) throws(KafkaError) {
        let code: rd_kafka_resp_err_t? = lock.withLock { _ in pointers.map { call($0.cluster) } }
        guard let code else {
            throw KafkaError(code: .closed, message: "cannot \(attempt): the mock cluster is closed; start a new one")
        }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw Self.failure(attempt, String(cString: rd_kafka_err2str(code)), code: code.rawValue)
    }

    private static func failure(_ attempt: String, _ reason: String, code: Int32 = 0) -> KafkaError {
        KafkaError(
            code: .client, rdKafkaCode: code, message: "cannot \(attempt): \(reason); check the names and numbers given"
        )
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
