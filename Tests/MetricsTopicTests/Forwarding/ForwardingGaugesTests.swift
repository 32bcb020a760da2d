import MetricsTestKit
import Testing

@testable import MetricsTopic

@Suite struct ForwardingGaugesTests {
    @Test func `the counts are metrics whose sums are those of the accounts`() throws {
        let metrics = TestMetrics()
        let gauges = ForwardingGauges(topic: "t", factory: metrics)
        let topic = [("topic", "t")]
        gauges.record(
            ForwardingStatistics(offered: 5, acknowledged: 1, buffered: 1, spooled: 2, dropped: [.spoolFull: 1]))
        gauges.record(
            ForwardingStatistics(
                offered: 9, recovered: 1, acknowledged: 6, spooled: 1, dropped: [.spoolFull: 2, .tooLarge: 1],
                shortened: 1, clientsReplaced: 1))
        func total(_ name: String, _ dimensions: [(String, String)]) throws -> Int64 {
            try metrics.expectCounter("streamgauge_forwarder_\(name)", dimensions).totalValue
        }
        #expect(try total("events_offered_total", topic) == 9)
        #expect(try total("events_recovered_total", topic) == 1)
        #expect(try total("events_acknowledged_total", topic) == 6)
        #expect(try total("events_shortened_total", topic) == 1)
        #expect(try total("clients_replaced_total", topic) == 1)
        #expect(try total("events_dropped_total", topic + [("reason", "spoolFull")]) == 2)
        #expect(try total("events_dropped_total", topic + [("reason", "tooLarge")]) == 1)
        #expect(try metrics.expectGauge("streamgauge_forwarder_events_spooled", topic).lastValue == 1)
        #expect(try metrics.expectGauge("streamgauge_forwarder_events_buffered", topic).lastValue == 0)
    }

    @Test func `counts that did not change are not recorded again`() throws {
        let metrics = TestMetrics()
        let gauges = ForwardingGauges(topic: "t", factory: metrics)
        let statistics = ForwardingStatistics(offered: 1, acknowledged: 1)
        gauges.record(statistics)
        gauges.record(statistics)
        let offered = try metrics.expectCounter("streamgauge_forwarder_events_offered_total", [("topic", "t")])
        #expect(offered.values == [1])
        #expect(!gauges.isBehind(statistics))
    }
}
