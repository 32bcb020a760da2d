/// Texts that come again and again, so that a repeated one costs a reference and no memory of its own: the ids of queries in
/// the keys of their records, descriptions of sources and sinks, and offsets, since each batch begins where the one before
/// ended.
///
/// For one reader at a time.
package final class TextCache {
    /// Places; each holds what came last there.
    private static let places = 256
    /// Up to 15 bytes need no memory, and what is very long is compared for more than it saves.
    private static let lengths = 16...512

    /// Lives as long as the cache, which its users outlive in no case: they are given it for a call.
    private let texts: UnsafeMutablePointer<String>
    /// A number of each text, so that a text is only looked at, which lies somewhere in memory, when it is probably the one.
    private let marks: UnsafeMutablePointer<UInt32>
    /// How many values in a row were not there.
    private var missedValues = 0
    /// After so many missed values only one of so many places is used for values, until one is found there.
    private static let patience = 512
    private static let sampling = 32

    /// Starts without texts.
    package init() {
        texts = .allocate(capacity: Self.places)
        texts.initialize(repeating: "", count: Self.places)
        marks = .allocate(capacity: Self.places)
        marks.initialize(repeating: 0, count: Self.places)
    }

    deinit {
        texts.deinitialize(count: Self.places)
        texts.deallocate()
        marks.deallocate()
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    package func text(_ bytes: UnsafeRawBufferPointer) -> String {
        guard Self.lengths.contains(bytes.count) else { return String(decoding: bytes, as: UTF8.self) }
        let number = Self.number(of: bytes)
        if isKnown(bytes, number) { return texts[Self.place(number)] }
        let text = String(decoding: bytes, as: UTF8.self)
        keep(text, number)
        return text
    }

    /// The bytes of a value as text, such as offsets; what is not UTF-8 is replaced.
    ///
    /// Where none of them comes again, be it that there are too many queries for the places, hardly any is looked for and taken
    /// in: what is kept for nothing is freed late, out of order and when it has left a core's cache, which costs more than all
    /// the looking.
    package func value(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard Self.lengths.contains(bytes.count) else { return String(decoding: bytes, as: UTF8.self) }
        let raw = UnsafeRawBufferPointer(bytes)
        let number = Self.number(of: raw)
        // Whole places are given up and not texts: those that are left are as crowded as all of them would be.
        if missedValues >= Self.patience, Self.place(number) % Self.sampling != 0 {
            return String(decoding: bytes, as: UTF8.self)
        }
        if isKnown(raw, number) {
            missedValues = 0
            return texts[Self.place(number)]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        missedValues &+= 1
        keep(text, number)
        return text
    }

    /// Ids differ in their ends, so do names that count, and offsets anywhere.
    @inline(__always)
    private static func number(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        let first = bytes.loadUnaligned(as: UInt64.self)
        let middle = bytes.loadUnaligned(fromByteOffset: bytes.count / 2 &- 4, as: UInt64.self)
        let last = bytes.loadUnaligned(fromByteOffset: bytes.count &- 8, as: UInt64.self)
        return (first ^ (middle &* 0xD6E8_FEB8_6659_FD93) ^ (last &<< 31 | last &>> 33)) &* 0x9E37_79B9_7F4A_7C15
    }

    @inline(__always)
    private static func place(_ number: UInt64) -> Int { Int(truncatingIfNeeded: number &>> 48) & (places &- 1) }

    @inline(__always)
    private static func mark(_ number: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: number &>> 16) }

    @inline(__always)
    private func isKnown(_ bytes: UnsafeRawBufferPointer, _ number: UInt64) -> Bool {
        let place = Self.place(number)
        return marks[place] == Self.mark(number) && Self.areSame(texts[place], bytes)
    }

    @inline(__always)
    private func keep(_ text: String, _ number: UInt64) {
        let place = Self.place(number)
        texts[place] = text
        marks[place] = Self.mark(number)
    }

    @inline(__always)
    private static func areSame(_ text: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let isSame = text.utf8.withContiguousStorageIfAvailable { known in
            guard known.count == bytes.count, let left = known.baseAddress, let right = bytes.baseAddress else {
                return false
            }
            return sameBytes(left, right.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        return isSame ?? false
    }
}
