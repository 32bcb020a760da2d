import Glibc

/// Records of one topic that were read together, packed one behind the other in one piece of memory: a record costs no
/// allocation of its own, and handing it on costs one reference.
///
/// A record begins at a multiple of 8, its numbers in the machine's byte order:
///
///     offset       8   in the partition
///     timestamp    8   ms since 1970; Int64.min: none
///     partition    8
///     key          8   bytes; -1: no key
///     value        8   bytes; -1: no value
///     headers      8   how many
///     bytes        8   of the whole record, up to the next one
///     key, value
///     headers      each: name 8, value 8 (bytes; -1: no value), name, value; not aligned
@usableFromInline final class RecordBlock: @unchecked Sendable {
    // Sendable by proof: only `pack` and `seal` write, and whoever packs does both before another thread gets a record.

    /// The topic of all records; a text of the block's own, whose references only the readers of its records count.
    let topic: String
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    /// Where the memory goes afterwards, if it has the usual size.
    private let pool: BlockPool?
    private(set) var count = 0

    /// How much memory a block takes until it is sealed, if no single record needs more. A record that is kept keeps its
    /// block, so this is also what one small record can hold on to.
    static let usualCapacity = 64 << 10

    /// Key, value or header as they lie in memory; nil is none, which is not the same as empty.
    @usableFromInline typealias Bytes = UnsafeRawBufferPointer?

    /// A header as it lies in memory.
    struct Header {
        var name: UnsafeRawBufferPointer
        var value: Bytes
    }

    /// What stands before a record's bytes.
    struct Prefix {
        var offset: Int64
        var timestamp: Int64
        var partition: Int
        var keyCount: Int
        var valueCount: Int
        var headerCount: Int
        var byteCount: Int

        static let noTimestamp = Int64.min
        static let size = MemoryLayout<Prefix>.size
    }

    init(topic: String, capacity: Int, pool: BlockPool? = nil) {
        self.topic = String(decoding: Array(topic.utf8), as: UTF8.self)
        self.capacity = max(capacity, Prefix.size)
        self.pool = pool
        // Memory that cannot be had ends the program, as everywhere in Swift.
        memory = (self.capacity == Self.usualCapacity ? pool?.take() : nil) ?? malloc(self.capacity)!
    }

    deinit {
        if let pool, capacity == Self.usualCapacity, pool.give(memory) { return }
        free(memory)
    }

    /// Bytes that a record will take.
    static func size(key: Bytes, value: Bytes, headers: [Header]) -> Int {
        let parts = (key?.count ?? 0) + (value?.count ?? 0)
        let all = headers.reduce(Prefix.size + parts) { $0 + 16 + $1.name.count + ($1.value?.count ?? 0) }
        return (all + 7) & ~7
    }

    /// Whether a record of so many bytes fits in.
    func hasRoom(for size: Int) -> Bool { size <= capacity - count }

    /// Appends a record of a size that there is room for; where it begins.
    func pack(
        partition: Int32, offset: Int64, timestampMs: Int64?, key: Bytes, value: Bytes, headers: [Header], size: Int
    ) -> Int {
        precondition(hasRoom(for: size))
        let start = count
        memory.storeBytes(
            of: Prefix(
                offset: offset, timestamp: timestampMs ?? Prefix.noTimestamp, partition: Int(partition),
                keyCount: key?.count ?? -1, valueCount: value?.count ?? -1, headerCount: headers.count, byteCount: size),
            toByteOffset: start, as: Prefix.self)
        var place = start + Prefix.size
        append(key, at: &place)
        append(value, at: &place)
        for header in headers {
            memory.storeBytes(of: header.name.count, toByteOffset: place, as: Int.self)
            memory.storeBytes(of: header.value?.count ?? -1, toByteOffset: place + 8, as: Int.self)
            place += 16
            append(header.name, at: &place)
            append(header.value, at: &place)
        }
        count = start + size
        return start
    }

    private func append(_ bytes: Bytes, at place: inout Int) {
        guard let bytes, let source = bytes.baseAddress else { return }
        memory.advanced(by: place).copyMemory(from: source, byteCount: bytes.count)
        place += bytes.count
    }

    /// Gives back what no record needs, if that is much; nothing is packed afterwards.
    func seal() {
        guard count < capacity / 4 * 3, let shrunk = realloc(memory, max(count, 1)) else { return }
        memory = shrunk
        capacity = count
    }

    // MARK: Reading

    func prefix(at start: Int) -> Prefix { memory.load(fromByteOffset: start, as: Prefix.self) }

    /// The key; valid while the block lives.
    @usableFromInline func key(at start: Int) -> Bytes {
        bytes(at: start + Prefix.size, count: prefix(at: start).keyCount)
    }

    /// The value; valid while the block lives.
    @usableFromInline func value(at start: Int) -> Bytes {
        let prefix = prefix(at: start)
        return bytes(at: start + Prefix.size + max(0, prefix.keyCount), count: prefix.valueCount)
    }

    /// Goes through the headers, which are valid while the block lives.
    @usableFromInline
    func forEachHeader(at start: Int, _ body: (_ name: UnsafeRawBufferPointer, _ value: Bytes) -> Void) {
        let prefix = prefix(at: start)
        var place = start + Prefix.size + max(0, prefix.keyCount) + max(0, prefix.valueCount)
        for _ in 0..<prefix.headerCount {
            let nameCount = memory.loadUnaligned(fromByteOffset: place, as: Int.self)
            let valueCount = memory.loadUnaligned(fromByteOffset: place + 8, as: Int.self)
            place += 16
            body(
                UnsafeRawBufferPointer(start: memory + place, count: nameCount),
                bytes(at: place + nameCount, count: valueCount))
            place += nameCount + max(0, valueCount)
        }
    }

    private func bytes(at place: Int, count: Int) -> Bytes {
        count < 0 ? nil : UnsafeRawBufferPointer(start: memory + place, count: count)
    }
}

/// Packs records into blocks for the one who reads them.
struct RecordPacker {
    private let pool = BlockPool()
    private var block: RecordBlock?
    private var topic = ""

    /// Packs a record.
    mutating func pack(
        topic: String, partition: Int32, offset: Int64, timestampMs: Int64?, key: RecordBlock.Bytes,
        value: RecordBlock.Bytes, headers: [RecordBlock.Header]
    ) -> ConsumerRecord {
        let size = RecordBlock.size(key: key, value: value, headers: headers)
        let block = room(for: size, of: topic)
        let start = block.pack(
            partition: partition, offset: offset, timestampMs: timestampMs, key: key, value: value, headers: headers,
            size: size)
        return ConsumerRecord(block: block, start: start)
    }

    /// What was packed so far is about to be handed on.
    mutating func seal() {
        block?.seal()
        block = nil
    }

    private mutating func room(for size: Int, of topic: String) -> RecordBlock {
        if let block, block.hasRoom(for: size), self.topic == topic { return block }
        seal()
        self.topic = topic
        let next = RecordBlock(topic: topic, capacity: max(size, RecordBlock.usualCapacity), pool: pool)
        block = next
        return next
    }
}
