import Foundation
import Kafka
import Testing

@Suite struct KafkaBrokerTests {
    @Test func `a topic is created, described, filled, read and deleted`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let topic = Broker.topic("created")
        let admin = try KafkaAdmin(configuration)
        try await admin.createTopic(
            NewTopic(name: topic, partitions: 3, replicationFactor: 1, configuration: ["retention.ms": "3600000"]))
        let again = await #expect(throws: KafkaError.self) {
            try await admin.createTopic(NewTopic(name: topic, partitions: 3, replicationFactor: 1))
        }
        #expect(again?.code == .topicAlreadyExists)
        let described = try await admin.metadata(topic: topic)
        #expect(described.topics.first?.partitions.map(\.id).sorted() == [0, 1, 2])

        let producer = try KafkaProducer(configuration)
        for number in 0..<300 {
            try producer.send(
                ProducerRecord(
                    topic: topic, partition: Int32(number % 3), key: [UInt8(number % 7)],
                    value: Array("\(number)".utf8),
                    headers: [RecordHeader(name: "n", text: "\(number)"), RecordHeader(name: "n", value: nil)]))
        }
        try await producer.flush()
        #expect(await producer.close() == 0)

        let consumer = try KafkaConsumer(
            configuration, subscription: .topics([topic], from: .beginning), options: .init(stopsAtEnd: true))
        var numbers: Set<String> = []
        for try await record in consumer.records {
            numbers.insert(String(decoding: record.value ?? [], as: UTF8.self))
            #expect(record.headers.count == 2)
            #expect(record.headers[0].value == record.value)
            #expect(record.headers[1].value == nil)
        }
        #expect(numbers == Set((0..<300).map(String.init)))
        await consumer.close()
        #expect(try await admin.deleteTopics([topic]).isEmpty)
    }

    @Test func `reading begins at a time`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let topic = Broker.topic("timed")
        // Not long ago: brokers drop records that are older than their retention, a week by default.
        let startMs = Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        let producer = try KafkaProducer(configuration)
        for number in 0..<10 {
            _ = try await producer.deliver(
                ProducerRecord(
                    topic: topic, partition: 0, value: [UInt8(number)],
                    timestampMs: startMs + Int64(number) * 1000))
        }
        await producer.close()
        let consumer = try KafkaConsumer(
            configuration, subscription: .topics([topic], from: .timestamp(startMs + 6500)),
            options: .init(stopsAtEnd: true))
        var values: [UInt8] = []
        for try await record in consumer.records { values += record.value ?? [] }
        #expect(values == [7, 8, 9])
        await consumer.close()
    }

    @Test func `a group goes on after its commit`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let topic = Broker.topic("grouped")
        let producer = try KafkaProducer(configuration)
        for number in 0..<10 {
            _ = try await producer.deliver(ProducerRecord(topic: topic, partition: 0, value: [UInt8(number)]))
        }
        await producer.close()
        let group = KafkaConsumer.Subscription.group(Broker.topic("group"), topics: [topic], reset: .beginning)
        let first = try KafkaConsumer(configuration, subscription: group, options: .init(commits: .manual))
        for try await record in first.records where record.offset == 3 {
            try await first.commit(record)
            break
        }
        #expect(await first.close())
        let second = try KafkaConsumer(configuration, subscription: group, options: .init(stopsAtEnd: true))
        var values: [UInt8] = []
        for try await record in second.records { values += record.value ?? [] }
        #expect(values == [4, 5, 6, 7, 8, 9])
        #expect(await second.close())
    }
}
