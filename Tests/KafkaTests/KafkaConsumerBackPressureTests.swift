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
        let (lags, note) = AsyncStream<Int64>.makeStream()
        let consumer = try KafkaConsumer(
            configuration, subscription: .group("g", topics: ["a"], reset: .beginning),
            options: .init(maximumBufferedRecords: 4, sessionTimeout: .seconds(6)),
            onLag: { if let records = $0[place] { note.yield(records) } })
        var events = consumer.events.makeAsyncIterator()
        var values: [UInt8] = []
        while values.isEmpty, let event = try await events.next() {
            if case .record(let record) = event { values += record.value ?? [] }
        }
        // A report a second, asked of the brokers while nothing is fetched: by the tenth the group's patience is over.
        var reports = 0
        for await lag in lags where lag == 49 {
            reports += 1
            if reports == 10 { break }
        }
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
