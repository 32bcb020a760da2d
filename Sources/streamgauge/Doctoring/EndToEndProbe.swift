import FoundationEssentials
import Kafka
import StreamingMetrics

/// Two records to a topic and back: the first finds the place in the log, the second measures the way.
struct EndToEndProbe: Sendable {
    let examination: Examination
    private var topic: String { examination.probeTopic }
    private static let check = "write and read"

    /// Whether a record came back.
    func run(_ metadata: ClusterMetadata) async throws -> Bool {
        var creation: KafkaError?
        if !metadata.topics.contains(where: { $0.name == topic }) { creation = try await create() }
        let trouble = ClientTrouble()
        do {
            let (acknowledged, roundTrip) = try await send(trouble)
            try examination.report(
                Finding(
                    check: Self.check, status: .ok,
                    text: "topic \(topic): acknowledged in \(acknowledged.millisecondsText), read back "
                        + "\(roundTrip.millisecondsText) after sending",
                    figures: [
                        ("topic", .string(topic)), ("acknowledgedMs", acknowledged.milliseconds),
                        ("roundTripMs", roundTrip.milliseconds),
                    ]))
            return true
        } catch let error as KafkaError {
            // A topic that could not be made is why records cannot be sent to it.
            let cause = creation?.message ?? (error.code == .timedOut ? trouble.cause?.text : nil)
            try examination.report(
                Finding(
                    check: Self.check, status: .failed,
                    text: error.message + (cause.map { " (\($0))" } ?? ""),
                    hint: creation == nil
                        ? nil : "create the topic \(topic), or name one that is there with --probe-topic"))
            return false
        }
    }

    /// Creates the topic; gives why that failed. A cluster may still create it at the first record.
    private func create() async throws -> KafkaError? {
        do throws(KafkaError) {
            let admin = try KafkaAdmin(examination.configuration)
            try await admin.createTopic(NewTopic(name: topic), timeout: min(examination.timeout, .seconds(5)))
        } catch {
            if error.code == .topicAlreadyExists { return nil }
            try examination.report(
                Finding(
                    check: "probe topic", status: .warning,
                    text: "the topic \(topic) is not there and cannot be created: \(error.message)",
                    hint: "trying whether the cluster creates it by itself"))
            return error
        }
        try examination.report(Finding(check: "probe topic", status: .ok, text: "created the topic \(topic)"))
        return nil
    }

    private func send(_ trouble: ClientTrouble) async throws -> (acknowledged: Duration, roundTrip: Duration) {
        let timeoutMs = examination.timeout.components.seconds * 1000
        var configuration = examination.configuration
        // As the listener sends, so that the same rights are asked for; but not for ever.
        configuration.properties.merge(
            ["enable.idempotence": "true", "message.timeout.ms": "\(timeoutMs)", "linger.ms": "0"]) { $1 }
        let producer = try KafkaProducer(configuration, onError: { trouble.note($0) }, onLog: { trouble.note($0) })
        let outcome = await Outcome {
            let first = try await producer.deliver(
                ProducerRecord(topic: topic, value: "streamgauge doctor, first record"))
            guard let partition = first.partition, let offset = first.offset else {
                throw KafkaError(
                    code: .broker, message: "the broker does not say where it put a record of topic \(topic)")
            }
            let place = TopicPartition(topic: topic, partition: partition)
            let consumer = try KafkaConsumer(
                configuration.forReading, subscription: .partitions([place: .offset(offset)]),
                onError: { trouble.note($0) }, onLog: { trouble.note($0) })
            let times = await Outcome { try await pass(producer, consumer, partition: partition) }
            await consumer.close()
            return try times.get()
        }
        await producer.close(timeout: .zero)
        return try outcome.get()
    }

    /// Waits for the first record, then sends the second and waits for that.
    private func pass(
        _ producer: KafkaProducer, _ consumer: KafkaConsumer, partition: Int32
    ) async throws -> (acknowledged: Duration, roundTrip: Duration) {
        let mark = UUID().uuidString
        // Cancelled, and waited for, when the records are there.
        async let _ = end(consumer)
        var records = consumer.records.makeAsyncIterator()
        guard try await records.next() != nil else { throw unread }
        let start = ContinuousClock.now
        async let report = producer.deliver(
            ProducerRecord(
                topic: topic, partition: partition, value: Array("streamgauge doctor, second record \(mark)".utf8)))
        while let record = try await records.next() {
            guard String(decoding: record.value ?? [], as: UTF8.self).hasSuffix(mark) else { continue }
            let roundTrip = start.duration(to: .now)
            return (try await report.latency, roundTrip)
        }
        throw unread
    }

    /// Ends the reading when it takes too long.
    private func end(_ consumer: KafkaConsumer) async {
        // Cancelling ends the sleep.
        try? await Task.sleep(for: examination.timeout)
        if !Task.isCancelled { await consumer.close() }
    }

    private var unread: KafkaError {
        KafkaError(
            code: .timedOut,
            message: "topic \(topic) took a record, and it could not be read back within \(examination.timeout); check "
                + "that this user may read the topic")
    }
}

extension KafkaConfiguration {
    /// Without what only producers know, which librdkafka would warn of.
    fileprivate var forReading: KafkaConfiguration {
        var configuration = self
        for name in ["enable.idempotence", "message.timeout.ms", "linger.ms"] { configuration.properties[name] = nil }
        return configuration
    }
}
