import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct PrometheusExpositionTests {
    private let query = EventMaker()

    /// A fleet of every recorded query and some made ones, with names that want escaping.
    private func fleet() throws -> QueryFleet {
        var fleet = QueryFleet()
        for file in ["idle", "restart", "slow-behind", "window-watermark-append", "fail-udf", "rate-micro-batch"] {
            for (event, time) in RecordedFeed.timed(try RecordedFeed.events("spark-4.1.1/\(file).jsonl")) {
                fleet.take(event, at: time)
            }
        }
        for (index, name) in ["a \"b\"\\\nc", "", "снег ☃", "orders", "orders"].enumerated() {
            var maker = query
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, UInt8(index)))
            maker.name = name
            for number in 0..<8 as Range<Int64> {
                let source = EventMaker.kafka(end: [100 * number, 5], latest: [1000 * number, 9])
                fleet.take(
                    maker.batch(number, Double(number), sources: [source, source]), at: EventMaker.time(Double(number)))
            }
        }
        return fleet
    }

    private func page(partitions: Int = 0) throws -> ExpositionPage {
        var options = PrometheusExposition.Options()
        options.partitionsPerSource = partitions
        return try ExpositionPage(
            PrometheusExposition.text(of: try fleet(), at: EventMaker.time(100), options: options))
    }

    @Test(arguments: [0, 1, 100]) func `the page is well formed, and no series stands twice`(_ partitions: Int) throws {
        let page = try page(partitions: partitions)
        #expect(page.problems == [])
        #expect(page.samples.count > 300)
    }

    @Test func `a family of more series than a piece holds has one head, and every series once`() throws {
        var fleet = QueryFleet()
        for index in 0..<300 {
            var maker = query
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(index / 256), UInt8(index % 256)))
            fleet.take(maker.batch(0, 0), at: EventMaker.time(0))
        }
        let pieces = Array(PrometheusPage(fleet.report(at: EventMaker.time(10))))
        #expect(pieces.allSatisfy { $0.count { $0 == UInt8(ascii: "\n") } <= 1002 })
        let page = try ExpositionPage(String(decoding: pieces.joined(), as: UTF8.self))
        #expect(page.problems == [])
        #expect(page.samples.count { $0.name == "streamgauge_query_state" } == 300 * QueryState.allCases.count)
        #expect(page.samples.count { $0.name == "streamgauge_query_events_total" } == 300)
    }

    @Test func `a page is the same however its queries were collected`() throws {
        var fleet = try fleet()
        for index in 0..<250 {
            var maker = query
            maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, UInt8(index)))
            fleet.take(maker.batch(0, 0), at: EventMaker.time(0))
        }
        let report = fleet.report(at: EventMaker.time(100))
        func columns(_ range: Range<Int>) -> MetricColumns {
            var columns = MetricColumns(capacity: range.count)
            for snapshot in report.snapshots[range] { columns.append(snapshot) }
            return columns
        }
        let count = report.snapshots.count
        let whole = Array(PrometheusPage(report).joined())
        // With nothing in front, between and behind; and each query by itself.
        for ends in [[0, 0, 4, 4, count, count], [0, 1, 2, 200, count], Array(0...count)] {
            let parts = zip(ends, ends.dropFirst()).map { columns($0..<$1) }
            #expect(Array(PrometheusPage(parts: parts, expired: report.expired).joined()) == whole)
        }
        let text = String(decoding: Array(PrometheusPage(parts: [], expired: 0).joined()), as: UTF8.self)
        #expect(text.contains("streamgauge_queries_expired_total 0") && !text.contains("streamgauge_query_"))
    }

    @Test func `the checker finds what it is there for`() throws {
        let head = "# HELP a_total A.\n# TYPE a_total counter\n"
        for (text, problem) in [
            ("a 1\n", "a has no TYPE"), (head + "a_total 1\na_total 2\n", "a_total stands twice"),
            (head + "a_total{b=\"1\",c=\"2\"} 1\na_total{c=\"2\",b=\"1\"} 2\n", "stands twice"),
            (head + "a_total NaN\n", "no finite number"), (head + head, "a_total has two TYPEs"),
            ("# HELP a A.\n# TYPE a counter\na 1\n", "a is a counter without _total"),
        ] {
            let problems = try ExpositionPage(text).problems
            #expect(problems.contains { $0.contains(problem) }, "\(problems) should tell \(problem)")
        }
        #expect(throws: ExpositionPage.Malformed.self) { try ExpositionPage(head + "a_total{b=\"x} 1\n") }
    }

    @Test func `a query is in one state, and has one verdict and one pressure`() throws {
        let page = try page()
        for family in ["streamgauge_query_state", "streamgauge_query_sizing", "streamgauge_query_pressure"] {
            let byQuery = Dictionary(grouping: page.samples.filter { $0.name == family }) { $0.labels["id"] ?? "" }
            #expect(byQuery.count > 8)
            for samples in byQuery.values { #expect(samples.map(\.value).reduce(0, +) == 1) }
        }
    }

    @Test func `names are labels, whatever is in them, and queries without one have their id`() throws {
        let page = try page()
        let names = Set(page.samples.compactMap { $0.labels["query"] })
        #expect(names.isSuperset(of: ["a \"b\"\\\nc", "снег ☃", "orders"]))
        #expect(names.contains("00000000-0000-0000-0000-000000000101"))
        #expect(page.samples.allSatisfy { $0.labels["query"] != "" })
    }

    @Test func `lags are told in total, by source, and by partition where asked for`() throws {
        let without = try page()
        #expect(!without.text.contains("partition="))
        let with = try page(partitions: 1)
        let id = "00000000-0000-0000-0000-000000000103"
        func value(_ name: String, _ labels: [String: String]) -> Double? {
            with.samples.first { sample in
                sample.name == name && sample.labels["id"] == id && labels.allSatisfy { sample.labels[$0] == $1 }
            }?.value
        }
        #expect(value("streamgauge_query_lag_records", [:]) == 12_608)
        let source = "1: KafkaV2[Subscribe[orders]]"
        #expect(value("streamgauge_source_lag_records", ["source": source]) == 6304)
        let place = ["source": source, "topic": "orders", "partition": "0"]
        #expect(value("streamgauge_source_partition_lag_records", place) == 6300)
        #expect(value("streamgauge_source_partition_lag_records", ["partition": "1"]) == nil)
    }

    @Test func `partitions of many queries come in pieces with one head`() throws {
        let page = try page(partitions: 2)
        let lines = page.text.split(separator: "\n").filter { $0.contains("streamgauge_source_partition_lag_records") }
        var text = PartitionLagText(partitionsPerSource: 2)
        let fleet = try fleet()
        let monitors = fleet.report(at: EventMaker.time(100)).snapshots.compactMap { fleet.monitor(of: $0.id) }
        var pieces: [UInt8] = []
        for _ in 0..<3 {
            for monitor in monitors { text.append(monitor) }
            pieces += text.takePiece()
        }
        let rest = text.takePiece()
        #expect(rest.isEmpty)
        let written = String(decoding: pieces, as: UTF8.self).split(separator: "\n")
        #expect(written == lines + lines.dropFirst(2) + lines.dropFirst(2))
    }

    @Test func `ages grow while nothing comes`() throws {
        let fleet = try fleet()
        func age(_ seconds: Double) throws -> Double? {
            try ExpositionPage(PrometheusExposition.text(of: fleet, at: EventMaker.time(seconds))).samples
                .first { $0.name == "streamgauge_query_last_event_age_seconds" && $0.labels["query"] == "снег ☃" }?
                .value
        }
        #expect(try age(100) == 93)
        #expect(try age(200) == 193)
    }

    @Test func `every family of the catalog is written with its help and labels`() throws {
        let page = try page()
        for family in MetricCatalog.families {
            // A family without a series is left out whole.
            let hasSamples = page.samples.contains { $0.name == family.name }
            #expect(page.types[family.name] == (hasSamples ? family.kind.rawValue : nil))
            #expect(family.help.hasSuffix("."))
            for sample in page.samples where sample.name == family.name {
                #expect(Set(sample.labels.keys) == Set(family.labels + ["query", "id"]))
            }
        }
        let silent = MetricCatalog.families.map(\.name).filter { page.types[$0] == nil }
        // No recorded query has a source that tells them, or ran for the minute that growth needs.
        #expect(
            silent.sorted() == [
                "streamgauge_query_lag_bytes", "streamgauge_query_lag_files",
                "streamgauge_query_state_growth_bytes_per_second", "streamgauge_query_state_growth_rows_per_second",
            ])
        #expect(Set(MetricCatalog.families.map(\.name)).count == MetricCatalog.families.count)
    }

    @Test func `an object's address is no part of a label`() {
        var monitor = QueryMonitor(id: query.id)
        let source = SourceProgress(description: "org.example.MySource@3b516deb", endOffset: 1, latestOffset: 1)
        monitor.replay(query.batch(0, 0, sources: [source]))
        let samples = MetricCatalog.samples(
            of: "streamgauge_source_lag_records", monitor.snapshot(at: EventMaker.time(1)))
        #expect(samples.map(\.labels) == [[MetricLabel("source", "0: org.example.MySource")]])
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `any stream gives a page without fault`(_ seed: UInt64) throws {
        var fleet = QueryFleet()
        for (event, time) in RandomStreamTests.events(seed: seed, count: 60) {
            fleet.take(event, at: time)
            fleet.advance(to: time)
            let page = try ExpositionPage(PrometheusExposition.text(of: fleet, at: time))
            #expect(page.problems == [])
        }
    }

    @Test func `the same fleet gives the same page`() throws {
        #expect(
            PrometheusExposition.bytes(of: try fleet(), at: EventMaker.time(100))
                == PrometheusExposition.bytes(of: try fleet(), at: EventMaker.time(100)))
    }
}
