import CRdKafka

/// librdkafka's list of partitions with offsets, freed with this object.
struct TopicPartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ partitions: some Collection<(TopicPartition, Int64)>) throws(KafkaError) {
        guard let pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count)) else {
            throw KafkaError(code: .resourceExhausted, message: "cannot list partitions: out of memory")
        }
        self.pointer = pointer
        for (place, offset) in partitions {
            // The element's address is good until the next addition.
            rd_kafka_topic_partition_list_add(pointer, place.topic, place.partition)?.pointee.offset = offset
        }
    }

    init(_ partitions: some Collection<TopicPartition>) throws(KafkaError) {
        try self.init(partitions.map { ($0, Int64(RD_KAFKA_OFFSET_INVALID)) })
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    /// The elements of a list, ours or librdkafka's own.
    static func elements(
        _ list: UnsafePointer<rd_kafka_topic_partition_list_t>
    ) -> [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        (0..<Int(list.pointee.cnt)).map { index in
            let element = list.pointee.elems[index]
            return (
                TopicPartition(topic: String(cString: element.topic), partition: element.partition), element.offset,
                element.err
            )
        }
    }

    /// Sets the offsets of partitions that a list has, ours or librdkafka's own.
    static func setOffsets(
        _ offsets: [(TopicPartition, Int64)], in list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {
        for (place, offset) in offsets {
            rd_kafka_topic_partition_list_find(list, place.topic, place.partition)?.pointee.offset = offset
        }
    }

    var elements: [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        Self.elements(pointer)
    }
}

/// librdkafka's words for a place in a log.
enum LogicalOffset {
    static let beginning = Int64(RD_KAFKA_OFFSET_BEGINNING)
    static let end = Int64(RD_KAFKA_OFFSET_END)
}
