import Kafka
import KafkaTesting
import Testing

@Suite struct KafkaConsumerTests {
    let cluster: MockCluster

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic("a")
    }

    private func produce(_ values: [String], to topic: String = "a", partition: Int32? = 0) async throws {
        let producer = try KafkaProducer(cluster.configuration)
        for value in values {
            try producer.send(ProducerRecord(topic: topic, partition: partition, value: Array(value.utf8)))
        }
        try await producer.flush()
        await producer.close()
    }

    private func read(
        _ subscription: KafkaConsumer.Subscription, options: KafkaConsumer.Options = .init(stopsAtEnd: true)
    ) async throws -> [String] {
        let consumer = try KafkaConsumer(cluster.configuration, subscription: subscription, options: options)
        var values: [String] = []
        for try await record in consumer.records { values.append(String(decoding: record.value ?? [], as: UTF8.self)) }
        await consumer.close()
        return values
    }

    @Test func `reading alone from the beginning ends at the end`() async throws {
        let values = (0..<3000).map(String.init)
        try await produce(values)
        #expect(try await read(.topics(["a"], from: .beginning)) == values)
    }

    @Test func `reading begins at the offset asked for`() async throws {
        try await produce((0..<10).map(String.init))
        let partition = TopicPartition(topic: "a", partition: 0)
        #expect(try await read(.partitions([partition: .offset(7)])) == ["7", "8", "9"])
        #expect(try await read(.partitions([partition: .end])) == [])
    }

    @Test func `an empty topic and a missing one end at once`() async throws {
        #expect(try await read(.topics(["a"], from: .beginning)) == [])
        #expect(try await read(.topics(["a", "a"], from: .end)) == [])
    }

    @Test func `a slow reader gets everything through a buffer of one`() async throws {
        let values = (0..<200).map(String.init)
        try await produce(values)
        let options = KafkaConsumer.Options(maximumBufferedRecords: 1, stopsAtEnd: true)
        #expect(try await read(.topics(["a"], from: .beginning), options: options) == values)
    }

    @Test func `all partitions of a topic are read`() async throws {
        try cluster.createTopic("wide", partitions: 3)
        for partition in 0..<3 { try await produce(["p\(partition)"], to: "wide", partition: Int32(partition)) }
        #expect(Set(try await read(.topics(["wide"], from: .beginning))) == ["p0", "p1", "p2"])
    }

    @Test func `the end of a partition is an event`() async throws {
        try await produce(["x"])
        let consumer = try KafkaConsumer(cluster.configuration, subscription: .topics(["a"], from: .beginning))
        var events: [String] = []
        for try await event in consumer.events {
            switch event {
            case .record(let record): events.append("record \(record.offset)")
            case .endOfPartition(let partition, let offset): events.append("end \(partition) \(offset)")
            case .assigned(let partitions): events.append("assigned \(partitions)")
            case .revoked, .lost, .gap, .quiet: events.append("\(event)")
            }
            if events.count == 3 { break }
        }
        #expect(events == ["assigned [a[0]]", "record 0", "end a[0] 1"])
        await consumer.close()
    }

    @Test func `what comes later is read too, and breaking off loses nothing`() async throws {
        try await produce(["1", "2"])
        let consumer = try KafkaConsumer(cluster.configuration, subscription: .topics(["a"], from: .beginning))
        var values: [String] = []
        for try await record in consumer.records {
            values.append(String(decoding: record.value ?? [], as: UTF8.self))
            break
        }
        try await produce(["3"])
        for try await record in consumer.records {
            values.append(String(decoding: record.value ?? [], as: UTF8.self))
            if values.count == 3 { break }
        }
        #expect(values == ["1", "2", "3"])
        #expect(consumer.position(of: TopicPartition(topic: "a", partition: 0)) == 3)
        await consumer.close()
    }

    @Test func `cancelling a waiting reader ends its stream and not the consumer`() async throws {
        let consumer = try KafkaConsumer(cluster.configuration, subscription: .topics(["a"], from: .beginning))
        let waiting = Task { () async throws -> Int in
            var count = 0
            for try await _ in consumer.records { count += 1 }
            return count
        }
        waiting.cancel()
        #expect(try await waiting.value == 0)
        try await produce(["x"])
        for try await record in consumer.records {
            #expect(record.value == Array("x".utf8))
            break
        }
        await consumer.close()
    }

    @Test func `closing ends the stream of a waiting reader`() async throws {
        let consumer = try KafkaConsumer(cluster.configuration, subscription: .topics(["a"], from: .end))
        async let count: Int = {
            var count = 0
            for try await _ in consumer.records { count += 1 }
            return count
        }()
        #expect(await consumer.close())
        #expect(try await count == 0)
    }

    @Test func `seeking goes back and drops what was buffered`() async throws {
        try await produce((0..<50).map(String.init))
        let consumer = try KafkaConsumer(cluster.configuration, subscription: .topics(["a"], from: .beginning))
        var iterator = consumer.records.makeAsyncIterator()
        for _ in 0..<5 { _ = try await iterator.next() }
        try await consumer.seek(TopicPartition(topic: "a", partition: 0), to: .offset(2))
        #expect(try await iterator.next()?.offset == 2)
        #expect(try await iterator.next()?.offset == 3)
        await consumer.close()
    }

    @Test func `a broker that is down is told and ends nothing`() async throws {
        try await produce(["1"])
        let errors = Monitor<[KafkaError]>([])
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .topics(["a"], from: .beginning),
            onError: { error in
                errors.withLock { $0.append(error) }
                errors.broadcast()
            })
        var iterator = consumer.records.makeAsyncIterator()
        #expect(try await iterator.next()?.offset == 0)
        try cluster.setDown(broker: 1)
        #expect(
            errors.wait(timeout: .seconds(10)) { $0.contains { $0.code == .brokerUnreachable } ? true : nil } == true)
        try cluster.setUp(broker: 1)
        try await produce(["2"])
        #expect(try await iterator.next()?.offset == 1)
        await consumer.close()
    }

    @Test func `a topic that is made later is found and read from its beginning`() async throws {
        let unknownTopic: Int32 = 3
        try cluster.setTopicError("later", code: unknownTopic)
        let errors = Monitor<[KafkaError]>([])
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .topics(["later"], from: .end),
            onError: { error in
                errors.withLock { $0.append(error) }
                errors.broadcast()
            })
        #expect(errors.wait(timeout: .seconds(10)) { $0.first?.code } == .unknownTopicOrPartition)
        try cluster.setTopicError("later", code: 0)
        try await produce(["first"], to: "later")
        var iterator = consumer.records.makeAsyncIterator()
        #expect(try await iterator.next()?.value == Array("first".utf8))
        await consumer.close()
    }

    @Test func `without a group nothing can be committed`() async throws {
        let consumer = try KafkaConsumer(cluster.configuration, subscription: .topics(["a"], from: .end))
        let error = await #expect(throws: KafkaError.self) { try await consumer.commit() }
        #expect(error?.code == .invalidArgument)
        await consumer.close()
    }

    @Test func `a consumer of a dead broker closes in time`() async throws {
        for subscription in [
            KafkaConsumer.Subscription.group("g", topics: ["a"]), .topics(["a"], from: .beginning),
        ] {
            let consumer = try KafkaConsumer(
                KafkaConfiguration(bootstrapServers: "127.0.0.1:1"), subscription: subscription)
            #expect(await consumer.close(timeout: .seconds(10)))
        }
    }

    @Test func `a group goes on after what was processed`() async throws {
        try await produce((0..<10).map(String.init))
        let group = KafkaConsumer.Subscription.group("g", topics: ["a"], reset: .beginning)
        var configuration = cluster.configuration
        configuration.properties["session.timeout.ms"] = "6000"
        let first = try KafkaConsumer(configuration, subscription: group)
        var iterator = first.records.makeAsyncIterator()
        for expected in 0..<4 { #expect(try await iterator.next()?.offset == Int64(expected)) }
        // The record in hand, 3, is not done with: nobody has asked for the next.
        #expect(await first.close())
        let second = try KafkaConsumer(configuration, subscription: group, options: .init(commits: .manual))
        iterator = second.records.makeAsyncIterator()
        #expect(try await iterator.next()?.offset == 3)
        _ = try await iterator.next()
        try await second.commit()
        let partition = TopicPartition(topic: "a", partition: 0)
        #expect(try await second.committedOffsets(of: [partition]) == [partition: 5])
        await second.close()
        let third = try KafkaConsumer(configuration, subscription: group, options: .init(stopsAtEnd: true))
        var offsets: [Int64] = []
        for try await record in third.records { offsets.append(record.offset) }
        #expect(offsets == Array(5..<10))
        await third.close()
    }

    @Test func `log offsets are those of the broker`() async throws {
        try await produce(["1", "2"])
        let admin = try KafkaAdmin(cluster.configuration)
        let offsets = try await admin.logOffsets(of: TopicPartition(topic: "a", partition: 0))
        #expect(offsets == LogOffsets(start: 0, end: 2))
        let metadata = try await admin.metadata()
        #expect(metadata.brokers.count == 1)
        #expect(metadata.topics.first { $0.name == "a" }?.partitions.count == 1)
    }

    @Test func `asking for a log's ends is over in its time when only the leader cannot be reached`() async throws {
        let cluster = try MockCluster(brokers: 2)
        try cluster.createTopic("a")
        let partition = TopicPartition(topic: "a", partition: 0)
        try cluster.setLeader(of: partition, broker: 2)
        try cluster.setDown(broker: 2)
        let admin = try KafkaAdmin(cluster.configuration)
        await #expect(throws: KafkaError.self) { try await admin.logOffsets(of: partition, timeout: .seconds(1)) }
        try cluster.setUp(broker: 2)
        #expect(try await admin.logOffsets(of: partition).end == 0)
    }

    @Test func `creating a topic without a controller times out with an error that says so`() async throws {
        let admin = try KafkaAdmin(cluster.configuration)
        let error = await #expect(throws: KafkaError.self) {
            try await admin.createTopic(NewTopic(name: "b"), timeout: .milliseconds(300))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("topic \"b\"") == true)
    }
}
