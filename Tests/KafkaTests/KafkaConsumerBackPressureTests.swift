import Kafka
import KafkaTesting
import Testing

@Suite struct KafkaConsumerBackPressureTests {
    @Test func `a reader who stays away longer than the group waits keeps its partition, and misses nothing`()
        async throws
    {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let producer = try KafkaProducer(cluster.configuration)
        for number in 0..<50 { try producer.send(ProducerRecord(topic: "a", partition: 0, value: [UInt8(number)])) }
        try await producer.flush()
        await producer.close()

        var configuration = cluster.configuration
        configuration.properties["max.poll.interval.ms"] = "6000"
        let place = TopicPartition(topic: "a", partition: 0)
        let lags = Monitor<[Int64]>([])
        let consumer = try KafkaConsumer(
            configuration, subscription: .group("g", topics: ["a"], reset: .beginning),
            options: .init(maximumBufferedRecords: 4, sessionTimeout: .seconds(6)),
            onLag: { lag in
                lags.withLock { if let records = lag[place] { $0.append(records) } }
                lags.broadcast()
            })
        var events = consumer.events.makeAsyncIterator()
        var values: [UInt8] = []
        while values.isEmpty, let event = try await events.next() {
            if case .record(let record) = event { values += record.value ?? [] }
        }
        // A report a second, asked of the brokers while nothing is fetched: by the tenth the group's patience is over.
        let isPatient = lags.wait(timeout: .seconds(60)) { $0.count { $0 == 49 } >= 10 ? true : nil }
        #expect(isPatient == true)
        while values.count < 50, let event = try await events.next() {
            switch event {
            case .record(let record): values += record.value ?? []
            case .assigned, .revoked, .lost, .gap: Issue.record("\(event) came")
            case .endOfPartition, .quiet: break
            }
        }
        #expect(values == Array(0..<50))
        #expect(consumer.assignment == [place])
        await consumer.close()
    }
}
