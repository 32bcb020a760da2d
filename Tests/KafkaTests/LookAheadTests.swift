import KafkaTesting
import Testing

@testable import Kafka

/// What happens to the record in hand while the next one is polled.
@Suite struct LookAheadTests {
    private let ours = TopicPartition(topic: "a", partition: 0)
    private let others = TopicPartition(topic: "a", partition: 1)

    /// Gives what it was told, and calls back as a client may while a record is in hand.
    private struct Script: RecordSource {
        var messages: [RecordQueue.Polled]
        /// What happens when something is polled behind the first message.
        var meanwhile: (() -> Void)?
        private(set) var hasAhead = false

        init(_ messages: [RecordQueue.Polled], meanwhile: @escaping () -> Void = {}) {
            (self.messages, self.meanwhile) = (messages, meanwhile)
        }

        mutating func next(timeoutMs: Int32) -> RecordQueue.Polled? {
            hasAhead = false
            return messages.isEmpty ? nil : messages.removeFirst()
        }

        func isFromBroker(_ message: RecordQueue.Polled) -> Bool {
            switch message {
            case .record, .endOfPartition: true
            case .needsPosition, .error: false
            }
        }

        mutating func lookAhead(past message: RecordQueue.Polled) {
            hasAhead = !messages.isEmpty
            meanwhile?()
            meanwhile = nil
        }

        mutating func read(_ message: RecordQueue.Polled) -> RecordQueue.Polled { message }
        mutating func seal() {}
    }

    private func record(_ offset: Int64, of partition: TopicPartition) -> RecordQueue.Polled {
        let record = ConsumerRecord(
            topic: partition.topic, partition: partition.partition, offset: offset, value: [1])
        return .record(record, of: partition)
    }

    /// Runs one round of polling over a script, and gives what a reader gets, in short.
    private func poll(
        room: Int = 100, _ script: (KafkaConsumer.Core) -> Script
    ) throws -> (events: [String], core: KafkaConsumer.Core, areAway: Bool) {
        // No broker is there, and none is needed.
        let core = try KafkaConsumer.Core(
            KafkaConfiguration(bootstrapServers: "127.0.0.1:1"), .topics(["a"], from: .beginning), .init(),
            startingAt: nil, onLag: nil, onError: { _ in }, onLog: { _ in })
        defer { core.handle.destroy() }
        var source = script(core)
        core.polled.rebalance(.assigned([ours, others]))
        core.poll(&source, room: room)
        // The client's end tells that there is no broker.
        let areAway = core.polled.brokersAreAway
        var events: [KafkaConsumer.Event] = []
        core.state.withLock { _ = $0.takeMore(100, into: &events) }
        let texts = events.map { event in
            switch event {
            case .record(let record): "\(record.partition)@\(record.offset)"
            case .assigned(let partitions): "+\(partitions.count)"
            case .revoked(let partitions): "-\(partitions.count)"
            case .endOfPartition(let partition, let offset): "end of \(partition.partition)@\(offset)"
            case .lost, .gap, .quiet: "\(event)"
            }
        }
        return (texts, core, areAway)
    }

    @Test func `a record whose partition goes meanwhile is not given, and others are`() throws {
        let (events, core, _) = try poll { core in
            Script([record(7, of: ours), record(3, of: others), record(4, of: others)]) {
                core.polled.rebalance(.revoked([ours]))
            }
        }
        #expect(events == ["+2", "-1", "1@3", "1@4"])
        #expect(core.polled.lastOffset(of: ours) == nil)
    }

    @Test func `it is not given either when its partition has come back, and what was read anew is`() throws {
        let (events, _, _) = try poll { core in
            Script([record(7, of: ours), record(5, of: ours), record(6, of: ours)]) {
                core.polled.rebalance(.revoked([ours]))
                core.polled.rebalance(.assigned([ours]))
            }
        }
        #expect(events == ["+2", "-1", "+1", "0@5", "0@6"])
    }

    @Test func `what is polled ahead is given in the same round, however little room there is`() throws {
        let (events, _, _) = try poll(room: 3) { core in
            Script([record(1, of: ours), record(2, of: ours), record(3, of: ours)]) {
                core.polled.rebalance(.revoked([others]))
            }
        }
        // Room is for the assignment, what goes, and one record; the one polled ahead comes too.
        #expect(events == ["+2", "-1", "0@1", "0@2"])
    }

    @Test func `brokers that go away meanwhile count as away`() throws {
        let away = KafkaError(code: .brokerUnreachable, message: "all brokers are down")
        let (events, _, areAway) = try poll { core in Script([record(1, of: ours)]) { core.polled.note(away) } }
        #expect(events == ["+2", "0@1"])
        #expect(areAway)
        let (_, _, areAwayThen) = try poll { core in
            core.polled.note(away)
            return Script([record(1, of: ours)])
        }
        #expect(!areAwayThen)
    }
}

/// When a member of a group that reads up to the end is done.
@Suite struct GroupCompletionTests {
    private let partition = TopicPartition(topic: "a", partition: 0)
    private let now = ContinuousClock.now

    @Test func `a member left without partitions by a rebalance waits for those to come`() {
        let entries = KafkaConsumer.PolledEntries()
        #expect(!entries.isComplete(now: now))
        // Cooperative newcomers get nothing first.
        entries.rebalance(.assigned([]))
        #expect(!entries.isComplete(now: now))
        entries.rebalance(.assigned([partition]))
        #expect(!entries.isComplete(now: now + .seconds(60)))
        entries.tracker.reachedEnd(of: partition)
        #expect(entries.isComplete(now: now))
        // Eager ones give all away before they get theirs, and brokers that are away give nothing for as long.
        entries.rebalance(.revoked([partition]))
        #expect(!entries.isComplete(now: .now + .seconds(600)))
        entries.rebalance(.assigned([]))
        #expect(!entries.isComplete(now: .now + .seconds(5)))
        #expect(entries.isComplete(now: .now + KafkaConsumer.PolledEntries.patience))
    }

    @Test func `one for whom nothing is left is done after a while`() {
        let entries = KafkaConsumer.PolledEntries()
        entries.rebalance(.assigned([]))
        #expect(!entries.isComplete(now: .now + .seconds(5)))
        // The others' rebalances do not make it wait for ever.
        entries.rebalance(.revoked([]))
        #expect(entries.isComplete(now: .now + KafkaConsumer.PolledEntries.patience))
    }

    @Test func `who reads alone is done at once when there is no topic`() {
        let entries = KafkaConsumer.PolledEntries()
        entries.noteNothingToRead()
        #expect(entries.isComplete(now: now))
    }
}
