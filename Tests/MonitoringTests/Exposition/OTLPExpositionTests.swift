import Foundation
import StreamingMetrics
import Testing

@testable import Monitoring

@Suite struct OTLPExpositionTests {
    private static let start = EventMaker.time(-10)

    private func fleet() -> QueryFleet {
        var fleet = QueryFleet()
        for (index, name) in ["a \"b\"\\\nc\u{1}", "снег ☃", "orders"].enumerated() {
            var maker = EventMaker()
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, UInt8(index)))
            maker.name = name
            for number in 0..<8 as Range<Int64> {
                let source = EventMaker.kafka(end: [100 * number, 5], latest: [1000 * number, 9])
                fleet.take(maker.batch(number, Double(number), sources: [source]), at: EventMaker.time(Double(number)))
            }
        }
        return fleet
    }

    private static let own: [(family: MetricFamily, samples: [MetricSample])] = [
        (
            MetricFamily("streamgauge_test_bytes_total", help: "Bytes.", kind: .counter, labels: ["place"]),
            [MetricSample(1e300, MetricLabel("place", "here")), MetricSample(.nan, MetricLabel("place", "nowhere"))]
        ), (MetricFamily("streamgauge_test_up", help: "Nothing is told of it.", kind: .gauge), []),
    ]

    private func requests(of fleet: QueryFleet, partitions: Int = 0) throws -> [OTLPRequest] {
        let bodies = OTLPExposition.requests(
            of: fleet, and: Self.own, at: EventMaker.time(20), since: Self.start, partitionsPerSource: partitions,
            resource: OTLPExposition.Resource(version: "1.2", instance: "one"))
        return try bodies.map { try JSONDecoder().decode(OTLPRequest.self, from: Data($0)) }
    }

    private func request() throws -> OTLPRequest {
        let requests = try requests(of: fleet())
        try #require(requests.count == 1)
        return requests[0]
    }

    private func page(of fleet: QueryFleet, partitions: Int = 0) throws -> ExpositionPage {
        var options = PrometheusExposition.Options()
        options.partitionsPerSource = partitions
        return try ExpositionPage(
            String(decoding: PrometheusExposition.bytes(of: Self.own), as: UTF8.self)
                + PrometheusExposition.text(of: fleet, at: EventMaker.time(20), options: options))
    }

    private func samples(of metrics: [OTLPRequest.Metric]) -> [ExpositionPage.Sample] {
        metrics.flatMap { metric in
            metric.points.map { .init(name: metric.name, labels: $0.labels, value: $0.asDouble) }
        }
    }

    @Test(arguments: [0, 1, 2]) func `it has the series of the page for Prometheus, and their values`(
        _ partitions: Int
    ) throws {
        let page = try page(of: fleet(), partitions: partitions)
        let metrics = try requests(of: fleet(), partitions: partitions).flatMap(\.metrics)
        let samples = samples(of: metrics)
        #expect(Set(samples) == Set(page.samples) && samples.count == page.samples.count)
        #expect(samples.count { $0.name == PartitionLagSeries.family.name } == 3 * partitions)
        #expect(samples.count > 100)
        for metric in metrics {
            #expect(metric.description == page.helps[metric.name])
            #expect((metric.sum != nil) == (page.types[metric.name] == "counter"), "\(metric.name)")
            #expect((metric.gauge != nil) != (metric.sum != nil))
        }
    }

    @Test func `what is too much for one request goes in several, each series once`() throws {
        var fleet = fleet()
        for index in 0..<400 {
            var maker = EventMaker()
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, UInt8(index / 256), UInt8(index % 256)))
            let source = EventMaker.kafka(end: [10, 5], latest: [100, 9])
            fleet.take(maker.batch(0, 1, sources: [source]), at: EventMaker.time(1))
        }
        let bodies = OTLPExposition.requests(
            of: fleet, at: EventMaker.time(20), since: Self.start, partitionsPerSource: 2)
        #expect(bodies.count > 1)
        // A query's series, and heads, may come on top.
        #expect(bodies.allSatisfy { $0.count < OTLPRequests.fullBytes + 65_536 })
        let requests = try requests(of: fleet, partitions: 2)
        let samples = samples(of: requests.flatMap(\.metrics))
        let page = try page(of: fleet, partitions: 2)
        #expect(Set(samples) == Set(page.samples) && samples.count == page.samples.count)
        for request in requests { #expect(request.resourceMetrics.map(\.resource.attributes.count) == [3]) }
    }

    @Test func `counters are cumulative and count from when the monitor began`() throws {
        let metrics = try request().metrics
        let sums = metrics.compactMap(\.sum)
        #expect(sums.allSatisfy { $0.aggregationTemporality == 2 && $0.isMonotonic == true })
        let began = "\(Self.start.millisecondsSinceEpoch)000000"
        #expect(sums.flatMap(\.dataPoints).allSatisfy { $0.startTimeUnixNano == began })
        let now = "\(EventMaker.time(20).millisecondsSinceEpoch)000000"
        #expect(metrics.flatMap(\.points).allSatisfy { $0.timeUnixNano == now })
        #expect(metrics.compactMap(\.gauge).flatMap(\.dataPoints).allSatisfy { $0.startTimeUnixNano == nil })
    }

    @Test func `a time that its 64 bits of nanoseconds cannot tell is 0, which says that there is none`() throws {
        for (milliseconds, text) in [
            (-1, "0"), (0, "0"), (1, "1000000"), (18_446_744_073_709, "18446744073709000000"),
            (18_446_744_073_710, "0"), (253_402_300_799_000, "0"), (.max, "0"),
        ] as [(Int64, String)] {
            let body = OTLPExposition.requests(
                of: fleet(), at: MonitorTime(millisecondsSinceEpoch: milliseconds), since: Self.start)
            let request = try JSONDecoder().decode(OTLPRequest.self, from: Data(try #require(body.first)))
            #expect(request.metrics.flatMap(\.points).allSatisfy { $0.timeUnixNano == text }, "\(milliseconds)")
        }
    }

    @Test func `units are those that names end in`() throws {
        let units = Dictionary(uniqueKeysWithValues: try request().metrics.map { ($0.name, $0.unit) })
        #expect(units["streamgauge_query_batch_duration_seconds"] == "s")
        #expect(units["streamgauge_test_bytes_total"] == "By")
        #expect(units["streamgauge_query_busy_ratio"] == "1")
        #expect(units["streamgauge_queries"] == "")
    }

    @Test func `the resource says who sends`() throws {
        let resource = try request().resourceMetrics[0].resource
        #expect(
            resource.attributes.map { "\($0.key)=\($0.value.stringValue)" }
                == ["service.name=streamgauge", "service.version=1.2", "service.instance.id=one"])
    }
}

