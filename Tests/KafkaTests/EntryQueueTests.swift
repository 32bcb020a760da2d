import Testing

@testable import Kafka

@Suite struct EntryQueueTests {
    private func entries(_ numbers: Range<Int64>, slot: Int = 0) -> [KafkaConsumer.Entry] {
        numbers.map {
            KafkaConsumer.Entry(
                event: .record(ConsumerRecord(topic: "t", partition: 0, offset: $0, value: nil)), slot: slot, size: 10)
        }
    }

    private func offset(_ entry: KafkaConsumer.Entry?) -> Int64? {
        if case .record(let record) = entry?.event { record.offset } else { nil }
    }

    @Test func `entries come out in the order in which they went in, whatever the sizes of the arrays`() {
        var queue = KafkaConsumer.EntryQueue()
        var random = SystemRandomNumberGenerator()
        var pushed: Int64 = 0
        var popped: Int64 = 0
        for _ in 0..<2000 {
            let more = Int64.random(in: 0...3, using: &random)
            queue.append(entries(pushed..<pushed + more))
            pushed += more
            for _ in 0..<Int.random(in: 0...3, using: &random) where popped < pushed {
                #expect(offset(queue.popFirst()) == popped)
                popped += 1
            }
            #expect(queue.count == Int(pushed - popped))
            #expect(queue.bytes == queue.count * 10)
        }
        while let entry = queue.popFirst() {
            #expect(offset(entry) == popped)
            popped += 1
        }
        #expect(popped == pushed)
        #expect(queue.count == 0 && queue.bytes == 0)
    }

    @Test func `dropping a partition's entries keeps the others in their order`() {
        var queue = KafkaConsumer.EntryQueue()
        queue.append(entries(0..<3, slot: 1))
        queue.append(entries(3..<5, slot: 2))
        queue.append(entries(5..<6, slot: 1))
        _ = queue.popFirst()
        queue.removeAll(slot: 2)
        #expect(queue.count == 3 && queue.bytes == 30)
        #expect(
            [queue.popFirst(), queue.popFirst(), queue.popFirst(), queue.popFirst()].map(offset) == [1, 2, 5, nil])
    }
}
