import Foundation
import Kafka
import StreamingMetrics
import Testing

@testable import TopicMonitoring

@Suite struct ShadowOffsetsTests {
    private static let query = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))

    private static func progress(
        _ batch: Int64, run: UInt8 = 1, name: String? = "orders", end: String, source: String = "KafkaV2[Subscribe[a]]"
    ) throws -> StreamingQueryProgress {
        StreamingQueryProgress(
            id: query, runId: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, run)), name: name,
            timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0), batchId: batch,
            sources: [SourceProgress(description: source, endOffset: try JSONValue(parsing: end))],
            sink: SinkProgress(description: "noop"))
    }

    private static func place(_ topic: String, _ partition: Int32) -> TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    @Test func `the offsets up to which the newest batch has read wait under the query's name`() throws {
        var offsets = ShadowOffsets()
        offsets.take(try Self.progress(0, end: #"{"a":{"0":5,"1":7}}"#))
        offsets.take(try Self.progress(1, end: #"{"a":{"0":9,"1":8},"b":{"0":1}}"#))
        #expect(
            offsets.takeWaiting()
                == ["orders": [Self.place("a", 0): 9, Self.place("a", 1): 8, Self.place("b", 0): 1]])
        #expect(offsets.takeWaiting().isEmpty)
        offsets.take(try Self.progress(2, end: #"{"a":{"0":9,"1":8},"b":{"0":1}}"#))
        #expect(offsets.waiting.isEmpty, "a batch that read nothing has nothing to commit")
    }

    @Test func `late events move nothing back, and another run may`() throws {
        var offsets = ShadowOffsets()
        offsets.take(try Self.progress(4, end: #"{"a":{"0":50}}"#))
        _ = offsets.takeWaiting()
        offsets.take(try Self.progress(3, end: #"{"a":{"0":40}}"#))
        #expect(offsets.waiting.isEmpty)
        offsets.take(try Self.progress(0, run: 2, end: #"{"a":{"0":10}}"#))
        #expect(offsets.takeWaiting() == ["orders": [Self.place("a", 0): 10]])
        offsets.take(try Self.progress(5, end: #"{"a":{"0":60}}"#))
        #expect(offsets.waiting.isEmpty, "the first run is over")
    }

    @Test func `a query without a name has its id's group, and sources that are not Kafka's have none`() throws {
        var offsets = ShadowOffsets()
        offsets.take(try Self.progress(0, name: nil, end: #"{"a":{"0":5}}"#))
        #expect(Array(offsets.takeWaiting().keys) == ["00000000-0000-0000-0000-000000000001"])
        offsets.take(try Self.progress(1, end: #"{"a":{"0":6}}"#, source: "PulsarSource"))
        offsets.take(try Self.progress(1, end: #"{"logOffset":7}"#))
        offsets.take(try Self.progress(1, end: #"{"a":{"0":-1,"4294967296":3}}"#))
        #expect(offsets.waiting.isEmpty)
    }

    @Test func `what could not be committed waits on, but for what is newer`() throws {
        var offsets = ShadowOffsets()
        offsets.take(try Self.progress(0, end: #"{"a":{"0":5,"1":5}}"#))
        let taken = offsets.takeWaiting()
        offsets.take(try Self.progress(1, end: #"{"a":{"0":9}}"#))
        offsets.putBack("orders", try #require(taken["orders"]))
        #expect(offsets.takeWaiting() == ["orders": [Self.place("a", 0): 9, Self.place("a", 1): 5]])
    }
}
