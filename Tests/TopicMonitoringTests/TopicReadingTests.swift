import Kafka
import LiveMonitoring
import MetricsTopic
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
}
