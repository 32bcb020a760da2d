import Kafka
import KafkaTesting
import Testing

@Suite struct DevelopmentBrokerTests {
    @Test func `clients reach the cluster through the chosen port`() async throws {
        let broker = try DevelopmentBroker(port: 0, topics: ["made"])
        let configuration = KafkaConfiguration(bootstrapServers: broker.bootstrapServers)
        let producer = try KafkaProducer(configuration)
        let report = try await producer.deliver(ProducerRecord(topic: "made", value: "x"))
        #expect(report.partition == 0)
        // A topic that nobody made comes to be.
        _ = try await producer.deliver(ProducerRecord(topic: "unmade", value: "y"))
        await producer.close()
        let consumer = try KafkaConsumer(
            configuration, subscription: .topics(["unmade", "made"], from: .beginning), options: .init(stopsAtEnd: true)
        )
        var values: Set<String> = []
        for try await record in consumer.records { values.insert(String(decoding: record.value ?? [], as: UTF8.self)) }
        #expect(values == ["x", "y"])
        await consumer.close()
        broker.close()
    }

    @Test func `a taken port is an error that names it`() throws {
        let first = try DevelopmentBroker(port: 0)
        let error = try #require(throws: KafkaError.self) { try DevelopmentBroker(port: first.port) }
        #expect(error.message.contains("127.0.0.1:\(first.port)"))
        #expect(error.message.contains("another port"))
        first.close()
        let again = try DevelopmentBroker(port: first.port)
        again.close()
        #expect(throws: KafkaError.self) { try DevelopmentBroker(port: 70_000) }
    }

    @Test func `a closed broker is closed twice without harm`() throws {
        let broker = try DevelopmentBroker(port: 0)
        broker.close()
        broker.close()
        #expect(throws: KafkaError.self) { try broker.cluster.createTopic("late") }
    }
}
