import CRdKafka

extension Handle {
    /// Asks the brokers who they are and which topics there are.
    ///
    /// - Parameter topic: Only this topic; nil asks for all.
    func metadata(topic: String?, timeoutMs: Int32) throws(KafkaError) -> ClusterMetadata {
        let attempt = topic.map { "ask for the partitions of topic \"\($0)\"" } ?? "ask for the cluster's topics"
        return try withClient(otherwise: .closed(attempt)) { client throws(KafkaError) in
            let object = topic.flatMap { rd_kafka_topic_new(client, $0, nil) }
            defer { if let object { rd_kafka_topic_destroy(object) } }
            if topic != nil, object == nil {
                throw KafkaError(rd_kafka_last_error(), attempt: attempt)
            }
            var pointer: UnsafePointer<rd_kafka_metadata>?
            let code = rd_kafka_metadata(client, topic == nil ? 1 : 0, object, &pointer, timeoutMs)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let pointer else { throw KafkaError(code, attempt: attempt) }
            defer { rd_kafka_metadata_destroy(pointer) }
            return ClusterMetadata(pointer.pointee)
        }
    }
}

extension ClusterMetadata {
    fileprivate init(_ metadata: rd_kafka_metadata) {
        let brokers = UnsafeBufferPointer(start: metadata.brokers, count: Int(metadata.broker_cnt)).map {
            Broker(id: $0.id, host: String(cString: $0.host), port: Int($0.port))
        }
        let topics = UnsafeBufferPointer(start: metadata.topics, count: Int(metadata.topic_cnt)).map { topic in
            let name = String(cString: topic.topic)
            return Topic(
                name: name,
                partitions: UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt)).map {
                    Partition(id: $0.id, leader: $0.leader >= 0 ? $0.leader : nil, replicas: Int($0.replica_cnt))
                },
                error: topic.err == RD_KAFKA_RESP_ERR_NO_ERROR
                    ? nil : KafkaError(topic.err, attempt: "describe topic \"\(name)\"", topic: name))
        }
        self.init(brokers: brokers, topics: topics)
    }
}
