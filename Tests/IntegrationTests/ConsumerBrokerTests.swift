import Foundation
import Kafka
import Testing

/// What a consumer does when topics change under it.
@Suite struct ConsumerBrokerTests {
    private func produce(
        _ configuration: KafkaConfiguration, _ topic: String, _ values: Range<UInt8>, startMs: Int64? = nil
    ) async throws {
        let producer = try KafkaProducer(configuration)
        for value in values {
            _ = try await producer.deliver(
                ProducerRecord(
                    topic: topic, partition: 0, value: [value], timestampMs: startMs.map { $0 + Int64(value) * 1000 }))
        }
        await producer.close()
    }

    @Test func `a group begins at a time in partitions without a commit, and goes on after its commit`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let (topic, group) = (Broker.topic("timed-group"), Broker.topic("group"))
        let startMs = Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        try await produce(configuration, topic, 0..<10, startMs: startMs)
        for expected in [[7, 8, 9], []] as [[UInt8]] {
            let consumer = try KafkaConsumer(
                configuration,
                subscription: .group(group, topics: [topic], reset: .timestamp(startMs + 6500)),
                options: .init(stopsAtEnd: true))
            var values: [UInt8] = []
            for try await record in consumer.records { values += record.value ?? [] }
            await consumer.close()
            #expect(values == expected)
        }
    }

    @Test func `a static member is back at once with its partitions`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let (topic, group) = (Broker.topic("static"), Broker.topic("group"))
        try await produce(configuration, topic, 0..<3)
        for expected in [[0, 1, 2], []] as [[UInt8]] {
            let consumer = try KafkaConsumer(
                configuration, subscription: .group(group, topics: [topic], reset: .beginning),
                options: .init(stopsAtEnd: true, assignment: .range, instanceId: "one", sessionTimeout: .seconds(30)))
            var values: [UInt8] = []
            for try await record in consumer.records { values += record.value ?? [] }
            await consumer.close()
            #expect(values == expected)
        }
    }

    @Test(arguments: [true, false])
    func `F22: a topic that is deleted and created anew is read from its start, and told`(inGroup: Bool) async throws {
        var configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        configuration.properties["topic.metadata.refresh.interval.ms"] = "500"
        let topic = Broker.topic("recreated")
        let admin = try KafkaAdmin(configuration)
        try await admin.createTopic(NewTopic(name: topic, partitions: 1, replicationFactor: 1))
        try await produce(configuration, topic, 0..<10)
        let consumer = try KafkaConsumer(
            configuration,
            subscription: inGroup
                ? .group(Broker.topic("group"), topics: [topic], reset: .beginning) : .topics([topic], from: .beginning)
        )
        var events = consumer.events.makeAsyncIterator()
        var values: [UInt8] = []
        while values.count < 10, let event = try await events.next() {
            if case .record(let record) = event { values += record.value ?? [] }
        }
        #expect(try await admin.deleteTopics([topic]).isEmpty)
        try await admin.createTopic(NewTopic(name: topic, partitions: 1, replicationFactor: 1))
        try await produce(configuration, topic, 50..<53)
        var gaps: [LogGap] = []
        while values.count < 13, let event = try await events.next() {
            switch event {
            case .record(let record): values += record.value ?? []
            case .gap(let gap): gaps.append(gap)
            default: break
            }
        }
        #expect(values == Array(0..<10) + [50, 51, 52])
        #expect(gaps.map(\.cause) == [.recreated])
        await consumer.close()
    }

    @Test(arguments: [true, false])
    func `partitions that are added while reading are told, and read from their beginning`(inGroup: Bool) async throws {
        var configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        configuration.properties["topic.metadata.refresh.interval.ms"] = "500"
        let topic = Broker.topic("growing")
        let admin = try KafkaAdmin(configuration)
        try await admin.createTopic(NewTopic(name: topic, partitions: 1, replicationFactor: 1))
        let consumer = try KafkaConsumer(
            configuration,
            subscription: inGroup ? .group(Broker.topic("group"), topics: [topic]) : .topics([topic], from: .end),
            options: .init(assignment: .range))
        var events = consumer.events.makeAsyncIterator()
        // Its end is known: from now on nothing is skipped.
        while let event = try await events.next() { if case .endOfPartition = event { break } }
        try await admin.addPartitions(to: topic, total: 3)
        let producer = try KafkaProducer(configuration)
        for partition in 0..<3 as Range<Int32> {
            _ = try await producer.deliver(
                ProducerRecord(topic: topic, partition: partition, value: [UInt8(partition)]))
        }
        await producer.close()
        var (values, assigned): (Set<[UInt8]>, Set<TopicPartition>) = ([], [])
        while values.count < 3, let event = try await events.next() {
            switch event {
            case .record(let record): values.insert(record.value ?? [])
            case .assigned(let partitions): assigned.formUnion(partitions)
            default: break
            }
        }
        #expect(values == [[0], [1], [2]])
        #expect(assigned.isSuperset(of: (1..<3).map { TopicPartition(topic: topic, partition: $0) }))
        #expect(consumer.assignment.count == 3)
        await consumer.close()
    }
}
