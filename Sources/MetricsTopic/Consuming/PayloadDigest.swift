/// A 64-bit digest of a record's value, for telling an identical copy from another event of the same batch.
///
/// It is compared only among events of one run and batch, so chance alone makes two different ones equal once in 2^64; it is
/// no defence against somebody who writes such events on purpose. 16 bytes a step: 1.2 KB cost about 0.1 µs.
package enum PayloadDigest {
    private static let odd: (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93)

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = UInt64(bytes.count) &* odd.0
        var index = 0
        while index + 16 <= bytes.count {
            state = mix(
                state ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self),
                odd.1 ^ bytes.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
            index += 16
        }
        while index < bytes.count {
            state = mix(state ^ UInt64(bytes[index]), odd.1)
            index += 1
        }
        return mix(state ^ odd.0, odd.1)
    }

    /// The digest of a value.
    package static func of(_ bytes: [UInt8]) -> UInt64 { bytes.span.withUnsafeBytes { of($0) } }

    /// Both halves of the product count: a factor of zero would swallow the other, so the state stays in.
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low ^ (left &<< 32 | left &>> 32)
    }
}
