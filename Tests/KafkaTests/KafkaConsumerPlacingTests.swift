import Kafka
import KafkaTesting
import Testing

/// Where reading begins, and where it goes on when the log does not have the offset any more.
@Suite struct KafkaConsumerPlacingTests {
    let cluster: MockCluster
    private let partitions = (0..<2).map { TopicPartition(topic: "a", partition: $0) }

    init() async throws {
        cluster = try MockCluster()
        try cluster.createTopic("a", partitions: 2)
        let producer = try KafkaProducer(cluster.configuration)
        for number in 0..<10 {
            try producer.send(ProducerRecord(topic: "a", partition: Int32(number % 2), value: [UInt8(number)]))
        }
        try await producer.flush()
        await producer.close()
    }

    /// The mock cluster keeps a member that has left until its session is over.
    private static func options(
        _ assignment: KafkaConsumer.AssignmentStrategy = .cooperativeSticky
    ) -> KafkaConsumer.Options {
        KafkaConsumer.Options(assignment: assignment, sessionTimeout: .seconds(6))
    }

    /// Reads to the ends; gives the values in order for each partition, and the gaps.
    private func read(
        _ subscription: KafkaConsumer.Subscription, assignment: KafkaConsumer.AssignmentStrategy = .cooperativeSticky,
        startingAt: KafkaConsumer.StartingPositions? = nil
    ) async throws -> (values: [[UInt8]], gaps: [LogGap]) {
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: subscription, options: Self.options(assignment),
            startingAt: startingAt)
        var values: [[UInt8]] = [[], []]
        var gaps: [LogGap] = []
        var ended: Set<TopicPartition> = []
        for try await event in consumer.events {
            switch event {
            case .record(let record): values[Int(record.partition)] += record.value ?? []
            case .gap(let gap): gaps.append(gap)
            case .endOfPartition(let partition, _): ended.insert(partition)
            case .assigned, .revoked, .lost, .quiet: break
            }
            // A partition that is assigned anew with another tells its end again.
            if ended.count == 2 { break }
        }
        #expect(consumer.lag == [partitions[0]: 0, partitions[1]: 0])
        await consumer.close()
        return (values, gaps)
    }

    @Test(arguments: KafkaConsumer.AssignmentStrategy.allCases)
    func `F22: a position behind the log's end is told as a log made anew, and the new one is read from its start`(
        assignment: KafkaConsumer.AssignmentStrategy
    ) async throws {
        let group = KafkaConsumer.Subscription.group(
            "recreated", topics: ["a"], reset: .beginning, starts: [partitions[0]: .offset(50)])
        let (values, gaps) = try await read(group, assignment: assignment)
        #expect(values == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]])
        #expect(gaps == [LogGap(partition: partitions[0], cause: .recreated, position: 50, resumesAt: 0)])
        #expect(gaps.first?.lostOffsets == nil)
    }

    @Test func `F22: records that retention removed before they were read are told by their offsets`() async throws {
        // The mock cluster keeps about 5 MB of a partition.
        let producer = try KafkaProducer(cluster.configuration)
        for _ in 0..<12 {
            _ = try await producer.deliver(
                ProducerRecord(topic: "a", partition: 0, value: Array(repeating: 1, count: 900_000)))
        }
        await producer.close()
        let log = try await KafkaAdmin(cluster.configuration).logOffsets(of: partitions[0])
        try #require(log.start > 2 && log.end == 17)
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .partitions([partitions[0]: .offset(2)]),
            options: .init(stopsAtEnd: true))
        var events: [KafkaConsumer.Event] = []
        for try await event in consumer.events {
            if case .record(let record) = event { #expect(record.offset >= log.start) }
            events.append(event)
        }
        await consumer.close()
        let gap = LogGap(partition: partitions[0], cause: .retention, position: 2, resumesAt: log.start)
        #expect(events.prefix(2) == [.assigned([partitions[0]]), .gap(gap)])
        #expect(gap.lostOffsets == 2...(log.start - 1))
        #expect(events.filter { if case .record = $0 { true } else { false } }.count == Int(log.end - log.start))
    }

    @Test func `reading alone finds it too`() async throws {
        let (values, gaps) = try await read(
            .partitions([partitions[0]: .offset(7), partitions[1]: .offset(3)]))
        #expect(values == [[0, 2, 4, 6, 8], [7, 9]])
        #expect(gaps.map(\.cause) == [.recreated])
    }

    @Test func `a group begins where it is told in partitions without a commit, and only there`() async throws {
        let group = { (starts: [TopicPartition: KafkaConsumer.StartPosition]) in
            KafkaConsumer.Subscription.group("placed", topics: ["a"], reset: .end, starts: starts)
        }
        let first = try await read(group([partitions[1]: .offset(3)]))
        #expect(first.values == [[], [7, 9]])
        let again = try await read(group([partitions[0]: .offset(4), partitions[1]: .offset(0)]))
        #expect(again.values == [[8], []])
    }

    @Test func `positions of the consumer's owner win over commits`() async throws {
        let group = KafkaConsumer.Subscription.group("owned", topics: ["a"], reset: .beginning)
        #expect(try await read(group).values == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]])
        let owned = try await read(
            group, startingAt: { partitions in [TopicPartition(topic: "a", partition: 0): .offset(2)] })
        #expect(owned.values == [[4, 6, 8], []])
        let alone = try await read(
            .topics(["a"], from: .end),
            startingAt: { partitions in [TopicPartition(topic: "a", partition: 1): .offset(4)] })
        #expect(alone.values == [[], [9]])
    }

    @Test func `without the positions of its owner nothing is read`() async throws {
        for subscription in [
            KafkaConsumer.Subscription.topics(["a"], from: .beginning), .group("g", topics: ["a"], reset: .beginning),
        ] {
            let consumer = try KafkaConsumer(
                cluster.configuration, subscription: subscription,
                startingAt: { _ throws(KafkaError) in throw KafkaError(code: .client, message: "the store is gone") })
            let error = await #expect(throws: KafkaError.self) {
                for try await record in consumer.records { Issue.record("\(record) was read") }
            }
            #expect(error?.message == "the store is gone")
            await consumer.close()
        }
    }

    @Test func `a batch counts as processed when the next one is asked for`() async throws {
        let group = KafkaConsumer.Subscription.group("batched", topics: ["a"], reset: .beginning)
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: group, options: Self.options())
        var count = 0
        var batches = consumer.batches(of: 1000).makeAsyncIterator()
        while count < 10, let events = try await batches.next() {
            for case .record in events { count += 1 }
        }
        #expect(count == 10)
        // The last batch is in hand yet.
        #expect(await consumer.close())
        let left = try await read(group)
        #expect(!left.values.joined().isEmpty)
        #expect(try await read(group).values == [[], []])
    }

    @Test func `members of a group are told which partitions come and go, and commit those before they go`()
        async throws
    {
        // The mock cluster refuses a member that synchronizes before its leader does, and commits until that has joined once more.
        var again: [KafkaConsumer.Event] = []
        for attempt in 1...3 {
            again = try await handOver(group: "shared-\(attempt)")
            if again.isEmpty { return }
        }
        Issue.record("came again: \(again)")
    }

    /// Has one member read all, and another join; gives what the other gets of the partition that changes hands.
    private func handOver(group name: String) async throws -> [KafkaConsumer.Event] {
        let group = KafkaConsumer.Subscription.group(name, topics: ["a"], reset: .beginning)
        let first = try KafkaConsumer(
            cluster.configuration, subscription: group, options: Self.options())
        var iterator = first.events.makeAsyncIterator()
        var (read, revoked): (Int, [TopicPartition]) = (0, [])
        #expect(try await iterator.next() == .assigned(partitions))
        // Behind its last record a partition's end comes: who has that has asked on, and is done with the record.
        var ends: Set<TopicPartition> = []
        while read < 10 || ends.count < 2, let event = try await iterator.next() {
            switch event {
            case .record: read += 1
            case .endOfPartition(let partition, _): ends.insert(partition)
            default: break
            }
        }
        let second = try KafkaConsumer(
            cluster.configuration, subscription: group, options: Self.options())
        while revoked.isEmpty, let event = try await iterator.next() {
            if case .revoked(let partitions) = event { revoked = partitions }
        }
        #expect(revoked.count == 1)
        #expect(first.assignment.count == 1)
        #expect(!first.assignment.contains(revoked[0]))
        var others = second.events.makeAsyncIterator()
        // All of it is committed, and none comes again.
        var again: [KafkaConsumer.Event] = []
        event: while let event = try await others.next() {
            switch event {
            case .assigned(let partitions): #expect(partitions == revoked)
            case .endOfPartition(let partition, 5) where partition == revoked[0]: break event
            default: again.append(event)
            }
        }
        await second.close()
        await first.close()
        return again
    }
}
