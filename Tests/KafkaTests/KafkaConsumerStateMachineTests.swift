import Testing

@testable import Kafka

@Suite struct KafkaConsumerStateMachineTests {
    private typealias Machine = KafkaConsumer.StateMachine<Int>
    private let partition = TopicPartition(topic: "t", partition: 0)

    private func entries(_ offsets: ClosedRange<Int64>, _ machine: inout Machine) -> [KafkaConsumer.Entry] {
        let slot = machine.slot(of: partition)
        return offsets.map {
            KafkaConsumer.Entry(
                event: .record(ConsumerRecord(topic: "t", partition: 0, offset: $0, value: [])), slot: slot, size: 10)
        }
    }

    private func offset(_ answer: Machine.Answer) -> Int64? {
        if case .event(.record(let record), _) = answer { record.offset } else { nil }
    }

    private func canPoll(_ machine: inout Machine) -> Bool {
        if case .poll = machine.work() { true } else { false }
    }

    @Test func `polling stops when the buffer is full and goes on when it is half empty`() {
        var machine = Machine(maximumRecords: 4, maximumBytes: 1000)
        #expect(canPoll(&machine))
        _ = machine.push(entries(0...3, &machine))
        #expect(!canPoll(&machine))
        #expect(offset(machine.next()) == 0)
        #expect(!canPoll(&machine))
        guard case .event(_, let wakes) = machine.next() else { return }
        #expect(wakes)
        #expect(canPoll(&machine))
    }

    @Test func `bytes fill the buffer too`() {
        var machine = Machine(maximumRecords: 100, maximumBytes: 25)
        _ = machine.push(entries(0...2, &machine))
        #expect(!canPoll(&machine))
    }

    @Test func `a waiting reader gets the first record of a push`() {
        var machine = Machine(maximumRecords: 4, maximumBytes: 1000)
        guard case .wait = machine.wait(7) else { return }
        guard case .busy = machine.wait(8) else {
            Issue.record("a second reader was let in")
            return
        }
        let delivery = machine.push(entries(5...6, &machine))
        #expect(delivery?.0 == 7)
        #expect(offset(machine.next()) == 6)
    }

    @Test func `a record is processed when the next one is asked for`() {
        var machine = Machine(maximumRecords: 4, maximumBytes: 1000)
        _ = machine.push(entries(0...1, &machine))
        _ = machine.next()
        #expect(machine.dirtyOffsets().isEmpty)
        #expect(machine.position(of: partition) == 1)
        _ = machine.next()
        #expect(machine.dirtyOffsets().map(\.1) == [1])
        #expect(machine.dirtyOffsets().isEmpty)
        #expect(machine.handedOutOffsets.map(\.1) == [2])
    }

    @Test func `partitions that go away take their buffered records along and give their offsets`() {
        var machine = Machine(maximumRecords: 10, maximumBytes: 1000)
        machine.assigned([partition])
        _ = machine.push(entries(0...5, &machine))
        _ = machine.next()
        _ = machine.next()
        #expect(machine.revoked([partition]).map(\.1) == [1])
        #expect(machine.bufferedCount == 0)
        #expect(machine.assignment.isEmpty)
        #expect(machine.position(of: partition) == nil)
        #expect(machine.handedOutOffsets.isEmpty)
        _ = machine.next()
        #expect(machine.dirtyOffsets().isEmpty)
    }

    @Test func `partitions that stay keep what is to be stored when others go`() {
        let other = TopicPartition(topic: "t", partition: 1)
        var machine = Machine(maximumRecords: 10, maximumBytes: 1000)
        machine.assigned([partition, other])
        let slot = machine.slot(of: other)
        let record = ConsumerRecord(topic: "t", partition: 1, offset: 8, value: [])
        _ = machine.push(entries(0...0, &machine))
        _ = machine.push([KafkaConsumer.Entry(event: .record(record), slot: slot, size: 1)])
        for _ in 0..<3 { _ = machine.next() }
        #expect(machine.revoked([other]).map(\.1) == [9])
        #expect(machine.dirtyOffsets().map(\.1) == [1])
    }

