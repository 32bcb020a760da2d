import CChecksum
import FoundationEssentials

/// Reads spool files by what their format promises, and with none of the code that wrote them: a second opinion on what is on
/// the disk.
enum FrameScanner {
    struct Frame: Hashable {
        var position: UInt64
        var run: UUID
        var sequence: UInt64
    }

    /// The whole frames of a segment file.
    static func frames(_ bytes: ArraySlice<UInt8>) -> [Frame] {
        guard bytes.count >= 16, bytes.starts(with: Array("SGSPOOL\n".utf8)) else { return [] }
        return bytes.withUnsafeBytes { bytes in
            guard number(UInt32.self, bytes, 12) == checksum(bytes, 0..<12) else { return [] }
            var frames: [Frame] = []
            var offset = 16
            while offset + 72 <= bytes.count {
                let size = Int(number(UInt32.self, bytes, offset))
                let end = offset + 16 + size
                guard size >= 56, end <= bytes.count,
                    number(UInt32.self, bytes, offset + 4) == checksum(bytes, offset + 8..<end)
                else {
                    // Behind damage another frame may follow.
                    offset += 1
                    continue
                }
                frames.append(
                    Frame(
                        position: number(UInt64.self, bytes, offset + 8),
                        run: bytes.loadUnaligned(fromByteOffset: offset + 16 + 40, as: UUID.self),
                        sequence: number(UInt64.self, bytes, offset + 16 + 8)))
                offset = end
            }
            return frames
        }
    }

    /// The position in the cursor's file; 0 when it is not whole.
    static func cursor(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count == 16, number(UInt32.self, bytes, 8) == 1,
                number(UInt32.self, bytes, 12) == checksum(bytes, 0..<12)
            else { return 0 }
            return number(UInt64.self, bytes, 0)
        }
    }

    private static func number<T: FixedWidthInteger>(_: T.Type, _ bytes: UnsafeRawBufferPointer, _ offset: Int) -> T {
        T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt32 {
        bytes.baseAddress.map { sg_crc32c(0, $0 + range.lowerBound, range.count) } ?? 0
    }
}
