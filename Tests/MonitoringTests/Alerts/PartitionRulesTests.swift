import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct PartitionRulesTests {
    private let query = EventMaker()

    private func replay(_ expression: String) throws -> AlertReplay {
        let rules = AlertRules(groups: [AlertRuleGroup(name: "partitions", rules: [try .test(expression)])])
        return AlertReplay(rules: rules)
    }

    /// A batch each second, of a topic with three partitions the second of which nobody reads from the tenth second on.
    private func events() -> [TimedEvent] {
        TimedEvent.timed(
            (0..<60 as Range<Int64>).map { number in
                let read = [100 * number, 100 * min(number, 10), 100 * number]
                let source = EventMaker.kafka(end: read, latest: Array(repeating: 100 * number, count: 3))
                return query.batch(number, Double(number), sources: [source])
            })
    }

    @Test func `a rule for single partitions fires for the one that nobody reads, and names it`() throws {
        var replay = try replay("streamgauge_source_partition_lag_records > 1000")
        var steps: [AlertReplay.Step] = []
        for event in events() { steps += replay.take(event.event, at: event.time) }
        steps += replay.finish()
        let fired = steps.flatMap { step in step.changes.map { (step.at, $0) } }
        #expect(fired.map(\.1.state) == [.firing])
        #expect(fired.first?.0 == EventMaker.time(21.5))
        #expect(
            fired.first?.1.labels == [
                "alertname": "Test", "query": "orders", "id": query.id.uuidString.lowercased(), "partition": "1",
                "source": "0: KafkaV2[Subscribe[orders]]", "topic": "orders",
            ])
    }

    @Test func `it ends when the partition is read again`() throws {
        var replay = try replay("streamgauge_source_partition_lag_records > 1000")
        for event in events() { _ = replay.take(event.event, at: event.time) }
        let source = EventMaker.kafka(end: [6000, 6000, 6000], latest: [6000, 6000, 6000])
        _ = replay.take(query.batch(60, 60, sources: [source]), at: EventMaker.time(60))
        let steps = replay.finish(after: .seconds(2))
        #expect(steps.flatMap(\.changes).map(\.state) == [.resolved])
    }

    @Test func `the sum of the partitions is the lag of their source`() throws {
        var replay = try replay(
            """
            sum by (query, source) (streamgauge_source_partition_lag_records)
              != on (query, source) streamgauge_source_lag_records
            """)
        for event in events() { #expect(replay.take(event.event, at: event.time).flatMap(\.changes) == []) }
        #expect(replay.evaluator.asksForPartitions)
        #expect(replay.finish().flatMap(\.changes) == [])
        #expect(replay.evaluator.ruleStatuses.compactMap(\.error) == [])
    }

    @Test func `of a source with very many partitions rules see those that are behind most`() throws {
        let count = PartitionLagSeries.maximumForRules + 200
        let latest = (0..<count).map { Int64($0) }
        var fleet = QueryFleet()
        let source = EventMaker.kafka(end: Array(repeating: 0, count: count), latest: latest)
        fleet.take(query.batch(0, 0, sources: [source]), at: EventMaker.time(0))
        let evaluator = try replay("streamgauge_source_partition_lag_records > 0").evaluator
        let values = evaluator.input(of: fleet, at: EventMaker.time(1)).series.map(\.value)
        #expect(values == latest.suffix(PartitionLagSeries.maximumForRules).reversed().map { Double($0) })
    }

    @Test func `nobody looks at partitions for rules that are about other series`() throws {
        var fleet = QueryFleet()
        fleet.take(query.batch(0, 0, sources: [EventMaker.kafka(end: [0], latest: [9])]), at: EventMaker.time(0))
        let evaluator = try replay("streamgauge_source_lag_records > 0").evaluator
        #expect(!evaluator.asksForPartitions)
        #expect(evaluator.input(of: fleet, at: EventMaker.time(1)).series == [])
    }

    @Test func `a test that gives partitions itself is judged on those alone`() throws {
        var fleet = QueryFleet()
        fleet.take(query.batch(0, 0, sources: [EventMaker.kafka(end: [0], latest: [9])]), at: EventMaker.time(0))
        let evaluator = try replay("streamgauge_source_partition_lag_records > 0").evaluator
        let own = AlertSample(PartitionLagSeries.family.name, [MetricLabel("partition", "7")], 3)
        #expect(evaluator.input(of: fleet, at: EventMaker.time(1), series: [own]).series == [own])
    }

    @Test func `an exported rule for single partitions says what tells their series to Prometheus`() throws {
        let rules = try replay("streamgauge_source_partition_lag_records > 0").evaluator.rules
        #expect(PrometheusRules.text(of: rules).contains("--partition-series"))
        let other = try replay("streamgauge_source_lag_records > 0").evaluator.rules
        #expect(!PrometheusRules.text(of: other).contains("--partition-series"))
    }
}
