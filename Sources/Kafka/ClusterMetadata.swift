/// What the brokers say about themselves and their topics.
public struct ClusterMetadata: Sendable, Hashable {
    /// A broker.
    public struct Broker: Sendable, Hashable {
        /// Its number in the cluster.
        public var id: Int32
        /// The host that it tells clients to use.
        public var host: String
        /// The port that it tells clients to use.
        public var port: Int
    }

    /// A partition.
    public struct Partition: Sendable, Hashable {
        /// Its number, from 0.
        public var id: Int32
        /// The broker that leads it; nil while none does.
        public var leader: Int32?
        /// How many brokers keep a copy.
        public var replicas: Int
    }

    /// A topic.
    public struct Topic: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Its partitions; empty when there was an error.
        public var partitions: [Partition]
        /// Why the brokers tell nothing about it, such as `unknownTopicOrPartition`.
        public var error: KafkaError?
    }

    /// The brokers.
    public var brokers: [Broker]
    /// The topics that were asked for.
    public var topics: [Topic]
}
