import FoundationEssentials
import Kafka
import KafkaTesting
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// Rows of the fault table that a broker in the process can provoke.
@Suite struct BrokerFaultTests {
    private static let outOfOrderSequenceNumber: Int32 = 45
    private static let unknownProducerId: Int32 = 59
    private static let invalidProducerEpoch: Int32 = 47
    private static let topicAuthorizationFailed: Int32 = 29
    private static let notLeader: Int32 = 6
    private static let requestTimedOut: Int32 = 7
    private static let notEnoughReplicas: Int32 = 19
    private static let messageSizeTooLarge: Int32 = 10

    private func cluster(brokers: Int = 1) throws -> MockCluster {
        let cluster = try MockCluster(brokers: brokers)
        for topic in [TopicContract.progressTopic, TopicContract.lifecycleTopic] {
            try cluster.createTopic(topic, replicationFactor: brokers)
        }
        return cluster
    }

    private func metrics(
        _ cluster: MockCluster, alarms: Monitor<[ForwardingAlarm]>? = nil, lingerMs: Int = 20
    ) throws -> KafkaMetrics {
        // The mock does not look at sequence numbers: it would take a request behind one that failed, which a broker refuses.
        var configuration = cluster.configuration
        configuration.properties["max.in.flight.requests.per.connection"] = "1"
        configuration.properties["linger.ms"] = "\(lingerMs)"
        return try KafkaMetrics(
            configuration: configuration, limits: .init(stallAfter: .milliseconds(200)),
            onAlarm: { alarm in
                alarms?.withLock { $0.append(alarm) }
                alarms?.broadcast()
            })
    }

    private func offer(_ range: Range<Int64>, of runId: UUID, to metrics: KafkaMetrics) {
        for batch in range { metrics.onQueryProgress(.sample(runId: runId, batchId: batch)) }
    }

    /// The batches in the topic, each at its first occurrence.
    private func batches(_ cluster: MockCluster) async throws -> [Int64] {
        let consumer = MetricsConsumer(configuration: cluster.configuration, start: .beginning, stopsAtEnd: true)
        var batches: [Int64] = []
        for try await progress in consumer.progress {
            if let batch = progress.batchId, !batches.contains(batch) { batches.append(batch) }
        }
        return batches
    }

    /// The cases in which librdkafka 2.0.2 alone delivers some of the records and fails for good.
    @Test(arguments: [1, 2, 3]) func `F03 a connection lost with a request under way costs nothing`(brokers: Int)
        async throws
    {
        let cluster = try cluster(brokers: brokers)
        try cluster.setLeader(of: TopicPartition(topic: TopicContract.progressTopic, partition: 0), broker: 1)
        let metrics = try metrics(cluster)
        let runId = UUID()
        offer(0..<1, of: runId, to: metrics)
        #expect(try await metrics.flush())
        try cluster.setRoundTripTime(.milliseconds(750), broker: 1)
        offer(1..<6, of: runId, to: metrics)
        while metrics.statistics.buffered < 5 { try await Task.sleep(for: .milliseconds(1)) }
        try await Task.sleep(for: .milliseconds(100))  // until the request is under way, which nothing tells
        try cluster.pushErrors([Self.outOfOrderSequenceNumber], on: .produce)
        try cluster.setDown(broker: 1)
        try cluster.setRoundTripTime(.zero, broker: 1)
        offer(6..<10, of: runId, to: metrics)
        try cluster.setUp(broker: 1)
        #expect(try await metrics.flush())
        let statistics = await metrics.stop().statistics
        #expect(statistics.acknowledged == 10 && statistics.droppedTotal == 0)
        #expect(statistics.clientsReplaced >= 1)
        #expect(try await batches(cluster) == Array(0..<10))
    }

    @Test(arguments: [
        (MockCluster.Request.produce, outOfOrderSequenceNumber), (.produce, unknownProducerId),
        (.produce, invalidProducerEpoch),
    ])
    func `F04 a client that failed for good is replaced and everything arrives`(
        request: MockCluster.Request, code: Int32
    ) async throws {
        let cluster = try cluster()
        let metrics = try metrics(cluster)
        let runId = UUID()
        offer(0..<5, of: runId, to: metrics)
        #expect(try await metrics.flush())
        try cluster.pushErrors([code], on: request)
        offer(5..<50, of: runId, to: metrics)
        #expect(try await metrics.flush())
        let statistics = await metrics.stop().statistics
        #expect(statistics.acknowledged == 50 && statistics.droppedTotal == 0)
        #expect(try await batches(cluster) == Array(0..<50))
    }

