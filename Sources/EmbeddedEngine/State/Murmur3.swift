/// Spark's 32-bit Murmur3, which decides the state partition of a key.
///
/// It is chained over the key's columns: the hash so far is the seed of the next column, null leaves it as it is. Unlike
/// plain Murmur3, each byte of text behind the last whole word goes through the full mix, as a signed number.
enum Murmur3 {
    /// The seed of a key's first column.
    static let seed: Int32 = 42

    /// Chains a boolean, byte, short, integer, date or the bits of a float.
    @inline(__always)
    static func hash(_ value: Int32, _ seed: Int32) -> Int32 {
        finish(mix(UInt32(bitPattern: seed), UInt32(bitPattern: value)), 4)
    }

    /// Chains a long, a timestamp or the bits of a double.
    @inline(__always)
    static func hash(_ value: Int64, _ seed: Int32) -> Int32 {
        let low = mix(UInt32(bitPattern: seed), UInt32(truncatingIfNeeded: value))
        return finish(mix(low, UInt32(truncatingIfNeeded: value >> 32)), 8)
    }

    /// Chains a double; -0.0 counts as 0.0, every NaN as one.
    @inline(__always)
    static func hash(_ value: Double, _ seed: Int32) -> Int32 {
        let bits = value == 0 ? 0 : value.isNaN ? Double.nan.bitPattern : value.bitPattern
        return hash(Int64(bitPattern: bits), seed)
    }

    /// Chains a float; -0.0 counts as 0.0, every NaN as one.
    @inline(__always)
    static func hash(_ value: Float, _ seed: Int32) -> Int32 {
        let bits = value == 0 ? 0 : value.isNaN ? Float.nan.bitPattern : value.bitPattern
        return hash(Int32(bitPattern: bits), seed)
    }

    /// Chains text or bytes.
    static func hash(_ bytes: UnsafeRawBufferPointer, _ seed: Int32) -> Int32 {
        var hash = UInt32(bitPattern: seed)
        var position = 0
        while position &+ 4 <= bytes.count {
            hash = mix(hash, UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
            position &+= 4
        }
        while position < bytes.count {
            hash = mix(hash, UInt32(bitPattern: Int32(Int8(bitPattern: bytes[position]))))
            position &+= 1
        }
        return finish(hash, UInt32(truncatingIfNeeded: bytes.count))
    }

    /// The partition of a hash: never negative.
    @inline(__always)
    static func partition(_ hash: Int32, of count: Int) -> Int {
        let remainder = Int(hash) % count
        return remainder < 0 ? remainder + count : remainder
    }

    @inline(__always)
    private static func mix(_ hash: UInt32, _ word: UInt32) -> UInt32 {
        var k = word &* 0xCC9E_2D51
        k = (k &<< 15 | k &>> 17) &* 0x1B87_3593
        let h = hash ^ k
        return (h &<< 13 | h &>> 19) &* 5 &+ 0xE654_6B64
    }

    @inline(__always)
    private static func finish(_ hash: UInt32, _ length: UInt32) -> Int32 {
        var h = hash ^ length
        h = (h ^ (h >> 16)) &* 0x85EB_CA6B
        h = (h ^ (h >> 13)) &* 0xC2B2_AE35
        return Int32(bitPattern: h ^ (h >> 16))
    }
}
