import CLZ4

/// lz4-java's block stream, the default compression of Spark's state files; it is not the LZ4 frame format.
///
///     "LZ4Block"  token  compressed length  original length  checksum   data     repeated
///      8 bytes    1      int32 LE           int32 LE         int32 LE
///
/// Token: 0x10 stored or 0x20 compressed, plus log2(block size) - 10. Checksum: xxHash32 of the original bytes, lowest 28
/// bits. A block with both lengths 0 ends the stream; Java writers may put several streams one after the other.
enum LZ4BlockStream {
    /// Spark's block size.
    static let blockSize = 32 * 1024

    /// Why a stream cannot be read.
    struct Damage: Error, Sendable {
        /// In words.
        var reason: String
        /// Where, in the compressed bytes.
        var offset: Int
    }

    private static let magic = Array("LZ4Block".utf8)
    private static let headerLength = 21
    private static let seed: UInt32 = 0x9747_B28C
    private static let stored: UInt8 = 0x10
    private static let compressed: UInt8 = 0x20
    private static let largestBlock = 1 << 25

    /// Compresses everything into one stream.
    static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var writer = LZ4BlockWriter()
        writer.append(bytes)
        return writer.finish()
    }

    /// Decompresses everything up to the end of the bytes.
    ///
    /// A missing end block is accepted, since what was compressed marks its own end; a cut block is not.
    static func decompress(_ bytes: UnsafeRawBufferPointer) throws(Damage) -> [UInt8] {
        let total = try originalLength(bytes)
        var output = [UInt8](repeating: 0, count: total)
        var damage: Damage?
        output.withUnsafeMutableBytes { target in
            do throws(Damage) { try decompress(bytes, into: target) } catch { damage = error }
        }
        if let damage { throw damage }
        return output
    }

    private static func decompress(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(Damage) {
        var position = 0
        var produced = 0
        while position < bytes.count {
            let block = try header(bytes, position)
            let start = position + headerLength
            position = start + block.compressedLength
            guard block.originalLength > 0 else { continue }
            let original = UnsafeMutableRawBufferPointer(
                rebasing: target[produced..<produced + block.originalLength])
            let data = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
            if block.isCompressed {
                let length = LZ4_decompress_safe(
                    data.baseAddress!.assumingMemoryBound(to: CChar.self),
                    original.baseAddress!.assumingMemoryBound(to: CChar.self), Int32(data.count), Int32(original.count))
                guard Int(length) == original.count else {
                    throw Damage(reason: "a block's compressed data is corrupt", offset: start)
                }
            } else {
                original.copyMemory(from: data)
            }
            let checksum = XXHash32.hash(UnsafeRawBufferPointer(original), seed: seed) & 0x0FFF_FFFF
            guard checksum == block.checksum else {
                throw Damage(reason: "a block's checksum does not match its data", offset: start)
            }
            produced += block.originalLength
        }
    }

    /// The sum of the blocks' lengths, each of which is bounded by its header's block size.
    private static func originalLength(_ bytes: UnsafeRawBufferPointer) throws(Damage) -> Int {
        var position = 0
        var total = 0
        while position < bytes.count {
            let block = try header(bytes, position)
            total += block.originalLength
            position += headerLength + block.compressedLength
        }
        return total
    }

    private struct Header {
        var isCompressed: Bool
        var compressedLength: Int
        var originalLength: Int
        var checksum: UInt32
    }

    private static func header(_ bytes: UnsafeRawBufferPointer, _ position: Int) throws(Damage) -> Header {
        guard bytes.count - position >= headerLength else {
            throw Damage(reason: "it ends inside a block's header", offset: position)
        }
        guard bytes[position..<position + 8].elementsEqual(magic) else {
            throw Damage(reason: "a block does not begin with LZ4Block", offset: position)
        }
        let token = bytes[position + 8]
        let lengths = (integer(bytes, position + 9), integer(bytes, position + 13))
        let header = Header(
            isCompressed: token & 0xF0 == compressed, compressedLength: Int(Int32(bitPattern: lengths.0)),
            originalLength: Int(Int32(bitPattern: lengths.1)), checksum: integer(bytes, position + 17))
        let blockSize = 1 << (10 + Int(token & 0x0F))
        // LZ4 does not shrink by more than 255 times, so the second bound stops a header that promises too much.
        guard token & 0xF0 == compressed || token & 0xF0 == stored, header.compressedLength >= 0,
            header.originalLength >= 0, header.originalLength <= min(blockSize, largestBlock),
            (header.originalLength == 0) == (header.compressedLength == 0),
            header.isCompressed || header.originalLength == header.compressedLength,
            header.originalLength > 0 || header.checksum == 0
        else { throw Damage(reason: "a block's header is corrupt", offset: position) }
        guard header.compressedLength <= bytes.count - position - headerLength else {
            throw Damage(reason: "it ends inside a block", offset: position)
        }
        return header
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    fileprivate static func appendBlock(_ output: inout [UInt8], _ block: UnsafeRawBufferPointer) {
        let level: UInt8 = 5  // 32 KiB
        guard let start = block.baseAddress, block.count > 0 else {
            return appendHeader(&output, stored | level, 0, 0, 0)
        }
        let checksum = XXHash32.hash(block, seed: seed) & 0x0FFF_FFFF
        let bound = Int(LZ4_compressBound(Int32(block.count)))
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: bound) { scratch in
            let length = Int(
                LZ4_compress_default(
                    start.assumingMemoryBound(to: CChar.self), scratch.baseAddress, Int32(block.count), Int32(bound)))
            if length > 0, length < block.count {
                appendHeader(&output, compressed | level, length, block.count, checksum)
                output.append(contentsOf: UnsafeRawBufferPointer(start: scratch.baseAddress, count: length))
            } else {
                appendHeader(&output, stored | level, block.count, block.count, checksum)
                output.append(contentsOf: block)
            }
        }
    }

    private static func appendHeader(
        _ output: inout [UInt8], _ token: UInt8, _ compressedLength: Int, _ originalLength: Int, _ checksum: UInt32
    ) {
        output.append(contentsOf: magic)
        output.append(token)
        for value in [UInt32(compressedLength), UInt32(originalLength), checksum] {
            withUnsafeBytes(of: value.littleEndian) { output.append(contentsOf: $0) }
        }
    }
}

