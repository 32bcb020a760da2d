import Kafka

/// Makes producers over librdkafka, with settings for events of queries where the user says nothing else.
struct KafkaDeliveryClientMaker: DeliveryClientMaker {
    /// Gets librdkafka's log lines.
    let onLog: @Sendable (KafkaLogEntry) -> Void

    func makeClient(
        _ configuration: KafkaConfiguration, _ handlers: DeliveryHandlers
    ) throws(KafkaError) -> any DeliveryClient {
        var configuration = configuration
        for (name, value) in Self.defaults where !configuration.sets(name) { configuration.properties[name] = value }
        let maximum = configuration.properties["message.max.bytes"].flatMap { Int($0) } ?? 1_000_000
        let producer = try KafkaProducer(
            configuration, onDelivery: handlers.onReports, onError: handlers.onError, onLog: onLog)
        // Key, headers and the batch's own bytes count too.
        return KafkaDeliveryClient(producer: producer, maximumValueBytes: max(maximum - 2048, 256))
    }

    private static let defaults = [
        "enable.idempotence": "true",
        // The forwarder bounds memory and says what is given up; a time limit would give up what could still be delivered.
        "message.timeout.ms": "0",
        // A few events a second do not need a request each.
        "linger.ms": "20",
        // The same partition for a key as Kafka's Java clients choose.
        "partitioner": "murmur2_random",
        // What is on its way is in librdkafka's memory once more.
        "queue.buffering.max.kbytes": "32768",
    ]
}

/// A producer as the sender sees it.
final class KafkaDeliveryClient: DeliveryClient {
    private let producer: KafkaProducer
    let maximumValueBytes: Int

    init(producer: KafkaProducer, maximumValueBytes: Int) {
        self.producer = producer
        self.maximumValueBytes = maximumValueBytes
    }

    func produce(_ record: borrowing OutgoingRecord, token: UInt) throws(KafkaError) {
        try producer.send(
            topic: record.topic, key: record.key, value: record.value, headers: record.headers,
            timestampMs: record.timestampMs, token: token)
    }

    var fatalError: KafkaError? { producer.fatalError }

    func meet(_ topics: [String]) {
        // A client that is given a record before it has a connection looks for the topic's leader a second later. An answer
        // that does not come in time, or is an error, is looked at when records do not get through.
        for topic in topics {
            guard (try? producer.metadata(topic: topic, timeout: .milliseconds(300))) != nil else { return }
        }
    }

    func examine(_ topics: [String]) -> KafkaError? {
        do throws(KafkaError) {
            for topic in topics {
                let metadata = try producer.metadata(topic: topic, timeout: .seconds(1))
                guard let error = metadata.topics.first?.error else { continue }
                guard error.code == .unknownTopicOrPartition else { throw error }
                try producer.createTopic(NewTopic(name: topic, partitions: -1), timeout: .seconds(2))
            }
            return nil
        } catch {
            return error
        }
    }

    func close(within time: Duration) -> Bool {
        let hasEnded = Monitor(false)
        do throws(KafkaError) {
            // On a thread of its own: librdkafka's end may hang, and then nobody may hang with it.
            try DedicatedThread.start(name: "kafka-producer-close") { [producer] in
                producer.closeBlocking(timeout: .zero)
                hasEnded.withLock { $0 = true }
                hasEnded.broadcast()
            }
        } catch {
            // No thread is left: it ends when it is let go of.
            return false
        }
        return hasEnded.wait(timeout: time) { $0 ? true : nil } ?? false
    }
}
