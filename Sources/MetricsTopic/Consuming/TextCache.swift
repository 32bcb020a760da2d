import Glibc

/// Texts that come again and again, such as the ids of queries in the keys of their records: a repeated one costs a
/// reference and no memory of its own. A value of the one reader.
struct TextCache {
    /// As many as a power of two; each place holds what came last there.
    private var texts = [String](repeating: "", count: 256)

    /// The bytes as text; what is not UTF-8 is replaced.
    mutating func text(_ bytes: UnsafeRawBufferPointer) -> String {
        // Up to 15 bytes need no memory, and longer ones than a few dozen are no names.
        guard (16...128).contains(bytes.count) else { return String(decoding: bytes, as: UTF8.self) }
        let place = Self.place(of: bytes) & (texts.count - 1)
        if Self.areSame(texts[place], bytes) { return texts[place] }
        let text = String(decoding: bytes, as: UTF8.self)
        texts[place] = text
        return text
    }

    /// Ids differ in their ends, and so do names that count.
    private static func place(of bytes: UnsafeRawBufferPointer) -> Int {
        let first = bytes.loadUnaligned(as: UInt64.self)
        let last = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        let mixed = (first ^ (last &<< 31 | last &>> 33)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 48)
    }

    private static func areSame(_ text: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let isSame = text.utf8.withContiguousStorageIfAvailable { known in
            known.count == bytes.count && UnsafeRawBufferPointer(known).elementsEqual(bytes)
        }
        return isSame ?? false
    }
}
