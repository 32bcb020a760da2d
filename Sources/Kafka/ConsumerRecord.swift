/// A record as it was read.
///
/// Records that came together lie in one piece of memory of at most 64 KiB, or of the size of a larger record, which lives as
/// long as one of them does. Copying a record costs one reference; ``key``, ``value`` and ``headers`` copy their bytes each
/// time they are asked for. Who reads many looks at the bytes where they lie, with ``withValue(_:)`` and ``withKey(_:)``.
public struct ConsumerRecord: Sendable {
    @usableFromInline let block: RecordBlock
    @usableFromInline let start: Int

    init(block: RecordBlock, start: Int) {
        self.block = block
        self.start = start
    }

    /// Creates a record.
    public init(
        topic: String, partition: Int32, offset: Int64, timestampMs: Int64? = nil, key: [UInt8]? = nil, value: [UInt8]?,
        headers: [RecordHeader] = []
    ) {
        // One piece of memory for the headers' bytes, so that all of them can be lent at once.
        var bytes: [UInt8] = []
        for header in headers { bytes += Array(header.name.utf8) + (header.value ?? []) }
        self = bytes.withUnsafeBytes { lent in
            var rest = lent[...]
            func take(_ count: Int) -> UnsafeRawBufferPointer {
                defer { rest = rest.dropFirst(count) }
                return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
            }
            let packed = headers.map { header in
                RecordBlock.Header(name: take(header.name.utf8.count), value: header.value.map { take($0.count) })
            }
            return Self.withBytes(of: key) { key in
                Self.withBytes(of: value) { value in
                    let size = RecordBlock.size(key: key, value: value, headers: packed)
                    let block = RecordBlock(topic: topic, capacity: size)
                    let start = block.pack(
                        partition: partition, offset: offset, timestampMs: timestampMs, key: key, value: value,
                        headers: packed, size: size)
                    return ConsumerRecord(block: block, start: start)
                }
            }
        }
    }

    private static func withBytes<R>(of array: [UInt8]?, _ body: (RecordBlock.Bytes) -> R) -> R {
        guard let array else { return body(nil) }
        return array.withUnsafeBytes { body($0) }
    }

    /// The topic's name.
    public var topic: String { block.topic }
    /// The partition.
    public var partition: Int32 { Int32(truncatingIfNeeded: block.prefix(at: start).partition) }
    /// The offset in the partition.
    public var offset: Int64 { block.prefix(at: start).offset }
    /// Milliseconds since 1970 as set by the producer or the broker; nil when the record has none.
    public var timestampMs: Int64? {
        let timestamp = block.prefix(at: start).timestamp
        return timestamp == RecordBlock.Prefix.noTimestamp ? nil : timestamp
    }

    /// The key's bytes; nil when there is none.
    public var key: [UInt8]? { withKey { $0.map { Array($0) } } }
    /// The value's bytes; nil when there is none.
    public var value: [UInt8]? { withValue { $0.map { Array($0) } } }
    /// Headers in their order; a name may stand several times.
    public var headers: [RecordHeader] {
        var headers: [RecordHeader] = []
        forEachHeader { name, value in
            headers.append(RecordHeader(name: String(decoding: name, as: UTF8.self), value: value.map { Array($0) }))
        }
        return headers
    }

    /// Topic and partition.
    public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }

    /// The last header of a name, as Kafka's own clients choose.
    public func header(_ name: String) -> RecordHeader? {
        headers.last { $0.name == name }
    }

    /// Lends the key's bytes, nil when there is none; they are valid only within the closure.
    @inlinable
    public func withKey<R, E>(_ body: (UnsafeRawBufferPointer?) throws(E) -> R) throws(E) -> R {
        try withExtendedLifetime(block) { () throws(E) in try body(block.key(at: start)) }
    }

    /// Lends the value's bytes, nil when there is none; they are valid only within the closure.
    @inlinable
    public func withValue<R, E>(_ body: (UnsafeRawBufferPointer?) throws(E) -> R) throws(E) -> R {
        try withExtendedLifetime(block) { () throws(E) in try body(block.value(at: start)) }
    }

    /// Lends name and value of each header in their order; they are valid only within the closure.
    @inlinable
    public func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Void) {
        withExtendedLifetime(block) { block.forEachHeader(at: start, body) }
    }

    /// Whether both come from one partition; no references are counted for it.
    package func isOfPartition(of other: ConsumerRecord) -> Bool {
        block.prefix(at: start).partition == other.block.prefix(at: other.start).partition
            && (block === other.block || block.topic == other.block.topic)
    }

    /// Bytes that the record occupies.
    var size: Int { block.prefix(at: start).byteCount }
}

extension ConsumerRecord: Hashable {
    /// Whether both say the same, wherever they lie.
    public static func == (left: ConsumerRecord, right: ConsumerRecord) -> Bool {
        left.offset == right.offset && left.partition == right.partition && left.timestampMs == right.timestampMs
            && left.topic == right.topic && left.key == right.key && left.value == right.value
            && left.headers == right.headers
    }

    /// Feeds in what tells records apart best.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(topic)
        hasher.combine(partition)
        hasher.combine(offset)
        hasher.combine(value)
    }
}
