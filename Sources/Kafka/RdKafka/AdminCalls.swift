import CRdKafka

extension Handle {
    /// Creates topics; gives each one's error, or nil.
    func createTopics(_ topics: [NewTopic], timeoutMs: Int32) throws(KafkaError) -> [(String, KafkaError?)] {
        let attempt = "create \(Self.list(topics.map(\.name)))"
        var objects: [OpaquePointer?] = []
        defer { for object in objects { rd_kafka_NewTopic_destroy(object) } }
        var reason = [CChar](repeating: 0, count: 512)
        for topic in topics {
            let object = rd_kafka_NewTopic_new(
                topic.name, topic.partitions, topic.replicationFactor, &reason, reason.count)
            guard let object else {
                throw KafkaError(
                    code: .invalidArgument, message: "cannot \(attempt): \(String(cBytes: reason)); correct the topic")
            }
            objects.append(object)
            for (name, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
                let code = rd_kafka_NewTopic_set_config(object, name, value)
                guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                    throw KafkaError(code, attempt: "\(attempt) with \(name)=\(value)")
                }
            }
        }
        return try admin(RD_KAFKA_ADMIN_OP_CREATETOPICS, attempt, timeoutMs) { client, options, queue in
            rd_kafka_CreateTopics(client, &objects, objects.count, options, queue)
        } results: { event in
            var count = 0
            return Self.results(
                rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count), count
            ) {
                "create topic \"\($0)\""
            }
        }
    }

    /// Deletes topics; gives each one's error, or nil.
    func deleteTopics(_ topics: [String], timeoutMs: Int32) throws(KafkaError) -> [(String, KafkaError?)] {
        let attempt = "delete \(Self.list(topics))"
        var objects: [OpaquePointer?] = topics.map { rd_kafka_DeleteTopic_new($0) }
        defer { for object in objects { rd_kafka_DeleteTopic_destroy(object) } }
        return try admin(RD_KAFKA_ADMIN_OP_DELETETOPICS, attempt, timeoutMs) { client, options, queue in
            rd_kafka_DeleteTopics(client, &objects, objects.count, options, queue)
        } results: { event in
            var count = 0
            return Self.results(
                rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count), count
            ) {
                "delete topic \"\($0)\""
            }
        }
    }

    /// Gives a topic more partitions; gives the error, or nil.
    func createPartitions(of topic: String, total: Int, timeoutMs: Int32) throws(KafkaError) -> [(String, KafkaError?)]
    {
        let attempt = "give topic \"\(topic)\" \(total) partitions"
        var reason = [CChar](repeating: 0, count: 512)
        var object = rd_kafka_NewPartitions_new(topic, max(0, total), &reason, reason.count)
        guard object != nil else {
            throw KafkaError(
                code: .invalidArgument, message: "cannot \(attempt): \(String(cBytes: reason)); correct the number")
        }
        defer { rd_kafka_NewPartitions_destroy(object) }
        return try admin(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, attempt, timeoutMs) { client, options, queue in
            rd_kafka_CreatePartitions(client, &object, 1, options, queue)
        } results: { event in
            var count = 0
            return Self.results(
                rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count), count
            ) { _ in
                attempt
            }
        }
    }

    /// Makes a request and takes what it needs of the answer.
    func admin<Results>(
        _ operation: rd_kafka_admin_op_t, _ attempt: String, _ timeoutMs: Int32,
        start: (_ client: OpaquePointer, _ options: OpaquePointer?, _ queue: OpaquePointer) -> Void,
        results: (_ event: OpaquePointer) throws(KafkaError) -> Results
    ) throws(KafkaError) -> Results {
        try withClient(otherwise: .closed(attempt)) { client throws(KafkaError) in
            guard let queue = rd_kafka_queue_new(client) else {
                throw KafkaError(code: .resourceExhausted, message: "cannot \(attempt): out of memory")
            }
            defer { rd_kafka_queue_destroy(queue) }
            let options = rd_kafka_AdminOptions_new(client, operation)
            defer { rd_kafka_AdminOptions_destroy(options) }
            var reason = [CChar](repeating: 0, count: 512)
            let code = rd_kafka_AdminOptions_set_request_timeout(options, max(1, timeoutMs), &reason, reason.count)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw KafkaError(code, attempt: attempt, detail: String(cBytes: reason))
            }
            start(client, options, queue)
            // The request times out by itself; the second is for its answer to arrive.
            guard let event = rd_kafka_queue_poll(queue, timeoutMs + 1000) else {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, attempt: attempt)
            }
            defer { rd_kafka_event_destroy(event) }
            let error = rd_kafka_event_error(event)
            guard error == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw KafkaError(
                    error, attempt: attempt, detail: rd_kafka_event_error_string(event).map { String(cString: $0) })
            }
            return try results(event)
        }
    }

    private static func results(
        _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, attempt: (String) -> String
    ) -> [(String, KafkaError?)] {
        UnsafeBufferPointer(start: results, count: count).compactMap { result in
            guard let result else { return nil }
            let name = String(cString: rd_kafka_topic_result_name(result))
            let code = rd_kafka_topic_result_error(result)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { return (name, nil) }
            let detail = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
            return (name, KafkaError(code, attempt: attempt(name), detail: detail, topic: name))
        }
    }

    private static func list(_ names: [String]) -> String {
        (names.count == 1 ? "topic " : "topics ") + names.map { "\"\($0)\"" }.joined(separator: ", ")
    }
}
