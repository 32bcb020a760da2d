import CRdKafka

extension Handle {
    /// Sets a group's offsets; gives the partitions for which that was refused.
    func alterOffsets(
        of group: String, to offsets: [TopicPartition: Int64], timeoutMs: Int32
    ) throws(KafkaError) -> [TopicPartition: KafkaError] {
        let attempt = "set the offsets of group \"\(group)\""
        let list = try TopicPartitionList(offsets.map { ($0.key, $0.value) })
        var object = rd_kafka_AlterConsumerGroupOffsets_new(group, list.pointer)
        defer { rd_kafka_AlterConsumerGroupOffsets_destroy(object) }
        let partitions = try admin(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, attempt, timeoutMs) {
            rd_kafka_AlterConsumerGroupOffsets($0, &object, 1, $1, $2)
        } results: { event throws(KafkaError) in
            var count = 0
            let groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
                rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count)
            return try Self.partitions(of: groups, count, attempt)
        }
        var failures: [TopicPartition: KafkaError] = [:]
        for (partition, _, code) in partitions where code != RD_KAFKA_RESP_ERR_NO_ERROR {
            let place = "\(partition.topic)[\(partition.partition)]"
            failures[partition] = KafkaError(code, attempt: "\(attempt) in \(place)", topic: partition.topic)
        }
        return failures
    }

    /// The offsets that a group has committed.
    func committedOffsets(of group: String, timeoutMs: Int32) throws(KafkaError) -> [TopicPartition: Int64] {
        let attempt = "list the offsets of group \"\(group)\""
        var object = rd_kafka_ListConsumerGroupOffsets_new(group, nil)
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(object) }
        let partitions = try admin(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, attempt, timeoutMs) {
            rd_kafka_ListConsumerGroupOffsets($0, &object, 1, $1, $2)
        } results: { event throws(KafkaError) in
            var count = 0
            let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
                rd_kafka_event_ListConsumerGroupOffsets_result(event), &count)
            return try Self.partitions(of: groups, count, attempt)
        }
        var offsets: [TopicPartition: Int64] = [:]
        for (partition, offset, code) in partitions where code == RD_KAFKA_RESP_ERR_NO_ERROR && offset >= 0 {
            offsets[partition] = offset
        }
        return offsets
    }

    /// The partitions of the one group that was asked for.
    private static func partitions(
        of groups: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ attempt: String
    ) throws(KafkaError) -> [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        guard let groups, count > 0, let group = groups[0] else { return [] }
        if let error = rd_kafka_group_result_error(group) {
            throw KafkaError(
                rd_kafka_error_code(error), attempt: attempt, detail: String(cString: rd_kafka_error_string(error)))
        }
        return rd_kafka_group_result_partitions(group).map { TopicPartitionList.elements($0) } ?? []
    }
}
