import FoundationEssentials
import Kafka
import KafkaTesting
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// Row F6 of the reliability table: the network between the listener and the broker fails.
@Suite struct NetworkFaultTests {
    /// A configuration that notices a connection without life soon, so that a test need not wait for a minute.
    private func configuration(_ proxy: FaultProxy) -> KafkaConfiguration {
        var configuration = proxy.configuration
        configuration.properties = [
            "socket.timeout.ms": "1000", "request.timeout.ms": "900", "reconnect.backoff.ms": "10",
            "reconnect.backoff.max.ms": "100", "linger.ms": "1",
            // The mock does not look at sequence numbers, and would take a request behind one that was cut.
            "max.in.flight.requests.per.connection": "1",
        ]
        return configuration
    }

    private func batchIds(_ cluster: MockCluster) async throws -> [Int64] {
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .topics([TopicContract.progressTopic], from: .beginning),
            options: .init(stopsAtEnd: true))
        var batchIds: [Int64] = []
        for try await record in consumer.records {
            let json = String(decoding: record.value ?? [], as: UTF8.self)
            batchIds.append(try #require(try QueryProgressEvent(json: json).progress.batchId))
        }
        await consumer.close()
        return batchIds
    }

    private func whole(_ faults: NetworkFaults, seed: UInt64, events: Int64) async throws {
        let cluster = try MockCluster()
        for topic in [TopicContract.progressTopic, TopicContract.lifecycleTopic] { try cluster.createTopic(topic) }
        let proxy = try FaultProxy(to: cluster.bootstrapServers, seed: seed)
        proxy.setFaults(faults)
        let metrics = try KafkaMetrics(configuration: configuration(proxy))
        let id = UUID()
        for batchId in 0..<events {
            metrics.onQueryProgress(.sample(id: id, batchId: batchId))
            // Again and again until something has struck; then the next events go into the wounded network.
            if batchId % 20 == 19 { _ = try await metrics.flush(timeout: .milliseconds(200)) }
        }
        _ = proxy.wait { $0.faults.values.reduce(0, +) > 0 }
        proxy.setFaults(.none)
        #expect(try await metrics.flush(timeout: .seconds(60)), "seed \(seed): \(proxy.statistics)")
        let statistics = await metrics.stop().statistics
        #expect(statistics.acknowledged == Int(events), "seed \(seed)")
        #expect(proxy.statistics.faults.values.reduce(0, +) > 0, "seed \(seed)")
        let read = try await batchIds(cluster)
        #expect(Set(read) == Set(0..<events), "seed \(seed)")
        // Repetitions are allowed, and everything comes first in order.
        var seen: Set<Int64> = []
        #expect(read.filter { seen.insert($0).inserted } == Array(0..<events), "seed \(seed)")
        proxy.close()
        cluster.close()
    }

    @Test(arguments: NetworkFault.allCases)
    func `F06 everything offered is acknowledged in the end, in order, whatever befalls connections`(
        fault: NetworkFault
    ) async throws {
        try await whole(NetworkFaults([fault], afterBytes: 300...800), seed: 7, events: 100)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `F06 mixed faults from a seed lose nothing`(seed: UInt64) async throws {
        try await whole(NetworkFaults(NetworkFault.allCases, afterBytes: 300...20_000), seed: seed, events: 200)
    }
}