    @Test func `a batch is processed as a whole`() {
        var machine = Machine(maximumRecords: 10, maximumBytes: 1000)
        _ = machine.push(entries(0...5, &machine))
        guard case .event(let first, _) = machine.next() else { return }
        var batch = [first]
        _ = machine.takeMore(4, into: &batch)
        #expect(batch.count == 4)
        #expect(machine.dirtyOffsets().isEmpty)
        _ = machine.next()
        #expect(machine.dirtyOffsets().map(\.1) == [4])
    }

    @Test func `the end comes after the buffer, closing at once`() {
        var machine = Machine(maximumRecords: 10, maximumBytes: 1000)
        _ = machine.push(entries(0...1, &machine))
        let error = KafkaError(code: .fatal, message: "x")
        #expect(machine.end(error) == nil)
        #expect(offset(machine.next()) == 0)
        #expect(offset(machine.next()) == 1)
        guard case .end(error) = machine.next() else {
            Issue.record("the stream did not end with its error")
            return
        }
        var closing = Machine(maximumRecords: 10, maximumBytes: 1000)
        _ = closing.push(entries(0...1, &closing))
        #expect(closing.close().isFirst)
        #expect(!closing.close().isFirst)
        guard case .end(nil) = closing.next(), case .stop = closing.work() else {
            Issue.record("a closed consumer goes on")
            return
        }
        #expect(!closing.add {})
    }

    @Test func `a long run through a small buffer keeps order and count`() {
        var machine = Machine(maximumRecords: 1500, maximumBytes: 1 << 20)
        var next: Int64 = 0
        var expected: Int64 = 0
        while expected < 20_000 {
            if case .poll(let room) = machine.work() {
                _ = machine.push(entries(next...(next + Int64(min(room, 700)) - 1), &machine))
                next += Int64(min(room, 700))
            }
            for _ in 0..<333 where machine.bufferedCount > 0 {
                #expect(offset(machine.next()) == expected)
                expected += 1
            }
            #expect(machine.bufferedCount == Int(next - expected))
        }
    }
}

@Suite struct EndOfLogTrackerTests {
    private let a = TopicPartition(topic: "t", partition: 0)
    private let b = TopicPartition(topic: "t", partition: 1)

    @Test func `all partitions must be read to the end they had`() {
        var tracker = EndOfLogTracker()
        tracker.expect([a, b])
        #expect(tracker.unknown == [a, b])
        #expect(!tracker.isComplete)
        tracker.setEnd(LogOffsets(start: 0, end: 3), of: a)
        tracker.setEnd(LogOffsets(start: 4, end: 4), of: b)
        #expect(!tracker.isComplete)
        #expect(tracker.includes(offset: 1, of: a) == true)
        #expect(!tracker.isComplete)
        #expect(tracker.includes(offset: 2, of: a) == true)
        #expect(tracker.isComplete)
        #expect(tracker.includes(offset: 3, of: a) == false)
    }

    @Test func `a gap up to the end counts as read`() {
        var tracker = EndOfLogTracker()
        tracker.expect([a])
        tracker.setEnd(LogOffsets(start: 0, end: 10), of: a)
        #expect(tracker.includes(offset: 5, of: a) == true)
        tracker.reachedEnd(of: a)
        #expect(tracker.isComplete)
        #expect(tracker.includes(offset: 10, of: a) == false)
    }

    @Test func `partitions that others read are not waited for`() {
        var tracker = EndOfLogTracker()
        tracker.expect([a, b])
        tracker.setEnd(LogOffsets(start: 0, end: 1), of: a)
        tracker.forget([b])
        _ = tracker.includes(offset: 0, of: a)
        #expect(tracker.isComplete)
    }
}

@Suite struct KafkaProducerStateMachineTests {
    @Test func `the first to close wakes the poll thread, others wait, later ones are done`() {
        var machine = KafkaProducer.StateMachine()
        machine.reported(failed: 3)
        #expect(machine.isRunning)
        #expect(machine.close() == .wakeAndWait)
        #expect(machine.close() == .wait)
        machine.reported(failed: 2)
        machine.destroyed()
        #expect(machine.close() == .done)
        // Only what the close gave up counts.
        #expect(machine.undelivered == 2)
    }

    @Test func `only the first fatal error is told`() {
        var machine = KafkaProducer.StateMachine()
        let first = KafkaError(code: .fatal, message: "first")
        #expect(machine.fail(first) == true)
        #expect(machine.fail(KafkaError(code: .fatal, message: "second")) == false)
        #expect(machine.fatalError == first)
    }
}
