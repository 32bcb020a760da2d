import FoundationEssentials
import Kafka
import KafkaTesting
import Logging
import StreamingMetrics
import Testing

@testable import MetricsTopic

@Suite struct KafkaMetricsTests {
    private func cluster() throws -> MockCluster {
        let cluster = try MockCluster()
        for topic in [TopicContract.progressTopic, TopicContract.lifecycleTopic] { try cluster.createTopic(topic) }
        return cluster
    }

    private func records(_ cluster: MockCluster, topic: String) async throws -> [ConsumerRecord] {
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .topics([topic], from: .beginning), options: .init(stopsAtEnd: true))
        var records: [ConsumerRecord] = []
        for try await record in consumer.records { records.append(record) }
        await consumer.close()
        return records
    }

    @Test func `a progress becomes the record the contract describes`() async throws {
        let cluster = try cluster()
        let metrics = try KafkaMetrics(bootstrapServers: cluster.bootstrapServers)
        let event = QueryProgressEvent.sample(batchId: 0, name: "test_stream")
        metrics.onQueryProgress(event)
        #expect(await metrics.stop().statistics == ForwardingStatistics(offered: 1, acknowledged: 1))
        let record = try #require(try await records(cluster, topic: "streaming-metrics").first)
        #expect(record.value == Array(event.progress.json.utf8))
        #expect(record.key == Array(event.progress.id.uuidString.lowercased().utf8))
        #expect(record.header("event")?.text == "progress")
        #expect(record.header("schema-version")?.text == "1")
        #expect(record.header("query-name")?.text == "test_stream")
        #expect(record.header("run-id")?.text == event.progress.runId.uuidString.lowercased())
        #expect(record.header("sequence")?.text == "0")
    }

    @Test func `started, idle and terminated events go to the lifecycle topic`() async throws {
        let cluster = try cluster()
        let metrics = try KafkaMetrics(bootstrapServers: cluster.bootstrapServers)
        let (id, runId) = (UUID(), UUID())
        let started = QueryStartedEvent(id: id, runId: runId, name: "n", timestamp: nil)
        let terminated = QueryTerminatedEvent(id: id, runId: runId, exception: "no\nluck")
        metrics.onQueryStarted(started)
        metrics.onQueryTerminated(terminated)
        await metrics.stop()
        #expect(try await records(cluster, topic: TopicContract.progressTopic).isEmpty)
        let lifecycle = try await records(cluster, topic: TopicContract.lifecycleTopic)
        #expect(lifecycle.map(\.value) == [Array(started.json.utf8), Array(terminated.json.utf8)])
        #expect(lifecycle.map { $0.header("event")?.text } == ["started", "terminated"])
        #expect(lifecycle.map { $0.header("query-name")?.text } == ["n", "n"])
    }

    @Test func `the lifecycle can share the topic or be off`() async throws {
        let cluster = try cluster()
        let terminated = QueryTerminatedEvent(id: UUID(), runId: UUID(), exception: nil)
        for (setting, expected) in [(KafkaMetrics.LifecycleTopic.sameTopic, 1), (.off, 0)] {
            let metrics = try KafkaMetrics(
                configuration: cluster.configuration, topic: "all-\(expected)", lifecycleTopic: setting)
            try cluster.createTopic("all-\(expected)")
            metrics.onQueryTerminated(terminated)
            #expect(await metrics.stop().statistics.offered == expected)
            #expect(try await records(cluster, topic: "all-\(expected)").count == expected)
        }
        #expect(try await records(cluster, topic: TopicContract.lifecycleTopic).isEmpty)
    }

    @Test func `runs that have ended are forgotten, whether or not their ends are forwarded`() async throws {
        let nowhere = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        for topic in [KafkaMetrics.LifecycleTopic.off, .sameTopic] {
            let metrics = try KafkaMetrics(configuration: nowhere, lifecycleTopic: topic)
            for _ in 0..<20 {
                let (id, runId) = (UUID(), UUID())
                metrics.onQueryStarted(QueryStartedEvent(id: id, runId: runId, name: "q", timestamp: nil))
                metrics.onQueryProgress(.sample(runId: runId, batchId: 0))
                #expect(metrics.load.runs == 1)
                metrics.onQueryTerminated(QueryTerminatedEvent(id: id, runId: runId, exception: nil))
                // The end of a run that never was.
                metrics.onQueryTerminated(QueryTerminatedEvent(id: id, runId: UUID(), exception: nil))
            }
            let ended = QueryTerminatedEvent(id: UUID(), runId: UUID(), exception: nil)
            metrics.onQueryProgress(.sample(runId: ended.runId, batchId: 0))
            try await metrics.send(.terminated(ended))
            #expect(metrics.load.runs == 0)
            await metrics.stop(deadline: .now)
        }
    }

    @Test func `without a broker every call returns, the newest events are kept and all are counted`() async throws {
        let log = LogRecorder()
        let metrics = try KafkaMetrics(
            configuration: KafkaConfiguration(bootstrapServers: "127.0.0.1:1"),
            limits: .init(bufferedEvents: 100, memoryBytes: 8192, eventsInFlight: 10), logger: log.logger)
        for batchId in 0..<1000 {
            metrics.onQueryProgress(.sample(batchId: Int64(batchId)))
            let now = metrics.statistics
            #expect(now.offered == batchId + 1)
            #expect(now.isBalanced)
            // The ring, one block in memory, what the writer has in hand and what librdkafka has.
            #expect(now.pending <= 100 + 100 + 100 + 10)
        }
        #expect(log.wait { $0.contains { $0.contains("cannot be delivered") } })
        let summary = await metrics.stop(deadline: .now + .milliseconds(500))
        #expect(summary.undelivered == 1000)
        #expect(summary.statistics.pending == 0)
        let full = (summary.statistics.dropped[.bufferFull] ?? 0) + (summary.statistics.dropped[.memoryFull] ?? 0)
        #expect(full >= 690)
        #expect(summary.description.hasPrefix("0 of 1000 events delivered, 1000 dropped ("))
        // Said once, with the topic, the servers and what to do; and once what was given up.
        let outage = log.lines.filter { $0.contains("cannot be delivered") }
        let line = try #require(outage.first)
        #expect(outage.count == 1)
        #expect(log.lines.count { $0.contains("given up") } == 1)
        #expect(line.contains("streaming-metrics") && line.contains("127.0.0.1:1") && line.contains("check"))
    }

    /// Each close would outlast the limit if it waited for the broker.
    @Test(.timeLimit(.minutes(2)))
    func `closing with a dead broker ends within the timeout, and at once when nothing is pending`() async throws {
        let idle = try KafkaMetrics(bootstrapServers: "127.0.0.1:1")
        await idle.stop(deadline: .now + .seconds(3600))
        let busy = try KafkaMetrics(bootstrapServers: "127.0.0.1:1")
        busy.onQueryProgress(.sample(batchId: 0))
        await busy.stop(deadline: .now + .seconds(1))
        #expect(busy.statistics == ForwardingStatistics(offered: 1, dropped: [.closed: 1]))
        busy.onQueryProgress(.sample(batchId: 1))
        #expect(busy.statistics == ForwardingStatistics(offered: 2, dropped: [.closed: 2]))
    }

    @Test func `an outage is said once, its end once, and nothing is lost`() async throws {
        let cluster = try cluster()
        let log = LogRecorder()
        let metrics = try KafkaMetrics(configuration: cluster.configuration, logger: log.logger)
        metrics.onQueryProgress(.sample(batchId: 0))
        #expect(try await metrics.flush())
        try cluster.setDown(broker: 1)
        for batchId in 1..<20 { metrics.onQueryProgress(.sample(batchId: Int64(batchId))) }
        #expect(log.wait { $0.count == 1 })
        try cluster.setUp(broker: 1)
        #expect(try await metrics.flush())
        #expect(log.wait { $0.count == 2 })
        #expect(log.lines.last?.contains("again") == true)
        let summary = await metrics.stop()
        #expect(summary.statistics == ForwardingStatistics(offered: 20, acknowledged: 20))
        #expect(summary.description == "20 of 20 events delivered")
        #expect(try await records(cluster, topic: TopicContract.progressTopic).count == 20)
    }

    @Test func `a client that failed for good is replaced and its events are sent again in order`() async throws {
        let cluster = try cluster()
        let log = LogRecorder()
        // The mock does not look at sequence numbers: it would take a request behind one that failed, which a broker refuses.
        var configuration = cluster.configuration
        configuration.properties["max.in.flight.requests.per.connection"] = "1"
        let metrics = try KafkaMetrics(configuration: configuration, logger: log.logger)
        let runId = UUID()
        metrics.onQueryProgress(.sample(runId: runId, batchId: 0))
        #expect(try await metrics.flush())
        let outOfOrderSequenceNumber: Int32 = 45
        try cluster.pushErrors([outOfOrderSequenceNumber], on: .produce)
        for batchId in 1..<30 { metrics.onQueryProgress(.sample(runId: runId, batchId: Int64(batchId))) }
        #expect(try await metrics.flush(timeout: .seconds(20)))
        #expect(log.lines.contains { $0.contains("replaced") })
        let summary = await metrics.stop()
        #expect(
            summary.statistics == ForwardingStatistics(offered: 30, acknowledged: 30, clientsReplaced: 1))
        var sequences: [UInt64] = []
        for record in try await records(cluster, topic: TopicContract.progressTopic) {
            if case .event(_, let metadata) = MetricsRecord(record), let sequence = metadata.sequence {
                sequences.append(sequence)
            }
        }
        var unique: [UInt64] = []
        for sequence in sequences where !unique.contains(sequence) { unique.append(sequence) }
        #expect(unique == Array(0..<30))
    }

    @Test func `an event beyond the limit is sent shortened and says how large it was`() async throws {
        let cluster = try cluster()
        let metrics = try KafkaMetrics(configuration: cluster.configuration)
        metrics.onQueryProgress(.sample(batchId: 0, description: String(repeating: "x", count: 2_000_000)))
        metrics.onQueryProgress(.sample(batchId: 1))
        let summary = await metrics.stop()
        #expect(summary.statistics == ForwardingStatistics(offered: 2, acknowledged: 2, shortened: 1))
        let records = try await records(cluster, topic: TopicContract.progressTopic)
        try #require(records.count == 2)
        let size = try #require(records[0].header("shortened")?.text.flatMap { Int($0) })
        #expect(size > 2_000_000)
        #expect(records[1].header("shortened") == nil)
        let progress = try #require(MetricsRecord(records[0]).progress)
        #expect(progress.batchId == 0 && progress.numInputRows == 2 && progress.durationMs["addBatch"] == 572)
        #expect(progress.sink.description?.count == 1001)
    }

    @Test func `a topic without permission is said although librdkafka is silent`() async throws {
        let cluster = try cluster()
        let topicAuthorizationFailed: Int32 = 29
        try cluster.setTopicError(TopicContract.progressTopic, code: topicAuthorizationFailed)
        let log = LogRecorder()
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration, limits: .init(stallAfter: .milliseconds(100)), logger: log.logger)
        metrics.onQueryProgress(.sample(batchId: 0))
        #expect(log.wait { $0.contains { $0.contains("TOPIC_AUTHORIZATION_FAILED") } })
        await metrics.stop(deadline: .now + .milliseconds(100))
        #expect(log.lines.count == 1)
    }

    @Test func `events for a topic that is missing wait until it is there`() async throws {
        let cluster = try cluster()
        let unknownTopic: Int32 = 3
        try cluster.setTopicError(TopicContract.progressTopic, code: unknownTopic)
        let log = LogRecorder()
        var configuration = cluster.configuration
        configuration.properties["topic.metadata.propagation.max.ms"] = "100"
        configuration.properties["topic.metadata.refresh.fast.interval.ms"] = "100"
        let metrics = try KafkaMetrics(configuration: configuration, logger: log.logger)
        let runId = UUID()
        for batchId in 0..<10 { metrics.onQueryProgress(.sample(runId: runId, batchId: Int64(batchId))) }
        #expect(log.wait { $0.contains { $0.contains("UNKNOWN") } })
        #expect(metrics.statistics == ForwardingStatistics(offered: 10, buffered: 10))
        try cluster.setTopicError(TopicContract.progressTopic, code: 0)
        #expect(try await metrics.flush())
        #expect(await metrics.stop().statistics == ForwardingStatistics(offered: 10, acknowledged: 10))
        #expect(log.lines.count == 2)
        let batches = try await records(cluster, topic: TopicContract.progressTopic).map { record in
            MetricsRecord(record).progress?.batchId
        }
        #expect(batches == Array(0..<10))
    }

    @Test func `sending with room waited for loses nothing in a small buffer`() async throws {
        let cluster = try cluster()
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration, limits: .init(bufferedEvents: 2, eventsInFlight: 2))
        let runId = UUID()
        for batchId in 0..<100 { try await metrics.send(.progress(.sample(runId: runId, batchId: Int64(batchId)))) }
        #expect(await metrics.stop().statistics == ForwardingStatistics(offered: 100, acknowledged: 100))
    }

    @Test func `a wrong option is the initialiser's error`() {
        #expect(throws: KafkaError.self) {
            try KafkaMetrics(
                configuration: KafkaConfiguration(bootstrapServers: "localhost:1", properties: ["acks": "none at all"]))
        }
        #expect(throws: KafkaError.self) { try KafkaMetrics(bootstrapServers: "") }
    }

    @Test func `a stall is looked at once and again after half a minute`() {
        var detector = StallDetector(after: .seconds(3))
        func isDue(at seconds: Int, onItsWay: Int = 1) -> Bool {
            detector.isDue(lastSign: .zero, onItsWay: onItsWay, now: .seconds(seconds))
        }
        #expect(!isDue(at: 2))
        #expect(!isDue(at: 4, onItsWay: 0))
        #expect(isDue(at: 4))
        #expect(!isDue(at: 20))
        #expect(isDue(at: 35))
    }
}