    @Test func `F04 errors that pass are waited for, and nothing is sent twice`() async throws {
        let cluster = try cluster()
        let metrics = try metrics(cluster)
        let runId = UUID()
        offer(0..<1, of: runId, to: metrics)
        #expect(try await metrics.flush())
        try cluster.pushErrors([Self.notLeader, Self.requestTimedOut, -195, Self.notEnoughReplicas], on: .produce)
        offer(1..<21, of: runId, to: metrics)
        #expect(try await metrics.flush())
        #expect(await metrics.stop().statistics.acknowledged == 21)
        #expect(try await batches(cluster) == Array(0..<21))
    }

    @Test func `F07 a right that is missing is told with its cause, and events wait until it is given`() async throws {
        let cluster = try cluster()
        let alarms = Monitor<[ForwardingAlarm]>([])
        try cluster.setTopicError(TopicContract.progressTopic, code: Self.topicAuthorizationFailed)
        var configuration = cluster.configuration
        configuration.properties["topic.metadata.refresh.fast.interval.ms"] = "100"
        let metrics = try KafkaMetrics(
            configuration: configuration, limits: .init(stallAfter: .milliseconds(200)),
            onAlarm: { alarm in
                alarms.withLock { $0.append(alarm) }
                alarms.broadcast()
            })
        offer(0..<5, of: UUID(), to: metrics)
        let told = alarms.wait(timeout: .seconds(30)) { alarms -> KafkaError? in
            for case .cannotDeliver(let error) in alarms where error.code == .notAuthorized { return error }
            return nil
        }
        #expect(told?.description.contains("TOPIC_AUTHORIZATION_FAILED") == true)
        #expect(metrics.statistics.acknowledged == 0 && metrics.statistics.droppedTotal == 0)
        try cluster.setTopicError(TopicContract.progressTopic, code: 0)
        #expect(try await metrics.flush(timeout: .seconds(60)))
        #expect(alarms.wait(timeout: .seconds(10)) { $0.contains(.delivering) ? true : nil } == true)
        #expect(await metrics.stop().statistics.acknowledged == 5)
    }

    @Test func `F07 one forbidden topic is one alarm that names it, however well the other is, and its end is one`()
        async throws
    {
        let cluster = try cluster()
        let alarms = Monitor<[ForwardingAlarm]>([])
        try cluster.setTopicError(TopicContract.lifecycleTopic, code: Self.topicAuthorizationFailed)
        var configuration = cluster.configuration
        configuration.properties["topic.metadata.refresh.fast.interval.ms"] = "100"
        let log = LogRecorder()
        let metrics = try KafkaMetrics(
            configuration: configuration, limits: .init(stallAfter: .milliseconds(100)), logger: log.logger,
            onAlarm: { alarm in
                alarms.withLock { $0.append(alarm) }
                alarms.broadcast()
            })
        let runId = UUID()
        metrics.onQueryStarted(QueryStartedEvent(id: UUID(), runId: runId, name: "q", timestamp: nil))
        #expect(alarms.wait(timeout: .seconds(30)) { $0.isEmpty ? nil : true } == true)
        for batch in 0..<20 {
            metrics.onQueryProgress(.sample(runId: runId, batchId: Int64(batch)))
            while metrics.statistics.acknowledged <= batch { try await Task.sleep(for: .milliseconds(2)) }
        }
        let told = alarms.withLock { $0 }
        guard told.count == 1, case .cannotDeliver(let error) = told.first else {
            Issue.record("told were \(told)")
            return
        }
        #expect(error.topic == TopicContract.lifecycleTopic && error.message.contains(TopicContract.lifecycleTopic))
        #expect(log.lines.count == 1 && log.lines[0].contains(TopicContract.lifecycleTopic))
        #expect(!log.lines[0].contains("\"\(TopicContract.progressTopic)\""))
        try cluster.setTopicError(TopicContract.lifecycleTopic, code: 0)
        #expect(try await metrics.flush(timeout: .seconds(60)))
        #expect(alarms.wait(timeout: .seconds(10)) { $0.contains(.delivering) ? true : nil } == true)
        await metrics.stop()
        #expect(alarms.withLock { $0.count } == 2)
    }

    @Test func `F07 a partition without a leader holds its events back until it has one`() async throws {
        let cluster = try cluster()
        let partition = TopicPartition(topic: TopicContract.progressTopic, partition: 0)
        let metrics = try metrics(cluster)
        offer(0..<1, of: UUID(), to: metrics)
        #expect(try await metrics.flush())
        try cluster.setLeader(of: partition, broker: nil)
        offer(1..<5, of: UUID(), to: metrics)
        #expect(try await !metrics.flush(timeout: .milliseconds(300)))
        try cluster.setLeader(of: partition, broker: 1)
        #expect(try await metrics.flush())
        #expect(await metrics.stop().statistics.acknowledged == 5)
    }

