import CRdKafka
import Glibc

/// Where the poll thread takes its records from: librdkafka, or a script in tests.
protocol RecordSource {
    /// Something that was polled and not read yet.
    associatedtype Message

    /// Whether something was polled ahead of its turn.
    var hasAhead: Bool { get }
    /// Waits for a record or an event, to be read with ``read(_:)``.
    mutating func next(timeoutMs: Int32) -> Message?
    /// Whether a broker has sent this.
    func isFromBroker(_ message: Message) -> Bool
    /// Polls what comes after a record, if it is there. The client may call back meanwhile, and take away the partition of the record
    /// in hand.
    mutating func lookAhead(past message: Message)
    /// Reads what was polled, and lets go of it.
    mutating func read(_ message: Message) -> RecordQueue.Polled
    /// The records read so far are about to be handed to another thread.
    mutating func seal()
}

/// A consumer's side of librdkafka for the one thread that polls.
struct RecordQueue: RecordSource {
    /// What one poll gave.
    enum Polled {
        /// A record. The partition is not the record's own text, for who reads it on another thread counts references to that.
        case record(ConsumerRecord, of: TopicPartition)
        case endOfPartition(TopicPartition, offset: Int64)
        /// The log has no such offset. Nothing is fetched from the partition until it is assigned anew.
        case needsPosition(TopicPartition, offset: Int64)
        case error(KafkaError)
    }

    /// A message of librdkafka's that was polled and not read yet.
    struct Message {
        fileprivate let pointer: UnsafeMutablePointer<rd_kafka_message_t>
    }

    private let client: OpaquePointer
    /// Polled ahead of its turn.
    private var ahead: UnsafeMutablePointer<rd_kafka_message_t>?
    private var topicName = ""
    private var topicText: [CChar] = [0]
    private var topicOfName: OpaquePointer?
    private var packer = RecordPacker()
    /// Headers of the record at hand.
    private var headers: [RecordBlock.Header] = []

    /// For the thread that polls and later destroys the client.
    init(ownerView: (client: OpaquePointer, queue: OpaquePointer)) {
        client = ownerView.client
    }

    mutating func seal() { packer.seal() }

    var hasAhead: Bool { ahead != nil }

    mutating func next(timeoutMs: Int32) -> Message? {
        if let message = ahead {
            ahead = nil
            return Message(pointer: message)
        }
        return rd_kafka_consumer_poll(client, timeoutMs).map { Message(pointer: $0) }
    }

    func isFromBroker(_ message: Message) -> Bool {
        let code = message.pointer.pointee.err
        return code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTITION_EOF
    }

    /// So that the next record is on its way from memory while one is read: waiting for that costs more than the reading itself.
    mutating func lookAhead(past message: Message) {
        guard ahead == nil, message.pointer.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        ahead = rd_kafka_consumer_poll(client, 0)
        // Headers lie behind the value, in the form in which they came.
        if let ahead = ahead?.pointee { streamgauge_prefetch(ahead.payload, min(ahead.len + 64, 4096)) }
    }

    mutating func read(_ polled: Message) -> Polled {
        let message = polled.pointer
        defer { rd_kafka_message_destroy(message) }
        let m = message.pointee
        switch m.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            let partition = TopicPartition(topic: name(of: m.rkt), partition: m.partition)
            return .record(record(message, of: partition), of: partition)
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

    private mutating func record(
        _ message: UnsafeMutablePointer<rd_kafka_message_t>, of partition: TopicPartition
    ) -> ConsumerRecord {
        let m = message.pointee
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &type)
        readHeaders(of: message)
        return packer.pack(
            topic: partition.topic, partition: partition.partition, offset: m.offset,
            timestampMs: type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp,
            key: Self.bytes(m.key, m.key_len), value: Self.bytes(m.payload, m.len), headers: headers)
    }

    /// The topic's name; the text of the last one is kept, for records come in runs of one topic.
    private mutating func name(of topic: OpaquePointer?) -> String {
        guard let topic, let text = rd_kafka_topic_name(topic) else { return "" }
        // The pointer alone would not do: a new topic object may lie where a freed one was.
        if topic != topicOfName || strcmp(text, topicText) != 0 {
            topicOfName = topic
            topicText = Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
            topicName = String(cString: text)
        }
        return topicName
    }

    private static func bytes(_ pointer: UnsafeRawPointer?, _ count: Int) -> RecordBlock.Bytes {
        pointer.map { UnsafeRawBufferPointer(start: $0, count: count) }
    }

    private mutating func readHeaders(of message: UnsafeMutablePointer<rd_kafka_message_t>) {
        headers.removeAll(keepingCapacity: true)
        var object: OpaquePointer?
        guard rd_kafka_message_headers(message, &object) == RD_KAFKA_RESP_ERR_NO_ERROR, let object else { return }
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(object, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let nameBytes = UnsafeRawBufferPointer(start: name, count: name.map { strlen($0) } ?? 0)
            headers.append(RecordBlock.Header(name: nameBytes, value: Self.bytes(value, size)))
        }
    }
}
