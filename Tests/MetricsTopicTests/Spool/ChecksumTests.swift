import CChecksum
import Testing

@Suite struct ChecksumTests {
    @Test func `the checksum is CRC-32C, by the values of RFC 3720`() {
        func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { sg_crc32c(0, $0.baseAddress, $0.count) } }
        #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(checksum([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
        #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    }

    @Test func `the processor's instruction and the table agree, in pieces too`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7919) }
        bytes.withUnsafeBytes { bytes in
            for count in 0..<bytes.count {
                let whole = sg_crc32c(0, bytes.baseAddress, count)
                #expect(whole == sg_crc32c_portable(0, bytes.baseAddress, count))
                let part = sg_crc32c(0, bytes.baseAddress, count / 3)
                #expect(sg_crc32c(part, bytes.baseAddress! + count / 3, count - count / 3) == whole)
            }
        }
    }
}
