/// Sends records to Kafka.
///
/// Sending hands the record to librdkafka's queue and returns at once, broker or not; what became of it comes later as a
/// ``DeliveryReport``, exactly one for every record that was taken. A thread of the producer's own reads the reports from
/// the first moment on, so they come whether or not anybody waits for them.
///
/// ```swift
/// let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: "localhost:9092"))
/// let report = try await producer.deliver(ProducerRecord(topic: "greetings", value: "hello"))
/// print(report.offset ?? -1)
/// await producer.close()
/// ```
///
/// Handlers run on the poll thread (log lines on any of librdkafka's) and must return soon: while one runs, no further
/// report is read. They may send; they must not flush or close.
public final class KafkaProducer: Sendable {
    private let core: Core

    /// Starts a producer. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and options.
    ///   - onDelivery: Gets the reports of ``send(_:token:)`` in batches, on the producer's poll thread. It must return soon, for
    ///     nothing else is reported meanwhile; it may send, but not close or flush, which would wait for this very thread.
    ///   - onError: Gets errors that belong to no record: brokers that cannot be reached, refused logins, and the fatal one. The
    ///     same thread and the same rules; only why a broker's certificate was refused comes on a thread of librdkafka,
    ///     where the producer must not be called.
    ///   - onLog: Gets librdkafka's log lines, on any thread; it must return soon, and not call the producer.
    /// - Throws: ``KafkaError`` when an option is wrong.
    public init(
        _ configuration: KafkaConfiguration,
        onDelivery: @escaping @Sendable ([DeliveryReport]) -> Void = { _ in },
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in },
        onLog: @escaping @Sendable (KafkaLogEntry) -> Void = { _ in }
    ) throws(KafkaError) {
        let options = try configuration.resolved(defaults: [("log.connection.close", "false")])
        let handle = try Handle(.producer, options: options, context: CallbackContext(onLog: onLog, onError: onError))
        core = Core(handle: handle, onDelivery: onDelivery, onError: onError)
        do throws(KafkaError) {
            try DedicatedThread.start(name: "kafka-producer") { [core] in core.run() }
        } catch {
            handle.destroy()
            throw error
        }
    }

    deinit {
        core.requestClose()
    }

    /// Hands a record over and returns at once.
    ///
    /// - Parameter token: Comes back in the report; at most 63 bits.
    /// - Throws: ``KafkaError``: `queueFull` when the queue has no room, `messageTooLarge`, `unknownTopicOrPartition`,
    ///   `fatal`, `closed`. No report comes for a record that was not taken.
    public func send(_ record: ProducerRecord, token: UInt = 0) throws(KafkaError) {
        try send(record, opaque: Self.opaque(token, topic: record.topic))
    }

    /// Hands bytes over and returns at once; they are copied before it returns.
    ///
    /// The same as ``send(_:token:)`` without a record to be made first.
    public func send(
        topic: String, partition: Int32? = nil, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader] = [], timestampMs: Int64? = nil, token: UInt = 0
    ) throws(KafkaError) {
        try Self.check(topic: topic, partition: partition)
        let opaque = try Self.opaque(token, topic: topic)
        try core.send { () throws(KafkaError) in
            try core.handle.produce(
                topic: topic, partition: partition, key: key, value: value, headers: headers, timestampMs: timestampMs,
                opaque: opaque)
        }
    }

    /// Hands bytes over with headers whose names are fixed: nothing is copied but by librdkafka.
    package func send(
        topic: String, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        headers: [(name: StaticString, value: UnsafeRawBufferPointer)], timestampMs: Int64, token: UInt
    ) throws(KafkaError) {
        let opaque = try Self.opaque(token, topic: topic)
        try core.send { () throws(KafkaError) in
            try core.handle.produce(
                topic: topic, key: key, value: value, headers: headers, timestampMs: timestampMs, opaque: opaque)
        }
    }

    /// Sends a record and waits for its report.
    ///
    /// Cancelling the task does not take the record back: it is on its way.
    ///
    /// - Throws: ``KafkaError`` when the record was not taken or not delivered.
    public func deliver(_ record: ProducerRecord) async throws(KafkaError) -> DeliveryReport {
        let result: Result<DeliveryReport, KafkaError> = await withCheckedContinuation { continuation in
            // Whoever takes the promise out answers: the report, the end of the producer, or the refusal here.
            let promise = core.promises.withLock { $0.add { continuation.resume(returning: $0) } }
            do throws(KafkaError) {
                try send(record, opaque: DeliveryOpaque(promise: promise))
            } catch {
                core.promises.withLock { $0.take(promise) }?(.failure(error))
            }
        }
        return try result.get()
    }

    /// Records taken and not reported yet; 0 after closing.
    public var outstandingCount: Int {
        // A call that is about to be refused is counted for a moment; a closed client has nothing outstanding.
        core.state.withLock { $0.isClosed } ? 0 : core.outstanding
    }

    /// Why the producer has failed for good; nil while it has not. Only a new producer helps.
    public var fatalError: KafkaError? { core.state.withLock { $0.fatalError } }

    /// Waits until every record is reported.
    ///
    /// - Throws: ``KafkaError`` with the code `timedOut` when some are outstanding after the timeout.
    public func flush(timeout: Duration = .seconds(30)) async throws(KafkaError) {
        try await DedicatedThread.call(name: "kafka-flush") { [core] () throws(KafkaError) in
            try core.flush(timeout: timeout)
        }
    }

    /// Waits until every record is reported, blocking the thread.
    @available(*, noasync, message: "use flush(timeout:)")
    public func flushBlocking(timeout: Duration = .seconds(30)) throws(KafkaError) {
        try core.flush(timeout: timeout)
    }

    /// Gives up every record that is not delivered; each gets a report with the code `purged`.
    public func purge() throws(KafkaError) {
        try core.handle.purge()
    }

    /// Delivers what can be delivered within the timeout, gives up the rest, and ends the producer.
    ///
    /// - Returns: How many records were given up; each had its report with the code `purged`.
    @discardableResult
    public func close(timeout: Duration = .seconds(5)) async -> Int {
        do throws(KafkaError) {
            return try await DedicatedThread.call(name: "kafka-close") { [core] () throws(KafkaError) in
                core.close(timeout: timeout)
            }
        } catch {
            // No thread is left to wait on: end without the courtesy of a flush.
            core.requestClose()
            return core.outstanding
        }
    }

    /// Delivers what can be delivered within the timeout, gives up the rest, and ends the producer, blocking the thread.
    @available(*, noasync, message: "use close(timeout:)")
    @discardableResult
    public func closeBlocking(timeout: Duration = .seconds(5)) -> Int {
        core.close(timeout: timeout)
    }

    /// What the brokers say about a topic, blocking the thread.
    package func metadata(topic: String, timeout: Duration) throws(KafkaError) -> ClusterMetadata {
        try core.handle.metadata(topic: topic, timeoutMs: timeout.milliseconds)
    }

    /// Creates a topic, blocking the thread.
    package func createTopic(_ topic: NewTopic, timeout: Duration) throws(KafkaError) {
        let results = try core.handle.createTopics([topic], timeoutMs: timeout.milliseconds)
        if let error = results.first?.1 { throw error }
    }

    private func send(_ record: ProducerRecord, opaque: DeliveryOpaque) throws(KafkaError) {
        try Self.check(topic: record.topic, partition: record.partition)
        try record.key.withOptionalBytes { key throws(KafkaError) in
            try record.value.withOptionalBytes { value throws(KafkaError) in
                try core.send { () throws(KafkaError) in
                    try core.handle.produce(
                        topic: record.topic, partition: record.partition, key: key, value: value,
                        headers: record.headers, timestampMs: record.timestampMs, opaque: opaque)
                }
            }
        }
    }

    private static func check(topic: String, partition: Int32?) throws(KafkaError) {
        guard !topic.isEmpty, !topic.utf8.contains(0) else {
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot send to topic \"\(topic.filter { $0 != "\0" })\": "
                    + "a topic's name is not empty and has no NUL byte; give another name")
        }
        guard partition ?? 0 >= 0 else {
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot send to partition \(partition ?? 0) of topic \"\(topic)\": partitions count from 0; "
                    + "give nil to let the partitioner choose")
        }
    }

    private static func opaque(_ token: UInt, topic: String) throws(KafkaError) -> DeliveryOpaque {
        guard token <= DeliveryOpaque.maximumToken else {
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot send to topic \"\(topic)\" with the token \(token): tokens have 63 bits; "
                    + "give at most \(DeliveryOpaque.maximumToken)")
        }
        return DeliveryOpaque(token: token)
    }
}

extension Duration {
    /// Whole milliseconds for librdkafka, rounded up, from 0 to about 24 days.
    var milliseconds: Int32 {
        // Compared before it is taken apart, for `components` traps beyond 2^63 seconds.
        guard self > .zero else { return 0 }
        guard self < .seconds(2_000_000) else { return 2_000_000_000 }
        let (seconds, attoseconds) = components
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

extension Optional<[UInt8]> {
    /// Runs a closure over the bytes, or over nil.
    func withOptionalBytes(_ body: (UnsafeRawBufferPointer?) throws(KafkaError) -> Void) throws(KafkaError) {
        guard let self else { return try body(nil) }
        try self.withUnsafeBufferPointer { bytes throws(KafkaError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
