import CChecksum
import FoundationEssentials

/// How events lie in a spool's segment files. All numbers are little-endian.
///
///     file    00000000000000004711.spool, named by the position of its first frame
///     header  8 bytes  "SGSPOOL\n"
///             u16      version of the format, 1
///             u16      0
///             u32      CRC-32C of the 12 bytes before
///     frame   u32      bytes of the body
///             u32      CRC-32C of position and body
///             u64      position: the frame's number in the spool, rising from frame to frame, in a gap only where events
///                      were given up
///             body     u8 kind · u8 0 · u16 bytes of the topic · u16 bytes of the name, 65535 for none · u16 0
///                      u64 sequence in the run · i64 milliseconds since 1970 when it was taken over
///                      16 bytes query id · 16 bytes run id · topic · name · the record's value
///
/// Appending is all that ever happens to a file. A frame counts when its checksum is right and its position is above all
/// before it; what follows the last such frame was torn off by a crash and counts as never written.
enum SpoolFormat {
    static let magic: [UInt8] = Array("SGSPOOL\n".utf8)
    static let version: UInt16 = 1
    static let fileHeaderSize = 16
    static let frameHeaderSize = 16
    static let bodyPrefixSize = 56
    static let nameless = UInt16.max
    /// A body beyond this is a damaged length: events are refused long before.
    static let maximumBodySize = 256 << 20
    static let fileSuffix = ".spool"
    /// Beside the segments: the position below which everything is settled.
    static let cursorName = "acknowledged"
    static let quarantineFolder = "quarantine"
    /// Positions are below it: no spool will ever have so many events, and sums with them do not overflow.
    static let positionLimit: UInt64 = 1 << 62

    /// The name of the segment that begins with a position; names sort as positions do.
    static func fileName(first position: UInt64) -> String {
        let digits = String(position)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits + fileSuffix
    }

    /// The position in a segment's name; nil for any other file.
    static func firstPosition(fileName: String) -> UInt64? {
        guard fileName.hasSuffix(fileSuffix) else { return nil }
        let digits = fileName.dropLast(fileSuffix.count)
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(digits)
    }

    static var fileHeader: [UInt8] {
        var bytes = magic
        append(version, to: &bytes)
        append(UInt16(0), to: &bytes)
        append(checksum(bytes[...]), to: &bytes)
        return bytes
    }

    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { sg_crc32c(0, $0.baseAddress, $0.count) }
    }

    static func append<T: FixedWidthInteger>(_ value: T, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    static func load<T: FixedWidthInteger>(_: T.Type, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> T {
        T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

/// What a frame's body says before the record's value.
struct SpooledEvent: Hashable {
    enum Kind: UInt8, CaseIterable {
        case progress, started, idle, terminated
    }

    var kind: Kind
    var sequence: UInt64
    /// When the forwarder took it over, in milliseconds since 1970: the record's time, also when it is sent much later.
    var timestampMs: Int64
    var queryId: UUID
    var runId: UUID
    var topic: Range<Int>
    var name: Range<Int>?
    /// The record's value; all three are places in the block's bytes.
    var value: Range<Int>

    /// Reads a body; nil when its lengths do not fit, which a right checksum rules out but for a foreign writer.
    init?(body: Range<Int>, in bytes: UnsafeRawBufferPointer) {
        guard body.count >= SpoolFormat.bodyPrefixSize, let kind = Kind(rawValue: bytes[body.lowerBound]) else {
            return nil
        }
        let start = body.lowerBound
        let topicSize = Int(SpoolFormat.load(UInt16.self, bytes, at: start + 2))
        let nameField = SpoolFormat.load(UInt16.self, bytes, at: start + 4)
        let nameSize = nameField == SpoolFormat.nameless ? 0 : Int(nameField)
        guard body.count >= SpoolFormat.bodyPrefixSize + topicSize + nameSize else { return nil }
        self.kind = kind
        sequence = SpoolFormat.load(UInt64.self, bytes, at: start + 8)
        timestampMs = SpoolFormat.load(Int64.self, bytes, at: start + 16)
        queryId = bytes.loadUnaligned(fromByteOffset: start + 24, as: UUID.self)
        runId = bytes.loadUnaligned(fromByteOffset: start + 40, as: UUID.self)
        let topicStart = start + SpoolFormat.bodyPrefixSize
        topic = topicStart..<topicStart + topicSize
        name = nameField == SpoolFormat.nameless ? nil : topic.upperBound..<topic.upperBound + nameSize
        value = topic.upperBound + nameSize..<body.upperBound
    }
}
