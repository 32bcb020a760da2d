public import Kafka

/// A broker for development in this process: librdkafka's mock cluster behind a port of your choice.
///
/// The mock cluster picks its ports itself and tells them to its clients, so the chosen port serves their first contact
/// and they go on to the cluster's own: enough for every client on this machine, not for one elsewhere or in a container.
/// Everything is kept in memory, about 5 MB per partition, and gone with the process.
public final class DevelopmentBroker: Sendable {
    /// The cluster behind the port.
    public let cluster: MockCluster
    private let forwarder: FaultProxy

    /// The port that clients are given.
    public var port: Int { forwarder.port }

    /// The address that clients are given.
    public var bootstrapServers: String { "127.0.0.1:\(port)" }

    /// Starts the broker.
    ///
    /// - Parameters:
    ///   - port: The port on 127.0.0.1; 0 takes a free one.
    ///   - topics: Topics that are there from the start, with one partition each. Others come to be when they are used.
    /// - Throws: ``KafkaError`` when the port is taken.
    public init(port: Int = 9092, topics: [String] = []) throws(KafkaError) {
        cluster = try MockCluster(brokers: 1)
        for topic in topics { try cluster.createTopic(topic) }
        let target = cluster.bootstrapServers.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        forwarder = try FaultProxy(to: target, port: port, gate: nil, seed: 0)
    }

    /// Ends the broker.
    public func close() {
        forwarder.close()
        cluster.close()
    }
}
