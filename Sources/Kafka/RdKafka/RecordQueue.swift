import CRdKafka

/// A consumer's side of librdkafka for the one thread that polls.
struct RecordQueue {
    /// What one poll gave.
    enum Polled {
        case record(ConsumerRecord)
        case endOfPartition(TopicPartition, offset: Int64)
        /// The log has no such offset. Nothing is fetched from the partition until it is assigned anew.
        case needsPosition(TopicPartition, offset: Int64)
        case error(KafkaError)
    }

    private let client: OpaquePointer
    private var topicName = ""
    private var topicOfName: OpaquePointer?

    /// For the thread that polls and later destroys the client.
    init(ownerView: (client: OpaquePointer, queue: OpaquePointer)) {
        client = ownerView.client
    }

    /// Waits for a record or an event.
    mutating func poll(timeoutMs: Int32) -> Polled? {
        guard let message = rd_kafka_consumer_poll(client, timeoutMs) else { return nil }
        defer { rd_kafka_message_destroy(message) }
        let m = message.pointee
        switch m.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return .record(record(message))
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            return .endOfPartition(TopicPartition(topic: name(of: m.rkt), partition: m.partition), offset: m.offset)
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET where m.rkt != nil:
            return .needsPosition(TopicPartition(topic: name(of: m.rkt), partition: m.partition), offset: m.offset)
        default:
            let reason = rd_kafka_message_errstr(message).map { String(cString: $0) }
            let place = m.rkt.map { _ in " topic \"\(name(of: m.rkt))\"" } ?? " Kafka"
            if m.err == RD_KAFKA_RESP_ERR__FATAL, let fatal = KafkaError.fatal(of: client) { return .error(fatal) }
            return .error(KafkaError(m.err, attempt: "read from\(place)", detail: reason))
        }
    }

    /// Leaves the group: commits what is stored and gives the partitions back.
    func close() {
        rd_kafka_consumer_close(client)
    }

    private mutating func record(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> ConsumerRecord {
        let m = message.pointee
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &type)
        return ConsumerRecord(
            topic: name(of: m.rkt), partition: m.partition, offset: m.offset,
            timestampMs: type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp,
            key: Self.bytes(m.key, m.key_len), value: Self.bytes(m.payload, m.len), headers: Self.headers(message))
    }

    /// The topic's name; the text of the last one is kept, for records come in runs of one topic.
    private mutating func name(of topic: OpaquePointer?) -> String {
        guard let topic, let text = rd_kafka_topic_name(topic) else { return "" }
        // The pointer alone would not do: a new topic object may lie where a freed one was.
        if topic != topicOfName || !topicName.utf8.elementsEqual(UnsafeCString(text)) {
            topicOfName = topic
            topicName = String(cString: text)
        }
        return topicName
    }

    private static func bytes(_ pointer: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
        pointer.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }

    private static func headers(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> [RecordHeader] {
        var object: OpaquePointer?
        guard rd_kafka_message_headers(message, &object) == RD_KAFKA_RESP_ERR_NO_ERROR, let object else { return [] }
        var headers: [RecordHeader] = []
        headers.reserveCapacity(rd_kafka_header_cnt(object))
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(object, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            headers.append(RecordHeader(name: name.map { String(cString: $0) } ?? "", value: bytes(value, size)))
        }
        return headers
    }
}

/// The bytes of a C text up to its NUL.
private struct UnsafeCString: Sequence, IteratorProtocol {
    private var position: UnsafePointer<CChar>

    init(_ text: UnsafePointer<CChar>) { position = text }

    mutating func next() -> UInt8? {
        guard position.pointee != 0 else { return nil }
        defer { position += 1 }
        return UInt8(bitPattern: position.pointee)
    }
}
