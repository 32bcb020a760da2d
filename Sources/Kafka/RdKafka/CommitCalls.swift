import CRdKafka

extension Handle {
    /// What the queue of a client that only commits gives.
    enum CommitEvent {
        /// The answer to the commit of this number: what was wrong with all of it or with single partitions.
        case answer(UInt, KafkaError?, [TopicPartition: KafkaError])
        /// An error that belongs to no commit, such as a refused login, or a group that this user may not use.
        case error(KafkaError)
    }

    /// Asks for a commit, whose answer comes as an event with the number given. librdkafka answers each, at the latest when it has waited
    /// `session.timeout.ms` for the coordinator and then `socket.timeout.ms` for its word.
    func startCommit(_ offsets: [(TopicPartition, Int64)], number: UInt, attempt: String) throws(KafkaError) {
        let list = try TopicPartitionList(offsets)
        try withEvents(attempt) { client, queue throws(KafkaError) in
            let code = rd_kafka_commit_queue(
                client, list.pointer, queue, nil, UnsafeMutableRawPointer(bitPattern: number))
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, attempt: attempt) }
        }
    }

    /// Waits for an event of a client that only commits; nil when there is none in time.
    ///
    /// - Parameter attempt: What commits are called in errors.
    func pollCommits(timeoutMs: Int32, attempt: String) throws(KafkaError) -> CommitEvent? {
        try withEvents(attempt) { _, queue throws(KafkaError) in
            guard let event = rd_kafka_queue_poll(queue, timeoutMs) else { return nil }
            defer { rd_kafka_event_destroy(event) }
            let code = rd_kafka_event_error(event)
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_OFFSET_COMMIT:
                let elements = rd_kafka_event_topic_partition_list(event).map { TopicPartitionList.elements($0) } ?? []
                let refused = elements.filter { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }.map {
                    ($0.partition, KafkaError($0.error, attempt: "\(attempt) for \($0.partition)"))
                }
                return .answer(
                    UInt(bitPattern: rd_kafka_event_opaque(event)),
                    code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, attempt: attempt),
                    Dictionary(refused, uniquingKeysWith: { $1 }))
            case RD_KAFKA_EVENT_ERROR:
                let reason = rd_kafka_event_error_string(event).map { String(cString: $0) }
                return .error(KafkaError(code, attempt: attempt, detail: reason))
            default: return nil
            }
        }
    }
}
