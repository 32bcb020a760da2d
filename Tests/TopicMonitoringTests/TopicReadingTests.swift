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
