package import StreamingMetrics

/// Offsets of the form topic → partition → offset, which Kafka's source writes and others imitate.
///
/// Anything else is nil and no error: offsets are whatever a source likes, and what cannot be read is unknown.
package struct SourceOffsets: Sendable, Hashable {
    /// One partition's offset.
    package struct Partition: Sendable, Hashable {
        /// The topic.
        package var topic: String
        /// The partition's number as it is written.
        package var partition: String
        /// Nil where it is no offset: a placeholder below 0, or beyond 64 bits.
        package var offset: Int64?
    }

    /// In the order of the text; of a partition that stands twice the last.
    package let partitions: [Partition]

    /// Reads an offset; nil where it has another form. Text that holds JSON is looked into, as Spark Connect sends it.
    package init?(_ value: JSONValue?) {
        guard let value else { return nil }
        var text = value.jsonText
        if text.utf8.first == UInt8(ascii: "\"") {
            guard let inner = value.string, let parsed = try? JSONValue(parsing: inner) else { return nil }
            text = parsed.jsonText
        }
        let read = text.withUTF8 { bytes in
            var scanner = OffsetScanner(bytes: bytes)
            return scanner.partitions()
        }
        guard let read, !read.isEmpty else { return nil }
        partitions = Self.withoutRepetition(read)
    }

    private static func withoutRepetition(_ partitions: [Partition]) -> [Partition] {
        if Self.isAscending(partitions) { return partitions }
        var last: [Place: Int] = [:]
        for (index, partition) in partitions.enumerated() { last[partition.place] = index }
        guard last.count < partitions.count else { return partitions }
        return partitions.enumerated().filter { last[$0.element.place] == $0.offset }.map(\.element)
    }
}

extension SourceOffsets {
    /// Whether no partition can stand twice: one topic's partitions in the order of their numbers, as Spark writes them.
    private static func isAscending(_ partitions: [Partition]) -> Bool {
        for index in partitions.indices.dropFirst() {
            let (last, next) = (partitions[index - 1], partitions[index])
            guard last.topic == next.topic else { return false }
            let (lastLength, nextLength) = (last.partition.utf8.count, next.partition.utf8.count)
            guard lastLength < nextLength || (lastLength == nextLength && last.partition < next.partition) else {
                return false
            }
        }
        return true
    }

    /// Which partition of which topic.
    struct Place: Sendable, Hashable {
        var topic: String
        var partition: String
    }

    /// The offset of each of these partitions, in their order; nil of one that is not here or has none.
    func offsets(of wanted: [Partition]) -> [Int64?] {
        lazy var offsets = Dictionary(partitions.map { ($0.place, $0.offset) }, uniquingKeysWith: { $1 })
        return wanted.indices.map { index in
            let place = wanted[index]
            // Two offsets of a source have one order nearly always.
            if index < partitions.count, case let here = partitions[index], here.partition == place.partition,
                here.topic == place.topic
            {
                return here.offset
            }
            return offsets[place.place] ?? nil
        }
    }

    /// How many records lie between an offset that was read up to and the newest; nil where one of the two is unknown. A newest
    /// offset that is older than what was read says that nothing is behind.
    static func records(from read: Int64?, to newest: Int64?) -> Int64? {
        guard let read, let newest else { return nil }
        return max(0, newest - read)
    }
}

extension SourceOffsets.Partition {
    var place: SourceOffsets.Place { SourceOffsets.Place(topic: topic, partition: partition) }
}

/// Reads `{"topic":{"0":42,"1":7}}` in one pass over its bytes. The text is JSON without white space, so only its shape is looked at.
private struct OffsetScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// All partitions; nil where the text has another shape.
    mutating func partitions() -> [SourceOffsets.Partition]? {
        guard take("{") else { return nil }
        var partitions: [SourceOffsets.Partition] = []
        repeat {
            guard let topic = key(), take("{") else { return nil }
            if take("}") { continue }
            repeat {
                guard let partition = number(), let offset = offset() else { return nil }
                partitions.append(
                    SourceOffsets.Partition(topic: topic, partition: partition, offset: offset.value))
            } while take(",")
            guard take("}") else { return nil }
        } while take(",")
        return take("}") ? partitions : nil
    }

    /// A key and its colon. One with an escape is parsed as JSON.
    private mutating func key() -> String? {
        guard take("\"") else { return nil }
        let start = position
        var hasEscape = false
        while position < bytes.count, next != UInt8(ascii: "\"") {
            if next == UInt8(ascii: "\\") {
                hasEscape = true
                position += 1
            }
            position += 1
        }
        let end = min(position, bytes.count)
        guard take("\""), take(":") else { return nil }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
        guard hasEscape else { return text }
        return (try? JSONValue(parsing: "\"\(text)\""))?.string
    }

    /// A key of digits and its colon.
    private mutating func number() -> String? {
        guard take("\"") else { return nil }
        let start = position
        while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { position += 1 }
        let end = position
        guard end > start, take("\""), take(":") else { return nil }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
    }

    /// A number; its value is nil where it is no offset: below 0, no whole number, or beyond 64 bits.
    private mutating func offset() -> (value: Int64?, isNumber: Bool)? {
        let isNegative = take("-")
        let start = position
        var value: Int64? = 0
        while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) {
            if let before = value {
                let (tens, high) = before.multipliedReportingOverflow(by: 10)
                let (sum, low) = tens.addingReportingOverflow(Int64(next - UInt8(ascii: "0")))
                value = high || low ? nil : sum
            }
            position += 1
        }
        guard position > start else { return nil }
        // A fraction or an exponent: still a number, though none that counts records.
        let whole = position
        if next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") {
            while position < bytes.count, next != UInt8(ascii: ","), next != UInt8(ascii: "}") { position += 1 }
        }
        return (isNegative || position > whole ? nil : value, true)
    }
}
