import Testing

@testable import Kafka

@Suite struct ConsumerRecordTests {
    @Test(
        arguments: [
            (nil, nil, []),
            ([], [], [RecordHeader(name: "", value: nil)]),
            ([1], [2, 3], [RecordHeader(name: "a", value: [])]),
            (nil, [UInt8](repeating: 7, count: 100_000), [RecordHeader(name: "é", value: [9])]),
        ] as [([UInt8]?, [UInt8]?, [RecordHeader])])
    func `a record gives back what it was made of, none and empty told apart`(
        key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader]
    ) {
        let record = ConsumerRecord(
            topic: "metrics", partition: 7, offset: .max, timestampMs: 12, key: key, value: value, headers: headers)
        #expect(record.topicPartition == TopicPartition(topic: "metrics", partition: 7))
        #expect(record.offset == .max)
        #expect(record.timestampMs == 12)
        #expect(record.key == key)
        #expect(record.value == value)
        #expect(record.headers == headers)
    }

    @Test func `records are the same by what they say, not by where they lie`() {
        let records = packed(["a", "a", "b"].map { ("t", $0) })
        let alone = ConsumerRecord(topic: "t", partition: 0, offset: 0, value: Array("a".utf8))
        #expect(records[0] == alone)
        #expect(records[0].hashValue == alone.hashValue)
        #expect(records[0] != records[1], "another offset")
        #expect(
            records[2] != ConsumerRecord(topic: "t", partition: 0, offset: 2, timestampMs: 1, value: Array("b".utf8)))
    }

    @Test func `the last header of a name counts`() {
        let headers = [("a", 1), ("b", 2), ("a", 3)].map { RecordHeader(name: $0.0, value: [UInt8($0.1)]) }
        let record = ConsumerRecord(topic: "t", partition: 0, offset: 0, value: nil, headers: headers)
        #expect(record.header("a")?.value == [3])
        #expect(record.header("c") == nil)
    }

    // MARK: Packed together

    private func packed(_ records: [(topic: String, value: String)]) -> [ConsumerRecord] {
        var packer = RecordPacker()
        let all = records.enumerated().map { number, record in
            Array(record.value.utf8).withUnsafeBytes {
                packer.pack(
                    topic: record.topic, partition: 0, offset: Int64(number), timestampMs: nil, key: nil, value: $0,
                    headers: [])
            }
        }
        packer.seal()
        return all
    }

    @Test func `small records share a piece of memory, another topic or a large record begins a new one`() {
        let large = String(repeating: "x", count: RecordBlock.usualCapacity)
        let records = packed([("t", "1"), ("t", "2"), ("u", "3"), ("u", large), ("u", "5")])
        #expect(records[0].block === records[1].block)
        #expect(records[1].block !== records[2].block)
        #expect(records[2].block !== records[3].block)
        #expect(records[3].block !== records[4].block)
        #expect(records.map(\.topic) == ["t", "t", "u", "u", "u"])
        #expect(records.map { $0.value.map { String(decoding: $0, as: UTF8.self) } } == ["1", "2", "3", large, "5"])
    }

    @Test func `a record that is kept stays as it is while the memory of others is used again`() {
        var packer = RecordPacker()
        var kept: [(ConsumerRecord, [UInt8])] = []
        for round in 0..<200 {
            let value = [UInt8](repeating: UInt8(round), count: 30_000)
            let record = value.withUnsafeBytes {
                packer.pack(
                    topic: "t", partition: 0, offset: Int64(round), timestampMs: nil, key: nil, value: $0, headers: [])
            }
            if round % 7 == 0 { kept.append((record, value)) }
            if round % 3 == 0 { packer.seal() }
        }
        for (record, value) in kept { #expect(record.value == value) }
    }

    @Test func `a thousand records of random sizes come back whole`() {
        var random = SystemRandomNumberGenerator()
        let values = (0..<1000).map { _ in
            String(repeating: "y", count: Int.random(in: 0...3000, using: &random))
        }
        let records = packed(values.map { ("t", $0) })
        #expect(records.map { $0.value.map { String(decoding: $0, as: UTF8.self) } } == values)
        #expect(records.map(\.offset) == Array(0..<1000))
    }

    @Test func `a record outlives the others of its piece of memory`() {
        var records = packed([("t", "first"), ("t", "second")])
        records.removeLast()
        #expect(records[0].value == Array("first".utf8))
    }
}
