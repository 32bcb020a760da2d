import Foundation
import AlertRuleFiles
import Kafka
import LiveMonitoring
import MetricsTopic
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import TopicMonitoring

@Suite struct TopicReadingTests {
    @Test func `a batch with nothing read is no contact: brokers that are away stay away`() {
        let hub = MonitoringHub()
        let reading = TopicReading(feed: "kafka", hub: hub, onContact: { Issue.record("there was no contact") })
        // What comes with an error of the client.
        let nothing = MetricsBatch(records: [], nextOffsets: [:])
        reading.take(nothing) { _ in }
        #expect(hub.feeds.map(\.state) == [.connecting])
        reading.note(KafkaError(code: .brokerUnreachable, message: "no broker"))
        reading.take(nothing) { _ in }
        #expect(hub.feeds.map(\.state) == [.away])
        #expect(hub.feeds.first?.error == "no broker")
    }

    @Test func `brokers that are lost while old events are read are alarmed, and what was true in the past is not`()
        throws
    {
        let clock = Mutex(MonitorTime(millisecondsSinceEpoch: 1_795_428_000_000))
        let watch = AlertWatch(rules: try ShippedRules.rules())
        let hub = MonitoringHub(alerts: watch, clock: { clock.withLock { $0 } })
        let reading = TopicReading(feed: "kafka", hub: hub, onContact: {})
        let (id, runId) = (UUID(), UUID())
        /// An event that was on the topics before.
        func read(_ event: StreamingQueryEvent, at offset: Int64) {
            hub.take(event, at: MonitorTime(millisecondsSinceEpoch: 1_795_424_400_000 + offset * 1000))
            let gap = SequenceGap(queryId: UUID(), runId: runId, missing: 1...1)
            let partition = TopicPartition(topic: "streaming-metrics", partition: 0)
            reading.take(MetricsBatch(records: [.gap(gap)], nextOffsets: [partition: offset + 1])) { _ in }
        }
        func pass(_ seconds: Int) {
            for _ in 0..<seconds {
                clock.withLock { $0 = $0 + .seconds(1) }
                hub.tick()
            }
        }
        func names() -> Set<String> { Set(hub.alerts.alerts.filter { $0.state == .firing }.map(\.name)) }
        read(.started(QueryStartedEvent(id: id, runId: runId, name: "orders", timestamp: nil)), at: 0)
        read(.terminated(QueryTerminatedEvent(id: id, runId: runId, exception: "boom")), at: 1)
        pass(10)
        #expect(hub.alertStatistics?.evaluations == 0)
        reading.note(KafkaError(code: .brokerUnreachable, message: "no broker"))
        pass(200)
        #expect(hub.feeds.map(\.state) == [.away])
        #expect(names().contains("FeedDown") && !names().contains("QueryFailed"), "\(names())")
        // Back: it ran again long before the present.
        read(.started(QueryStartedEvent(id: id, runId: UUID(), name: "orders", timestamp: nil)), at: 2)
        for _ in 0..<2 { reading.note(lag: [TopicPartition(topic: "streaming-metrics", partition: 0): 0]) }
        #expect(hub.feeds.map(\.state) == [.live])
        pass(5)
        #expect(hub.rows().map(\.snapshot.title) == ["orders"])
        #expect(!hub.alerts.alerts.contains { $0.name == "QueryFailed" }, "\(hub.alerts.alerts.map(\.name))")
    }

    @Test func `events that are missing on the topics are counted for their query, and the shipped rule sees them`()
        throws
    {
        let (id, runId) = (UUID(), UUID())
        let clock = Mutex(MonitorTime(millisecondsSinceEpoch: 1_795_428_000_000))
        let watch = AlertWatch(rules: try ShippedRules.rules())
        let hub = MonitoringHub(alerts: watch, clock: { clock.withLock { $0 } })
        let reading = TopicReading(feed: "kafka", hub: hub, onContact: {})
        let started = StreamingQueryEvent.started(
            QueryStartedEvent(id: id, runId: runId, name: "orders", timestamp: nil))
        hub.take(started)
        hub.report("kafka") { $0.state = .live }
        for second in 0..<60 {
            clock.withLock { $0 = $0 + .seconds(1) }
            if second == 30 {
                let gap = SequenceGap(queryId: id, runId: runId, missing: 7...9)
                reading.take(MetricsBatch(records: [.gap(gap)], nextOffsets: [:])) { _ in }
                hub.report("kafka") { $0.state = .live }
            }
            hub.tick()
        }
        #expect(hub.rows().map(\.snapshot.counts.missingEvents) == [3])
        #expect(hub.feeds.map(\.missing) == [3])
        #expect(hub.alerts.alerts.map(\.name).contains("ForwarderDropping"), "\(hub.alerts.alerts)")
    }
}
