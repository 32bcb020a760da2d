import CChecksum

/// Some frames one after the other, as they lie in a segment file: what goes from the writer to the sender and to the disk.
final class FrameBlock: Sendable {
    /// The frames' bytes; in a block that was read, with what else the file holds.
    let bytes: [UInt8]
    /// The frames' positions, rising.
    let positions: [UInt64]
    /// Where each frame begins in the bytes.
    let starts: [Int]

    init(bytes: [UInt8], positions: [UInt64], starts: [Int]) {
        self.bytes = bytes
        self.positions = positions
        self.starts = starts
    }

    var first: UInt64 { positions[0] }
    var last: UInt64 { positions[positions.count - 1] }

    /// The body of the frame at a position; nil when the block does not hold it.
    func body(at position: UInt64) -> Range<Int>? {
        guard let index = index(of: position) else { return nil }
        let start = starts[index]
        let size = bytes.withUnsafeBytes { Int(SpoolFormat.load(UInt32.self, $0, at: start)) }
        return start + SpoolFormat.frameHeaderSize..<start + SpoolFormat.frameHeaderSize + size
    }

    private func index(of position: UInt64) -> Int? {
        guard let first = positions.first, position >= first else { return nil }
        // Without gaps, which is nearly always, it lies where it counts to.
        let guess = position - first
        if guess < UInt64(positions.count), positions[Int(guess)] == position { return Int(guess) }
        var (low, high) = (0, positions.count)
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low < positions.count && positions[low] == position ? low : nil
    }
}

/// Writes frames one after the other into one piece of memory.
struct FrameBlockBuilder {
    private var bytes: [UInt8] = []
    private var positions: [UInt64] = []
    private var starts: [Int] = []
    /// Bytes that the last block had, which the next one will likely have too.
    private var capacity = 2048
    /// Whether frames get their checksums; those that never leave the memory need none.
    let checksums: Bool

    init(checksums: Bool) { self.checksums = checksums }

    var isEmpty: Bool { positions.isEmpty }
    var byteCount: Int { bytes.count }

    /// Adds a frame whose body a closure appends.
    mutating func append(position: UInt64, _ body: (inout [UInt8]) -> Void) {
        let start = bytes.count
        if bytes.capacity == 0 { bytes.reserveCapacity(capacity) }
        SpoolFormat.append(UInt64(0), to: &bytes)
        SpoolFormat.append(position, to: &bytes)
        body(&bytes)
        let size = bytes.count - start - SpoolFormat.frameHeaderSize
        let checksums = checksums
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt32(size).littleEndian, toByteOffset: start, as: UInt32.self)
            guard checksums, let base = bytes.baseAddress else { return }
            let checksum = sg_crc32c(0, base + start + 8, size + 8)
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: start + 4, as: UInt32.self)
        }
        positions.append(position)
        starts.append(start)
    }

    /// Hands the frames over; the builder is empty again.
    mutating func finish() -> FrameBlock {
        defer {
            let capacity = min(bytes.count + bytes.count / 8, 64 << 10)
            self = FrameBlockBuilder(checksums: checksums)
            self.capacity = max(capacity, 2048)
        }
        return FrameBlock(bytes: bytes, positions: positions, starts: starts)
    }
}
