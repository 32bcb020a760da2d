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

    /// Starts without texts.
    package init() {
        texts = .allocate(capacity: Self.places)
        texts.initialize(repeating: "", count: Self.places)
    }

    deinit {
        texts.deinitialize(count: Self.places)
        texts.deallocate()
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    package func text(_ bytes: UnsafeRawBufferPointer) -> String {
        guard Self.lengths.contains(bytes.count) else { return String(decoding: bytes, as: UTF8.self) }
        let place = texts + Self.place(of: bytes)
        if Self.areSame(place.pointee, bytes) { return place.pointee }
        let text = String(decoding: bytes, as: UTF8.self)
        place.pointee = text
        return text
    }

    /// Ids differ in their ends, so do names that count, and offsets anywhere.
    @inline(__always)
    private static func place(of bytes: UnsafeRawBufferPointer) -> Int {
        let first = bytes.loadUnaligned(as: UInt64.self)
        let middle = bytes.loadUnaligned(fromByteOffset: bytes.count / 2 &- 4, as: UInt64.self)
        let last = bytes.loadUnaligned(fromByteOffset: bytes.count &- 8, as: UInt64.self)
        let mixed = (first ^ (middle &* 0xD6E8_FEB8_6659_FD93) ^ (last &<< 31 | last &>> 33)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed &>> 48) & (places &- 1)
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
