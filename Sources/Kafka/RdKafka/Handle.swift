import CRdKafka
import Synchronization

/// One librdkafka client.
///
/// Destroy order, tested by `HandleTests`:
/// 1. the owner calls ``destroy()`` on its own poll thread, when it polls no more;
/// 2. the gate closes: later calls on other threads are refused, those under way end;
/// 3. queues taken from the client are given back, then `rd_kafka_destroy` ends librdkafka's threads;
/// 4. the callback context is released, since only now can no callback come any more.
final class Handle: @unchecked Sendable {
    // Sendable by proof: librdkafka's client is thread-safe, the pointer never changes, and `withClient` keeps it from
    // being used after `destroy`, whose gate lets only one call through.
    enum Role: Sendable {
        case producer, consumer
        /// Neither sends nor reads; a thread of librdkafka's own serves its queue.
        case admin
        /// Commits offsets for a group that it never joins; its errors and answers come as events.
        case committer

        /// Whether librdkafka takes it for a consumer.
        var isConsumer: Bool { self == .consumer || self == .committer }
    }

    private let role: Role
    private let client: OpaquePointer
    private let queue: OpaquePointer
    private let context: Unmanaged<CallbackContext>
    /// Highest bit: closed. The others count calls under way.
    private let gate = Atomic<UInt64>(0)
    private static let closedBit: UInt64 = 1 << 63

    init(
        _ role: Role, options: ClientOptions, context: CallbackContext
    ) throws(KafkaError) {
        try ProcessLimits.require(.client, for: "create a Kafka client")
        let configuration = try Self.configuration(options.pairs)
        // Retained here; released by `destroy`, or below when no client came to be.
        let retained = Unmanaged.passRetained(context)
        rd_kafka_conf_set_opaque(configuration, retained.toOpaque())
        Callbacks.install(on: configuration, role: role)
        if options.verifiesCertificates { CertificateCheck.install(on: configuration) }
        let refresher = options.tokenProvider.map { TokenRefresher($0) }
        if let refresher {
            context.tokenRefresher.withLock { $0 = refresher }
            Callbacks.installTokenRefresh(on: configuration)
        }
        var reason = [CChar](repeating: 0, count: 512)
        let type = role.isConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER
        guard let client = rd_kafka_new(type, configuration, &reason, reason.count) else {
            rd_kafka_conf_destroy(configuration)
            retained.release()
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot create the Kafka client: \(String(cBytes: reason)); check the options named there")
        }
        if role.isConsumer { rd_kafka_poll_set_consumer(client) }
        let queue = role.isConsumer ? rd_kafka_queue_get_consumer(client) : rd_kafka_queue_get_main(client)
        guard let queue else {
            rd_kafka_destroy(client)
            retained.release()
            throw KafkaError(
                code: .invalidConfiguration,
                message: "cannot create the Kafka consumer: librdkafka wants a group id; do not set group.id to nothing"
            )
        }
        // Errors come to the main queue whether or not the event is enabled: unserved, they would pile up as long as brokers
        // are away.
        if role == .admin { Self.serveInBackground(queue, of: client) }
        self.role = role
        self.client = client
        self.context = retained
        self.queue = queue
        if let refresher { try serveTokens(refresher) }
        for weakness in options.weaknesses {
            context.onLog(KafkaLogEntry(level: .warning, facility: "INSECURE", message: weakness))
        }
    }

    /// Only now: the refresher must know this object before it is asked.
    private func serveTokens(_ refresher: TokenRefresher) throws(KafkaError) {
        refresher.attach(self)
        guard let error = rd_kafka_sasl_background_callbacks_enable(client) else { return }
        let reason = String(cString: rd_kafka_error_string(error))
        rd_kafka_error_destroy(error)
        destroy()
        throw KafkaError(
            code: .invalidConfiguration,
            message: "cannot create the Kafka client: \(reason); tokens need sasl.mechanisms=OAUTHBEARER and a "
                + "security.protocol that begins with sasl_")
    }

    private static func serveInBackground(_ queue: OpaquePointer, of client: OpaquePointer) {
        // There is one whenever a background callback is installed.
        guard let background = rd_kafka_queue_get_background(client) else { return }
        rd_kafka_queue_forward(queue, background)
        rd_kafka_queue_destroy(background)
    }