    @Test func `F09 a record that only the broker finds too large is sent again shortened`() async throws {
        let cluster = try cluster()
        let metrics = try metrics(cluster)
        offer(0..<1, of: UUID(), to: metrics)
        #expect(try await metrics.flush())
        try cluster.pushErrors([Self.messageSizeTooLarge], on: .produce)
        offer(1..<2, of: UUID(), to: metrics)
        #expect(try await metrics.flush())
        let statistics = await metrics.stop().statistics
        #expect(statistics == ForwardingStatistics(offered: 2, acknowledged: 2, shortened: 1))
    }

    @Test func `F02 brokers that come and go by a seed lose nothing and keep the order`() async throws {
        let cluster = try cluster()
        let metrics = try metrics(cluster)
        let runId = UUID()
        var random = SeededGenerator(state: 2)
        var next: Int64 = 0
        for _ in 0..<15 {
            try cluster.setDown(broker: 1)
            let count = Int64.random(in: 1...30, using: &random)
            offer(next..<next + count, of: runId, to: metrics)
            next += count
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...60, using: &random)))
            try cluster.setUp(broker: 1)
            offer(next..<next + count, of: runId, to: metrics)
            next += count
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...120, using: &random)))
        }
        #expect(try await metrics.flush(timeout: .seconds(60)))
        let statistics = await metrics.stop().statistics
        #expect(statistics.acknowledged == Int(next) && statistics.droppedTotal == 0)
        #expect(try await batches(cluster) == Array(0..<next))
    }

    @Test func `F04 a client without the right to be idempotent is told of and not replaced again and again`()
        async throws
    {
        let cluster = try cluster()
        let clusterAuthorizationFailed: Int32 = 31
        try cluster.pushErrors([Int32](repeating: clusterAuthorizationFailed, count: 1000), on: .initProducerId)
        let alarms = Monitor<[ForwardingAlarm]>([])
        let metrics = try metrics(cluster, alarms: alarms)
        offer(0..<5, of: UUID(), to: metrics)
        let told = alarms.wait(timeout: .seconds(30)) { alarms -> Int? in
            guard
                alarms.contains(where: {
                    if case .cannotDeliver(let error) = $0 { error.code == .notAuthorized } else { false }
                })
            else { return nil }
            return alarms.count { if case .clientReplaced = $0 { true } else { false } }
        }
        #expect(try #require(told) <= 3)
        try cluster.clearErrors(on: .initProducerId)
        #expect(try await metrics.flush(timeout: .seconds(60)))
        #expect(await metrics.stop().statistics.acknowledged == 5)
    }

    /// A request fails as a whole: -1 says nothing, 87 that one of its records is invalid. All are in one request: of a request with a
    /// single record it is known which one is invalid.
    @Test(arguments: [-1, 87] as [Int32]) func `F04 one failed request refuses none of the events in it`(code: Int32)
        async throws
    {
        let cluster = try cluster()
        let metrics = try metrics(cluster, lingerMs: 300)
        let runId = UUID()
        offer(0..<1, of: runId, to: metrics)
        #expect(try await metrics.flush())
        try cluster.pushErrors([code], on: .produce)
        offer(1..<30, of: runId, to: metrics)
        #expect(try await metrics.flush())
        let statistics = await metrics.stop().statistics
        #expect(statistics.acknowledged == 30 && statistics.droppedTotal == 0)
        #expect(try await batches(cluster) == Array(0..<30))
    }

    @Test func `F07 an event whose topic is forbidden does not keep the others from going, nor their memory`()
        async throws
    {
        let cluster = try cluster()
        try cluster.setTopicError(TopicContract.lifecycleTopic, code: Self.topicAuthorizationFailed)
        let metrics = try KafkaMetrics(
            configuration: cluster.configuration,
            limits: .init(memoryBytes: 64 << 10, stallAfter: .milliseconds(200)), onFull: .dropNewest)
        let runId = UUID()
        metrics.onQueryStarted(QueryStartedEvent(id: UUID(), runId: runId, name: "q", timestamp: nil))
        for batch in 0..<1000 as Range<Int64> {
            try await metrics.send(.progress(.sample(runId: runId, batchId: batch)))
        }
        while metrics.statistics.acknowledged < 1000 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(metrics.statistics.pending == 1 && metrics.statistics.droppedTotal == 0)
        await metrics.stop(deadline: .now)
    }
}
