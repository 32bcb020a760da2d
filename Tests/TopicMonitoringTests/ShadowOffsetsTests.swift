import Foundation
import Kafka
import StreamingMetrics
import Testing

@testable import TopicMonitoring

@Suite struct ShadowOffsetsTests {
    private static func id(_ number: UInt8) -> UUID {
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number))
    }

    private static func progress(
        _ batch: Int64, query: UInt8 = 1, run: UInt8 = 1, name: String? = "orders", at time: Int64? = nil, end: String,
        source: String = "KafkaV2[Subscribe[a]]"
    ) throws -> StreamingQueryProgress {
        StreamingQueryProgress(
            id: id(query), runId: id(100 + run), name: name,
            timestamp: ProgressTimestamp(millisecondsSinceEpoch: time ?? batch), batchId: batch,
            sources: [SourceProgress(description: source, endOffset: try JSONValue(parsing: end))],
            sink: SinkProgress(description: "noop"))
    }

    private static func place(_ topic: String, _ partition: Int32) -> TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    /// What would be committed now, as if every commit succeeded.
    private static func committed(_ offsets: inout ShadowOffsets) -> [String: [TopicPartition: Int64]] {
        var all: [String: [TopicPartition: Int64]] = [:]
        for group in offsets.due(at: .now, every: .zero) {
            guard let ends = offsets.begin(group, at: .now) else { continue }
            all[group] = ShadowOffsets.partitions(ends)
            offsets.finish(group, ends, at: .now)
        }
        return all
    }

    @Test func `the offsets up to which the newest batch has read are due once`() throws {
        var offsets = ShadowOffsets()
        #expect(offsets.take(try Self.progress(0, end: #"{"a":{"0":5,"1":7}}"#), group: "g") == .taken)
        #expect(offsets.take(try Self.progress(1, end: #"{"a":{"0":9,"1":8},"b":{"0":1}}"#), group: "g") == .taken)
        let newest = [Self.place("a", 0): Int64(9), Self.place("a", 1): 8, Self.place("b", 0): 1]
        #expect(Self.committed(&offsets) == ["g": newest])
        #expect(Self.committed(&offsets).isEmpty && offsets.waitingCount == 0)
        _ = offsets.take(try Self.progress(2, end: #"{"a":{"0":9,"1":8},"b":{"0":1}}"#), group: "g")
        #expect(Self.committed(&offsets).isEmpty, "a batch that read nothing has nothing to commit")
    }

    @Test func `late events move nothing back, and a run with an older checkpoint may`() throws {
        var offsets = ShadowOffsets()
        _ = offsets.take(try Self.progress(4, end: #"{"a":{"0":50}}"#), group: "g")
        _ = Self.committed(&offsets)
        #expect(offsets.take(try Self.progress(3, end: #"{"a":{"0":40}}"#), group: "g") == .late)
        #expect(
            offsets.take(try Self.progress(2, run: 9, end: #"{"a":{"0":30}}"#), group: "g") == .late, "an older run")
        #expect(Self.committed(&offsets).isEmpty)
        #expect(offsets.take(try Self.progress(0, run: 2, at: 100, end: #"{"a":{"0":10}}"#), group: "g") == .taken)
        #expect(Self.committed(&offsets) == ["g": [Self.place("a", 0): 10]])
        #expect(
            offsets.take(try Self.progress(5, at: 200, end: #"{"a":{"0":60}}"#), group: "g") == .late, "its run is over"
        )
        #expect(Self.committed(&offsets).isEmpty)
    }

    @Test func `a run that goes on is followed whatever its host's clock says`() throws {
        var offsets = ShadowOffsets()
        _ = offsets.take(try Self.progress(4, at: 5000, end: #"{"a":{"0":50}}"#), group: "g")
        #expect(offsets.take(try Self.progress(5, run: 2, at: 10, end: #"{"a":{"0":60}}"#), group: "g") == .taken)
        #expect(Self.committed(&offsets) == ["g": [Self.place("a", 0): 60]])
    }

    @Test func `of two queries with one group the newer has it, until it has ended`() throws {
        var offsets = ShadowOffsets()
        _ = offsets.take(try Self.progress(90, at: 1, end: #"{"a":{"0":900}}"#), group: "g")
        #expect(
            offsets.take(try Self.progress(0, query: 2, run: 2, at: 2, end: #"{"a":{"0":1}}"#), group: "g") == .taken)
        #expect(Self.committed(&offsets) == ["g": [Self.place("a", 0): 1]], "as with a new checkpoint")
        let still = try Self.progress(91, at: 3, end: #"{"a":{"0":910}}"#)
        #expect(offsets.take(still, group: "g") == .rival(of: Self.id(2)))
        #expect(Self.committed(&offsets).isEmpty)
        offsets.end(query: Self.id(2), run: Self.id(102))
        #expect(offsets.take(still, group: "g") == .taken)
        #expect(Self.committed(&offsets) == ["g": [Self.place("a", 0): 910]])
    }

    @Test func `a query that takes its group back has it once the other was not heard of for a while`() throws {
        var offsets = ShadowOffsets()
        _ = offsets.take(try Self.progress(90, at: 1, end: #"{"a":{"0":900}}"#), group: "g")
        _ = offsets.take(try Self.progress(0, query: 2, run: 2, at: 2, end: #"{"a":{"0":1}}"#), group: "g")
        // The second was killed, and says no end; the first runs again.
        let soon = try Self.progress(91, run: 3, at: 60_000, end: #"{"a":{"0":910}}"#)
        #expect(offsets.take(soon, group: "g") == .rival(of: Self.id(2)))
        let later = try Self.progress(92, run: 3, at: 660_000, end: #"{"a":{"0":920}}"#)
        #expect(offsets.take(later, group: "g") == .taken)
        #expect(Self.committed(&offsets) == ["g": [Self.place("a", 0): 920]])
    }

    @Test func `only sources that are Kafka's count, and of a partition that two read the one that is behind`() throws {
        var offsets = ShadowOffsets()
        for (end, source) in [
            (#"{"a":{"0":6}}"#, "PulsarSource"), (#"{"logOffset":7}"#, "KafkaV2"),
            (#"{"a":{"0":-1,"4294967296":3}}"#, "KafkaV2"),
        ] {
            _ = offsets.take(try Self.progress(1, end: end, source: source), group: "g")
            #expect(Self.committed(&offsets)["g"] ?? [:] == [:])
        }
        let ends = try [#"{"a":{"0":6,"1":2}}"#, #"{"a":{"0":4}}"#, #""{\"b\":{\"0\":1}}""#].map {
            try JSONValue(parsing: $0)
        }
        #expect(
            ShadowOffsets.partitions(ends) == [Self.place("a", 0): 4, Self.place("a", 1): 2, Self.place("b", 0): 1])
    }

    @Test func `what could not be committed waits, and the newest is committed then`() throws {
        var offsets = ShadowOffsets()
        _ = offsets.take(try Self.progress(0, end: #"{"a":{"0":5}}"#), group: "g")
        _ = offsets.begin("g", at: .now)
        offsets.putBack("g")
        _ = offsets.take(try Self.progress(1, end: #"{"a":{"0":9}}"#), group: "g")
        #expect(Self.committed(&offsets) == ["g": [Self.place("a", 0): 9]])
        _ = offsets.take(try Self.progress(2, end: #"{"a":{"0":10}}"#), group: "g")
        offsets.stop("g")
        #expect(Self.committed(&offsets).isEmpty && offsets.stoppedCount == 1)
    }

    @Test func `a group waits for its interval, and one that was tried comes behind those that were not`() throws {
        var offsets = ShadowOffsets()
        let start = ContinuousClock.now
        for group in ["a", "b", "c"] { _ = offsets.take(try Self.progress(0, end: #"{"a":{"0":5}}"#), group: group) }
        #expect(offsets.due(at: start, every: .seconds(5)) == ["a", "b", "c"])
        _ = offsets.begin("a", at: start)
        offsets.putBack("a")
        #expect(offsets.due(at: start + .seconds(1), every: .seconds(5)) == ["b", "c"])
        #expect(offsets.due(at: start + .seconds(5), every: .seconds(5)) == ["b", "c", "a"])
        offsets.putBack("b", notBefore: start + .seconds(60))
        #expect(offsets.due(at: start + .seconds(5), every: .seconds(5)) == ["c", "a"])
    }

    @Test func `groups beyond the bound are forgotten, those that were silent for longest first`() throws {
        var offsets = ShadowOffsets()
        for number in 0...ShadowOffsets.maximumGroups {
            _ = offsets.take(try Self.progress(0, end: #"{"a":{"0":5}}"#), group: "g\(number)")
        }
        let left = Set(offsets.due(at: .now, every: .zero))
        #expect(left.count <= ShadowOffsets.maximumGroups / 2 + 1)
        #expect(left.contains("g\(ShadowOffsets.maximumGroups)") && !left.contains("g0"))
    }

    @Test func `a template names a group for each query`() throws {
        let named = try Self.progress(0, end: "{}")
        let nameless = try Self.progress(0, name: nil, end: "{}")
        #expect(try ShadowGroupTemplate("spark-{query}").group(of: named) == "spark-orders")
        #expect(
            try ShadowGroupTemplate("spark-{query}").group(of: nameless) == "spark-00000000-0000-0000-0000-000000000001"
        )
        #expect(
            try ShadowGroupTemplate("{id}.{query}/x").group(of: named)
                == "00000000-0000-0000-0000-000000000001.orders/x")
    }

    @Test(arguments: [
        ("spark", "each query needs a group of its own"), ("", "each query needs"), ("{query}", "beside {query}"),
        ("x{", "a { has no }"), ("x-{name}", "{name} is neither"), ("x-{query}{", "has no }"),
    ])
    func `a template with which queries could share a group or take any is refused`(text: String, reason: String) {
        let error = #expect(throws: KafkaError.self) { try ShadowGroupTemplate(text) }
        #expect(error?.code == .invalidArgument && error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