/// Compresses piece by piece; only one block is held uncompressed.
struct LZ4BlockWriter: ~Copyable {
    private let block: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var output: [UInt8] = []

    /// Creates a writer with an empty stream.
    init() { block = .allocate(byteCount: LZ4BlockStream.blockSize, alignment: 8) }

    deinit { block.deallocate() }

    /// Appends bytes.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, block.count - filled)
            UnsafeMutableRawBufferPointer(rebasing: block[filled..<filled + count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            filled += count
            rest = rest.dropFirst(count)
            if filled == block.count { flush() }
        }
    }

    /// Appends an integer as Java's `DataOutput` does, big-endian.
    @inline(__always)
    mutating func append(bigEndian value: Int32) {
        guard block.count &- filled >= 4 else {
            return withUnsafeBytes(of: value.bigEndian) { append($0) }
        }
        block.storeBytes(of: value.bigEndian, toByteOffset: filled, as: Int32.self)
        filled &+= 4
        if filled == block.count { flush() }
    }

    /// Ends the stream and gives its bytes.
    consuming func finish() -> [UInt8] {
        if filled > 0 { flush() }
        LZ4BlockStream.appendBlock(&output, UnsafeRawBufferPointer(start: nil, count: 0))
        return output
    }

    private mutating func flush() {
        LZ4BlockStream.appendBlock(&output, UnsafeRawBufferPointer(rebasing: block[..<filled]))
        filled = 0
    }
}
