import KafkaTesting
import Testing

@testable import Kafka

/// What the members of a group are given while partitions change hands.
@Suite struct HandoverTests {
    private let cluster: MockCluster

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic("a", partitions: 2)
    }

    @Test(.timeLimit(.minutes(2)), arguments: KafkaConsumer.AssignmentStrategy.allCases)
    func `F22: partitions that change hands in full flow skip no record, and give none once they are gone`(
        assignment: KafkaConsumer.AssignmentStrategy
    ) async throws {
        let producer = try KafkaProducer(cluster.configuration)
        let flow = Task { try await send(with: producer) }
        let log = HandoverLog()
        let first = try member(assignment)
        let reading = Task { try await read(first, as: 0, log) }
        while await log.records(of: 0) < 200 { try await Task.sleep(for: .milliseconds(10)) }
        let second = try member(assignment)
        let others = Task { try await read(second, as: 1, log) }
        // Each goes on with its own: what came before does not count.
        while await !log.isSettled { try await Task.sleep(for: .milliseconds(10)) }
        flow.cancel()
        try await flow.value
        await second.close()
        await first.close()
        try await reading.value
        try await others.value
        await producer.close()
    }

    @Test func `a record in hand goes with its partition, even when that has come back`() {
        let entries = KafkaConsumer.PolledEntries()
        let (ours, others) = (TopicPartition(topic: "a", partition: 0), TopicPartition(topic: "a", partition: 1))
        entries.rebalance(.assigned([ours, others]))
        entries.tookInHand()
        #expect(!entries.leftMeanwhile(ours))
        entries.rebalance(.revoked([ours]))
        entries.rebalance(.assigned([ours]))
        #expect(entries.leftMeanwhile(ours))
        #expect(!entries.leftMeanwhile(others))
        // The next record was polled after that, and is ours.
        entries.tookInHand()
        #expect(!entries.leftMeanwhile(ours))
    }

    private func member(_ assignment: KafkaConsumer.AssignmentStrategy) throws -> KafkaConsumer {
        try KafkaConsumer(
            cluster.configuration, subscription: .group("flowing", topics: ["a"], reset: .beginning),
            options: KafkaConsumer.Options(
                maximumBufferedRecords: 40, assignment: assignment, sessionTimeout: .seconds(6)))
    }

    /// Reads more slowly than records come, so that partitions change hands with records on their way.
    private func read(_ consumer: KafkaConsumer, as reader: Int, _ log: HandoverLog) async throws {
        var count = 0
        for try await event in consumer.events {
            await log.take(event, reader: reader)
            count += 1
            if count.isMultiple(of: 60) { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    /// Sends some 4,000 records a second to both partitions until the task is cancelled.
    private func send(with producer: KafkaProducer) async throws {
        while !Task.isCancelled {
            for number in 0..<40 {
                try producer.send(ProducerRecord(topic: "a", partition: Int32(number % 2), value: [1]))
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// What two readers of one group were given.
private actor HandoverLog {
    private struct Reader {
        var owned: Set<TopicPartition> = []
        /// The offset after the last record of each partition.
        var next: [TopicPartition: Int64] = [:]
        /// Partitions of which nothing came since they came.
        var fresh: Set<TopicPartition> = []
        var records = 0
    }

    private var readers = [Reader(), Reader()]
    /// Records since a partition last came or went.
    private var sinceHandover = 0

    func records(of reader: Int) -> Int { readers[reader].records }

    /// Whether each reader has had one of the partitions for some time.
    var isSettled: Bool { sinceHandover > 500 && readers.allSatisfy { $0.owned.count == 1 } }

    func take(_ event: KafkaConsumer.Event, reader: Int) {
        switch event {
        case .assigned(let partitions):
            readers[reader].owned.formUnion(partitions)
            readers[reader].fresh.formUnion(partitions)
            sinceHandover = 0
        case .revoked(let partitions), .lost(let partitions):
            readers[reader].owned.subtract(partitions)
            sinceHandover = 0
        case .record(let record): take(record, reader)
        case .gap(let gap): Issue.record("\(gap)")
        case .endOfPartition, .quiet: break
        }
    }

    private func take(_ record: ConsumerRecord, _ reader: Int) {
        let partition = record.topicPartition
        #expect(readers[reader].owned.contains(partition), "reader \(reader), \(partition), offset \(record.offset)")
        if readers[reader].fresh.remove(partition) != nil {
            // What was in hand when the partition went may come again.
            let next = readers.compactMap { $0.next[partition] }.max() ?? 0
            #expect(record.offset <= next, "reader \(reader), \(partition)")
        } else {
            #expect(record.offset == readers[reader].next[partition], "reader \(reader), \(partition)")
        }
        readers[reader].next[partition] = record.offset + 1
        readers[reader].records += 1
        sinceHandover += 1
    }
}
