import Kafka
import KafkaTesting
import Testing

@Suite struct FaultProxyTests {
    @Test func `the same seed gives the same faults, another one others`() {
        let faults = NetworkFaults(NetworkFault.allCases)
        let plan = { (seed: UInt64) in (0..<100).map { faults.planned(seed: seed, connection: $0) } }
        #expect(plan(1) == plan(1))
        #expect(plan(1) != plan(2))
        #expect(Set(plan(1).compactMap { $0?.fault }) == Set(NetworkFault.allCases))
        #expect(plan(1).allSatisfy { faults.afterBytes.contains($0?.afterBytes ?? -1) })
        let few = NetworkFaults([.reset], oneIn: 4)
        let struck = (0..<400).count { few.planned(seed: 3, connection: $0) != nil }
        #expect((50...150).contains(struck))
        #expect(NetworkFaults.none.planned(seed: 1, connection: 0) == nil)
    }

    @Test func `everything a client does goes through the proxy`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t")
        let proxy = try FaultProxy(to: cluster.bootstrapServers)
        let admin = try KafkaAdmin(proxy.configuration)
        #expect(try await admin.metadata(topic: "t").brokers.map(\.port) == [proxy.port])
        let producer = try KafkaProducer(proxy.configuration)
        let value = String(repeating: "x", count: 50_000)
        _ = try await producer.deliver(ProducerRecord(topic: "t", value: value))
        await producer.close()
        #expect(proxy.statistics.bytesToBroker > 50_000)
        let consumer = try KafkaConsumer(
            proxy.configuration, subscription: .topics(["t"], from: .beginning), options: .init(stopsAtEnd: true))
        for try await record in consumer.records { #expect(record.value == Array(value.utf8)) }
        await consumer.close()
        #expect(proxy.statistics.bytesToClient > 50_000)
        proxy.close()
        proxy.close()
        cluster.close()
    }

    /// A producer that notices a connection without life soon.
    private func producer(_ proxy: FaultProxy, _ reports: Monitor<[DeliveryReport]>) throws -> KafkaProducer {
        var configuration = proxy.configuration
        configuration.properties = [
            "socket.timeout.ms": "500", "reconnect.backoff.ms": "10", "reconnect.backoff.max.ms": "50",
            "message.timeout.ms": "0", "request.timeout.ms": "400", "linger.ms": "0",
        ]
        return try KafkaProducer(
            configuration,
            onDelivery: { new in
                reports.withLock { $0 += new }
                reports.broadcast()
            })
    }

    @Test(arguments: NetworkFault.allCases)
    func `a fault that strikes open connections is survived, and counted`(fault: NetworkFault) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t")
        let proxy = try FaultProxy(to: cluster.bootstrapServers)
        let reports = Monitor<[DeliveryReport]>([])
        let producer = try producer(proxy, reports)
        try producer.send(ProducerRecord(topic: "t", value: "before"))
        #expect(reports.wait(timeout: .seconds(20)) { $0.count == 1 ? true : nil } == true)
        proxy.strike(fault)
        try producer.send(ProducerRecord(topic: "t", value: "after"))
        #expect(reports.wait(timeout: .seconds(60)) { $0.count == 2 ? true : nil } == true)
        #expect(reports.withLock { $0.allSatisfy { $0.error == nil } })
        #expect(proxy.statistics.faults[fault, default: 0] > 0)
        await producer.close()
        proxy.close()
        cluster.close()
    }

    @Test func `a proxy that accepts nothing is a broker that is away`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t")
        let proxy = try FaultProxy(to: cluster.bootstrapServers)
        proxy.setAccepting(false)
        let reports = Monitor<[DeliveryReport]>([])
        let producer = try producer(proxy, reports)
        try producer.send(ProducerRecord(topic: "t", value: "waits"))
        proxy.setAccepting(true)
        #expect(reports.wait(timeout: .seconds(20)) { $0.count == 1 ? true : nil } == true)
        await producer.close()
        proxy.close()
        cluster.close()
    }

    @Test func `an address without a port is refused`() {
        #expect(throws: KafkaError.self) { try FaultProxy(to: "nowhere") }
        #expect(throws: KafkaError.self) { try FaultProxy(to: "127.0.0.1:1", port: 70_000) }
    }
}