    /// Runs a call into librdkafka unless the client is closed.
    @inline(__always)
    func withClient<R, E: Error>(
        otherwise closed: @autoclosure () -> E, _ body: (OpaquePointer) throws(E) -> R
    ) throws(E) -> R {
        // Looked at first, so that callers who go on after the closing do not hold it up.
        guard gate.load(ordering: .relaxed) & Self.closedBit == 0 else { throw closed() }
        let before = gate.add(1, ordering: .acquiring).oldValue
        defer { gate.subtract(1, ordering: .releasing) }
        guard before & Self.closedBit == 0 else { throw closed() }
        return try body(client)
    }

    /// The same with the queue of its events.
    func withEvents<R>(
        _ attempt: String, _ body: (_ client: OpaquePointer, _ queue: OpaquePointer) throws(KafkaError) -> R
    ) throws(KafkaError) -> R {
        try withClient(otherwise: .closed(attempt)) { client throws(KafkaError) in try body(client, queue) }
    }

    /// The client and its queue for the one thread that will call ``destroy()`` itself and needs no gate.
    var ownerView: (client: OpaquePointer, queue: OpaquePointer) { (client, queue) }

    /// Makes a poll that waits on the queue return at once.
    func wakePoll() {
        // Refused only when closed, and then nobody polls.
        try? withClient(otherwise: KafkaError.closed("wake the poll thread")) { (_) throws(KafkaError) in
            rd_kafka_queue_yield(queue)
        }
    }

    /// Refuses further calls; those under way go on.
    func refuseCalls() {
        gate.bitwiseOr(Self.closedBit, ordering: .sequentiallyConsistent)
    }

    /// Whether a call has come through the gate and not ended yet.
    var hasCallsUnderWay: Bool { gate.load(ordering: .acquiring) & ~Self.closedBit != 0 }

    /// Refuses further calls and waits for those under way.
    func closeGate() {
        refuseCalls()
        while hasCallsUnderWay { pauseBriefly() }
    }

    /// Ends the client; to be called once, by the thread that polled.
    func destroy(closingConsumer: Bool = true) {
        closeGate()
        if role == .admin { rd_kafka_queue_forward(queue, nil) }
        rd_kafka_queue_destroy(queue)
        rd_kafka_destroy_flags(client, closingConsumer ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        context.release()
    }

    /// Has librdkafka look at one option.
    static func check(_ name: String, _ value: String) throws(KafkaError) {
        rd_kafka_conf_destroy(try configuration([(name, value)]))
    }

    private static func configuration(
        _ options: [(name: String, value: String)]
    ) throws(KafkaError) -> OpaquePointer {
        guard let configuration = rd_kafka_conf_new() else {
            throw KafkaError(code: .resourceExhausted, message: "cannot create a Kafka client: out of memory")
        }
        var reason = [CChar](repeating: 0, count: 512)
        for (name, value) in options {
            let result = rd_kafka_conf_set(configuration, name, value, &reason, reason.count)
            guard result != RD_KAFKA_CONF_OK else { continue }
            rd_kafka_conf_destroy(configuration)
            throw refusal(name, value, result, String(cBytes: reason))
        }
        return configuration
    }

    private static func refusal(
        _ name: String, _ value: String, _ result: rd_kafka_conf_res_t, _ reason: String
    ) -> KafkaError {
        let secret = KafkaConfiguration.isSecret(name)
        let detail =
            result == RD_KAFKA_CONF_UNKNOWN
            ? "librdkafka \(RdKafkaLibrary.version) has no such option; see its CONFIGURATION.md for the names"
            : secret ? "librdkafka refuses the value; check it" : "\(reason); see CONFIGURATION.md for the values"
        return KafkaError(
            code: .invalidConfiguration,
            message: "cannot set the Kafka option \"\(name)\" to \"\(secret ? Secret.redacted : value)\": \(detail)")
    }
}

extension String {
    /// Text up to the first NUL.
    init(cBytes: [CChar]) {
        self.init(decoding: cBytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
