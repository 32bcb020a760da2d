import CRdKafka

/// A producer's event queue, read by its poll thread alone.
struct EventQueue {
    /// What a poll found.
    enum Event {
        case deliveries([DeliveryReport], promised: [(promise: UInt, DeliveryReport)])
        case error(KafkaError)
    }

    private let client: OpaquePointer
    private let queue: OpaquePointer
    private var topicName = ""
    private var topicOfName: OpaquePointer?

    /// For the thread that polls and later destroys the client.
    init(ownerView: (client: OpaquePointer, queue: OpaquePointer)) {
        client = ownerView.client
        queue = ownerView.queue
    }

    /// Everything that is not delivered: in the queues, and on its way to a broker.
    static let purgeFlags = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT

    /// Makes every record that the client holds report itself.
    func purge() {
        // Refused only for unknown flags, and for clients that do not produce.
        _ = rd_kafka_purge(client, Self.purgeFlags)
    }

    /// Waits for an event and serves it; whether there was one.
    ///
    /// The event lives until it is served: with it go its records, and with the last record a flush ends.
    mutating func poll(timeoutMs: Int32, serve: (Event) -> Void) -> Bool {
        guard let event = rd_kafka_queue_poll(queue, timeoutMs) else { return false }
        defer { rd_kafka_event_destroy(event) }
        if let read = read(event) { serve(read) }
        return true
    }

    private mutating func read(_ event: OpaquePointer) -> Event? {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_DR: return deliveries(event)
        case RD_KAFKA_EVENT_ERROR:
            let reason = rd_kafka_event_error_string(event).map { String(cString: $0) }
            // A fatal error comes with the code of its cause.
            if rd_kafka_event_error_is_fatal(event) != 0 {
                return .error(
                    KafkaError(
                        rd_kafka_event_error(event), attempt: "go on with this Kafka client", detail: reason,
                        isFatal: true))
            }
            return .error(KafkaError.reported(rd_kafka_event_error(event), reason, client: client))
        default: return nil
        }
    }

    private mutating func deliveries(_ event: OpaquePointer) -> Event {
        // Topic objects live longer than the event, but another may take a freed one's place later.
        topicOfName = nil
        let count = rd_kafka_event_message_count(event)
        var reports: [DeliveryReport] = []
        var promised: [(promise: UInt, DeliveryReport)] = []
        reports.reserveCapacity(count)
        while let message = rd_kafka_event_message_next(event) {
            let opaque = DeliveryOpaque(UInt(bitPattern: message.pointee._private))
            switch opaque.meaning {
            case .token(let token): reports.append(report(message, token: token))
            case .promise(let promise): promised.append((promise, report(message, token: 0)))
            }
        }
        return .deliveries(reports, promised: promised)
    }

    private mutating func report(_ message: UnsafePointer<rd_kafka_message_t>, token: UInt) -> DeliveryReport {
        let m = message.pointee
        if topicOfName != m.rkt || m.rkt == nil {
            topicOfName = m.rkt
            topicName = m.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
        }
        var error: KafkaError?
        if m.err != RD_KAFKA_RESP_ERR_NO_ERROR {
            error = KafkaError(m.err, attempt: "deliver a record to topic \"\(topicName)\"", topic: topicName)
        }
        let status: DeliveryReport.Status =
            switch rd_kafka_message_status(message) {
            case RD_KAFKA_MSG_STATUS_PERSISTED: .persisted
            case RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED: .possiblyPersisted
            default: .notPersisted
            }
        let latencyUs = rd_kafka_message_latency(message)
        return DeliveryReport(
            token: token, topic: topicName, partition: m.partition >= 0 ? m.partition : nil,
            offset: m.offset >= 0 && error == nil ? m.offset : nil, status: status, error: error,
            latency: .microseconds(max(0, latencyUs)))
    }
}

/// What librdkafka carries with a message: a number, shifted, with the lowest bit telling whose it is.
struct DeliveryOpaque {
    enum Meaning: Equatable {
        /// The sender's own number.
        case token(UInt)
        /// The number of a promise, see ``DeliveryPromises``.
        case promise(UInt)
    }

    let bits: UInt

    init(_ bits: UInt) { self.bits = bits }

    init(token: UInt) { bits = token << 1 | 1 }

    init(promise: UInt) { bits = promise << 1 }

    static let maximumToken = UInt.max >> 1

    var meaning: Meaning { bits & 1 == 1 ? .token(bits >> 1) : .promise(bits >> 1) }
}
