import FoundationEssentials
import Kafka

/// Turns frames into records as ``TopicContract`` says; keeps its memory from event to event.
struct RecordWriter: ~Copyable {
    /// Key and run id as text, the sequence and the size as digits.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 128, alignment: 8)
    private var headers: [(name: StaticString, value: UnsafeRawBufferPointer)] = []
    private var topic = ""
    private static let version: StaticString = "1"

    deinit { scratch.deallocate() }

    /// Sends an event; the token comes back with its report.
    mutating func send(
        _ event: SpooledEvent, _ bytes: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, shortenedFrom: Int?,
        token: UInt64, to client: any DeliveryClient
    ) throws(KafkaError) {
        let topicBytes = UnsafeRawBufferPointer(rebasing: bytes[event.topic])
        // Records come in runs of one topic.
        if !topic.utf8.elementsEqual(topicBytes) { topic = String(decoding: topicBytes, as: UTF8.self) }
        let key = write(event.queryId, at: 0)
        headers.removeAll(keepingCapacity: true)
        headers.append(("event", Self.bytes(event.kind.headerText)))
        headers.append(("schema-version", Self.bytes(Self.version)))
        headers.append(("run-id", write(event.runId, at: 36)))
        headers.append(("sequence", write(event.sequence, at: 72)))
        if let name = event.name { headers.append(("query-name", UnsafeRawBufferPointer(rebasing: bytes[name]))) }
        if let shortenedFrom { headers.append(("shortened", write(UInt64(shortenedFrom), at: 96))) }
        try client.produce(
            OutgoingRecord(topic: topic, key: key, value: value, headers: headers, timestampMs: event.timestampMs),
            token: UInt(token))
    }

    private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    /// Writes an id as Java does: lower case.
    private func write(_ id: UUID, at offset: Int) -> UnsafeRawBufferPointer {
        var place = offset
        withUnsafeBytes(of: id) { bytes in
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    scratch[place] = UInt8(ascii: "-")
                    place += 1
                }
                scratch[place] = Self.digit(byte >> 4)
                scratch[place + 1] = Self.digit(byte & 15)
                place += 2
            }
        }
        return UnsafeRawBufferPointer(rebasing: scratch[offset..<place])
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private func write(_ number: UInt64, at offset: Int) -> UnsafeRawBufferPointer {
        var rest = number
        var place = offset + 20
        repeat {
            place -= 1
            scratch[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        return UnsafeRawBufferPointer(rebasing: scratch[place..<offset + 20])
    }
}
