import Foundation
import Kafka
import KafkaTesting
import MetricsTopic
import StreamingMetrics

/// What comes after an outage.
enum Outages {
    /// Fills a spool without a broker, then times its delivery.
    static func drain(_ options: ForwarderBench.Options, _ events: [StreamingQueryEvent]) async throws {
        try? FileManager.default.removeItem(atPath: options.directory)
        let spool = SpoolOptions(directory: options.directory)
        let first = try KafkaMetrics(
            configuration: KafkaConfiguration(bootstrapServers: "127.0.0.1:1"), topic: options.topic,
            lifecycleTopic: .sameTopic, spool: spool)
        for index in 0..<options.count { try await first.send(events[index % events.count]) }
        let left = await first.stop(deadline: .now).statistics
        let start = Meter.now()
        let second = try KafkaMetrics(
            configuration: KafkaConfiguration(
                bootstrapServers: options.bootstrap, properties: ["linger.ms": options.linger]), topic: options.topic,
            lifecycleTopic: .sameTopic, spool: spool)
        guard try await second.flush(timeout: .seconds(120)) else {
            throw ForwarderBench.UsageError(description: "not all was delivered")
        }
        let seconds = Double(Meter.now() - start) / 1e9
        print(
            "path=drain spooled=\(left.spooled) acknowledged=\(second.statistics.acknowledged) secs=\(seconds) "
                + "msg_s=\(Int(Double(left.spooled) / seconds))")
        await second.stop()
    }

    /// Lets the client of a broker in this process fail for good again and again, and times how long events wait for it.
    static func recovery(_ options: ForwarderBench.Options, _ events: [StreamingQueryEvent]) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic(options.topic)
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration, topic: options.topic, lifecycleTopic: .sameTopic)
        metrics.offer(events[0])
        guard try await metrics.flush() else { throw ForwarderBench.UsageError(description: "the broker does not answer") }
        var waits: [Double] = []
        for round in 0..<options.count {
            let outOfOrderSequenceNumber: Int32 = 45
            try cluster.pushErrors([outOfOrderSequenceNumber], on: .produce)
            let start = Meter.now()
            for index in 0..<10 { metrics.offer(events[(round * 10 + index) % events.count]) }
            guard try await metrics.flush(timeout: .seconds(60)) else {
                throw ForwarderBench.UsageError(description: "it did not recover")
            }
            waits.append(Double(Meter.now() - start) / 1e6)
        }
        let statistics = await metrics.stop().statistics
        waits.sort()
        print(
            "path=recovery failures=\(options.count) replaced=\(statistics.clientsReplaced) "
                + "acknowledged=\(statistics.acknowledged) dropped=\(statistics.droppedTotal) "
                + "p50_ms=\(Int(waits[waits.count / 2])) max_ms=\(Int(waits[waits.count - 1]))")
    }
}
