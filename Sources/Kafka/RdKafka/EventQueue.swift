import CRdKafka

/// A producer's event queue, read by its poll thread alone.
struct EventQueue {
    /// What one poll gave.
    enum Event {
        case none
        case deliveries([DeliveryReport], promises: [(DeliveryPromise, DeliveryReport)])
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

    /// Waits for an event.
    mutating func poll(timeoutMs: Int32) -> Event {
        guard let event = rd_kafka_queue_poll(queue, timeoutMs) else { return .none }
        defer { rd_kafka_event_destroy(event) }
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
        default: return .none
        }
    }

    private mutating func deliveries(_ event: OpaquePointer) -> Event {
        // Topic objects live longer than the event, but another may take a freed one's place later.
        topicOfName = nil
        let count = rd_kafka_event_message_count(event)
        var reports: [DeliveryReport] = []
        var promises: [(DeliveryPromise, DeliveryReport)] = []
        reports.reserveCapacity(count)
        while let message = rd_kafka_event_message_next(event) {
            let opaque = DeliveryOpaque(UInt(bitPattern: message.pointee._private))
            let report = report(message, token: opaque.token)
            if let promise = opaque.takePromise() {
                promises.append((promise, report))
            } else {
                reports.append(report)
            }
        }
        return .deliveries(reports, promises: promises)
    }

    private mutating func report(_ message: UnsafePointer<rd_kafka_message_t>, token: UInt) -> DeliveryReport {
        let m = message.pointee
        if topicOfName != m.rkt || m.rkt == nil {
            topicOfName = m.rkt
            topicName = m.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? ""
        }
        var error: KafkaError?
        if m.err != RD_KAFKA_RESP_ERR_NO_ERROR {
            error = KafkaError(m.err, attempt: "deliver a record to topic \"\(topicName)\"")
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

/// Somebody who awaits one record's report.
final class DeliveryPromise: Sendable {
    let fulfil: @Sendable (DeliveryReport) -> Void

    init(_ fulfil: @escaping @Sendable (DeliveryReport) -> Void) { self.fulfil = fulfil }
}

/// What librdkafka carries with a message: a number, shifted and marked in the lowest bit, or a retained promise, whose
/// address is even. A promise is retained by ``init(promise:)`` and released by ``takePromise()`` or ``release()``.
struct DeliveryOpaque {
    let bits: UInt

    init(_ bits: UInt) { self.bits = bits }

    init(token: UInt) { bits = token << 1 | 1 }

    init(promise: DeliveryPromise) { bits = UInt(bitPattern: Unmanaged.passRetained(promise).toOpaque()) }

    static let maximumToken = UInt.max >> 1

    var token: UInt { bits & 1 == 1 ? bits >> 1 : 0 }

    func takePromise() -> DeliveryPromise? {
        guard bits & 1 == 0, let pointer = UnsafeMutableRawPointer(bitPattern: bits) else { return nil }
        return Unmanaged<DeliveryPromise>.fromOpaque(pointer).takeRetainedValue()
    }
}
