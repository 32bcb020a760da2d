import CChecksum

/// Reads a segment file's bytes, whatever they hold: the frames that are whole, and what is wrong with the rest.
///
/// Reading goes on after damage: the next place where a frame with a right checksum and a higher position begins counts
/// again. So a flipped bit costs the frames it hit and no others.
struct SpoolSegmentReader {
    /// Bytes that are no frame.
    struct Damage: Hashable, Sendable {
        /// Where they begin in the file.
        var offset: Int
        var count: Int
        /// Frames that stood there, told by the positions around them; nil where nothing follows that would tell.
        var frames: UInt64?
        /// Whether they are the file's end: what a crash leaves of a frame that was being written.
        var isTail: Bool
    }

    private(set) var block: FrameBlock
    private(set) var damages: [Damage] = []
    /// Whether it begins with a frame from before the position in its name: the name is not the one it was given.
    private(set) var isMisnamed = false

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file, or its beginning.
    ///   - first: The position that the file's name says it begins with; nil where nothing says so.
    ///   - floor: Frames below this were read before: they are judged like the others, and not given.
    /// - Throws: ``SpoolError`` with the code `newerVersion`, or `damaged` when this is no segment file at all.
    init(_ bytes: [UInt8], name: String, first: UInt64?, floor: UInt64 = 0) throws(SpoolError) {
        var positions: [UInt64] = []
        var starts: [Int] = []
        var damages: [Damage] = []
        var isMisnamed = false
        try Self.checkHeader(bytes, name)
        bytes.withUnsafeBytes { bytes in
            var offset = SpoolFormat.fileHeaderSize
            // The same wherever reading begins, so that all who read the file agree on what is whole in it.
            var minimum = first
            var last: UInt64?
            // For the whole file: a checksum over a long false length for each byte would be quadratic.
            var budget = 4 * bytes.count + (1 << 20)
            while offset < bytes.count {
                if let frame = Self.frame(bytes, at: offset),
                    Self.isBefore(frame.position, minimum) || Self.mayFollow(frame.position, minimum)
                {
                    // A frame from before is whole, and simply not needed; but none stands at the beginning.
                    if Self.isBefore(frame.position, minimum) {
                        if last == nil { isMisnamed = true }
                    } else {
                        if frame.position >= floor {
                            positions.append(frame.position)
                            starts.append(offset)
                        }
                        (last, minimum) = (frame.position, frame.position + 1)
                    }
                    offset = frame.end
                    continue
                }
                let next = Self.nextFrame(bytes, after: offset, minimum: minimum, budget: &budget)
                let end = next?.offset ?? bytes.count
                damages.append(
                    Damage(
                        offset: offset, count: end - offset,
                        frames: next.flatMap { next in
                            // Of what was read before none is missing.
                            last.map { max($0 + 1, floor) }.flatMap { $0 <= next.position ? next.position - $0 : nil }
                        },
                        isTail: next == nil && Self.isTorn(bytes, at: offset)))
                offset = end
            }
        }
        block = FrameBlock(bytes: bytes, positions: positions, starts: starts)
        self.damages = damages
        self.isMisnamed = isMisnamed
    }

    private static func checkHeader(_ bytes: [UInt8], _ name: String) throws(SpoolError) {
        guard bytes.count >= SpoolFormat.fileHeaderSize, bytes.starts(with: SpoolFormat.magic) else {
            throw SpoolError(
                code: .damaged,
                message: "cannot read the spool file \(name): it does not begin as a spool file does; "
                    + "nothing in it can be sent")
        }
        let (version, checksum) = bytes.withUnsafeBytes {
            (SpoolFormat.load(UInt16.self, $0, at: 8), SpoolFormat.load(UInt32.self, $0, at: 12))
        }
        guard checksum == SpoolFormat.checksum(bytes[..<12]) else {
            throw SpoolError(
                code: .damaged,
                message: "cannot read the spool file \(name): its header (bytes 0 to 15) is damaged; "
                    + "nothing in it can be sent")
        }
        guard version <= SpoolFormat.version else {
            throw SpoolError(
                code: .newerVersion,
                message: "cannot read the spool file \(name): it has version \(version) and this program knows "
                    + "\(SpoolFormat.version); drain it with the newer version that wrote it")
        }
    }

    /// The frame that begins at a place; nil when none does.
    private static func frame(
        _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) -> (position: UInt64, end: Int)? {
        guard bytes.count - offset >= SpoolFormat.frameHeaderSize + SpoolFormat.bodyPrefixSize else { return nil }
        let size = Int(SpoolFormat.load(UInt32.self, bytes, at: offset))
        guard size >= SpoolFormat.bodyPrefixSize, size <= SpoolFormat.maximumBodySize,
            size <= bytes.count - offset - SpoolFormat.frameHeaderSize, let base = bytes.baseAddress
        else { return nil }
        guard SpoolFormat.load(UInt32.self, bytes, at: offset + 4) == sg_crc32c(0, base + offset + 8, size + 8) else {
            return nil
        }
        let position = SpoolFormat.load(UInt64.self, bytes, at: offset + 8)
        let end = offset + SpoolFormat.frameHeaderSize + size
        guard position < SpoolFormat.positionLimit,
            SpooledEvent(body: offset + SpoolFormat.frameHeaderSize..<end, in: bytes) != nil
        else { return nil }
        return (position, end)
    }

    /// The next frame behind damaged bytes. Its length field must fit first, so a file of noise costs no more than its
    /// length times a comparison, and few checksums.
    private static func nextFrame(
        _ bytes: UnsafeRawBufferPointer, after damaged: Int, minimum: UInt64?, budget: inout Int
    ) -> (position: UInt64, offset: Int)? {
        var offset = damaged + 1
        while offset + SpoolFormat.frameHeaderSize + SpoolFormat.bodyPrefixSize <= bytes.count, budget > 0 {
            defer { offset += 1 }
            let size = Int(SpoolFormat.load(UInt32.self, bytes, at: offset))
            guard size >= SpoolFormat.bodyPrefixSize, size <= bytes.count - offset - SpoolFormat.frameHeaderSize,
                mayFollow(SpoolFormat.load(UInt64.self, bytes, at: offset + 8), minimum)
            else { continue }
            budget -= size
            if let frame = frame(bytes, at: offset) { return (frame.position, offset) }
        }
        return nil
    }

    private static func isBefore(_ position: UInt64, _ minimum: UInt64?) -> Bool {
        minimum.map { position < $0 } ?? false
    }

    /// Whether a frame may follow in the same file. More than so many are never left out in one; what looks like it is damage.
    static func mayFollow(_ position: UInt64, _ minimum: UInt64?) -> Bool {
        minimum.map { position >= $0 && position - $0 < 1 << 26 } ?? true
    }

    /// Whether a file ends in a frame that was not written to its end, as a crash leaves it; a whole one that is wrong is damage.
    private static func isTorn(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        let rest = bytes.count - offset
        guard rest >= SpoolFormat.frameHeaderSize + SpoolFormat.bodyPrefixSize else { return true }
        let size = Int(SpoolFormat.load(UInt32.self, bytes, at: offset))
        // Zeros are what a loss of power leaves of what was never written.
        return size > rest - SpoolFormat.frameHeaderSize || bytes[offset...].allSatisfy { $0 == 0 }
    }
}