/// OTLP's JSON as far as it is looked at.
private struct OTLPRequest: Decodable {
    var resourceMetrics: [ResourceMetrics]
    var metrics: [Metric] { resourceMetrics.flatMap(\.scopeMetrics).flatMap(\.metrics) }

    struct ResourceMetrics: Decodable {
        var resource: Resource
        var scopeMetrics: [ScopeMetrics]
    }
    struct Resource: Decodable { var attributes: [Attribute] }
    struct ScopeMetrics: Decodable { var metrics: [Metric] }
    struct Metric: Decodable {
        var name: String
        var description: String
        var unit: String
        var gauge: Points?
        var sum: Points?
        var points: [Point] { (gauge?.dataPoints ?? []) + (sum?.dataPoints ?? []) }
    }
    struct Points: Decodable {
        var dataPoints: [Point]
        var aggregationTemporality: Int?
        var isMonotonic: Bool?
    }
    struct Point: Decodable {
        var attributes: [Attribute]
        var startTimeUnixNano: String?
        var timeUnixNano: String
        var asDouble: Double
        var labels: [String: String] {
            Dictionary(uniqueKeysWithValues: attributes.map { ($0.key, $0.value.stringValue) })
        }
    }
    struct Attribute: Decodable {
        var key: String
        var value: Value
    }
    struct Value: Decodable { var stringValue: String }
}
