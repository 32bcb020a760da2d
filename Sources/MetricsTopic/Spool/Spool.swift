/// The segment files of a spool, as its one writer sees them.
///
/// A pure follower of what it is told: it appends, syncs, and deletes what is settled. It keeps a file's name only once the
/// file is there, and trusts a file only up to where a sync succeeded; what the kernel has said it could not write is appended
/// again to another file.
struct Spool {
    /// One file.
    struct Segment: Sendable {
        var name: String
        var first: UInt64
        var last: UInt64
        /// Bytes that hold frames, the header included.
        var size: Int
        /// Bytes and last frame that a sync has covered; nil before the first.
        var durable: (size: Int, last: UInt64)?
    }

    let disk: any SpoolDisk
    private let segmentBytes: Int
    private let maximumBytes: Int
    /// In the order of their positions.
    private(set) var segments: [Segment] = []
    /// Whether the last segment may be appended to.
    private var hasActive = false
    /// Whether the active file ends with a piece of a block: nothing may follow that.
    private var isTorn = false
    private var folderIsSynced = true
    private var savedCursor: UInt64 = 0
    /// Bytes appended since the last sync.
    private(set) var unsyncedBytes = 0

    init(disk: any SpoolDisk, options: SpoolOptions, recovered: [Segment], cursor: UInt64) {
        self.disk = disk
        segmentBytes = options.segmentBytes
        maximumBytes = options.maximumBytes
        segments = recovered
        savedCursor = cursor
    }

    /// Bytes of all files.
    var totalBytes: Int { segments.reduce(0) { $0 + $1.size } }
    var hasUnsynced: Bool { unsyncedBytes > 0 || !folderIsSynced }
    /// Frames up to here are safe from a loss of power; nil while none of the active file is.
    var durableLast: UInt64? { hasActive ? segments.last?.durable?.last : segments.last?.last }

    /// Whether a block fits below the limit once everything else is gone.
    func canHold(_ block: FrameBlock) -> Bool {
        block.bytes.count + SpoolFormat.fileHeaderSize <= maximumBytes
    }

    /// Whether a block fits below the limit.
    func hasRoom(for block: FrameBlock) -> Bool {
        totalBytes + block.bytes.count + SpoolFormat.fileHeaderSize <= maximumBytes
    }

    /// Whether the active file takes no more, or not this block. Another one begins then, but only once all of this one is safe, so
    /// ``sync()`` comes first.
    func mustSync(before block: FrameBlock) -> Bool {
        guard hasActive, let active = segments.last else { return false }
        return hasUnsynced && !takes(block, active)
    }

    private func takes(_ block: FrameBlock, _ active: Segment) -> Bool {
        // While a disk refuses, any number of events may go from memory.
        !isTorn && active.size + block.bytes.count <= segmentBytes
            && SpoolSegmentReader.mayFollow(block.first, active.last + 1)
    }

    /// Appends a block; all of it is there, or nothing of it and an error.
    mutating func append(_ block: FrameBlock) throws(SpoolError) {
        if hasActive, let active = segments.last, !takes(block, active) { hasActive = false }
        guard hasActive, var active = segments.popLast() else { return try begin(block) }
        do throws(SpoolError) {
            try disk.append(block.bytes, to: active.name)
            active.size += block.bytes.count
            active.last = block.last
            segments.append(active)
            unsyncedBytes += block.bytes.count
        } catch {
            segments.append(active)
            cutBack(active)
            throw error
        }
    }

    /// What was written of a block goes, or the file is left alone once it is synced: the next reader finds a torn tail.
    private mutating func cutBack(_ active: Segment) {
        do throws(SpoolError) {
            try disk.truncate(active.name, to: active.size)
        } catch {
            isTorn = true
        }
    }

    private mutating func begin(_ block: FrameBlock) throws(SpoolError) {
        let name = SpoolFormat.fileName(first: block.first)
        do throws(SpoolError) {
            try disk.create(name)
            folderIsSynced = false
            try disk.append(SpoolFormat.fileHeader + block.bytes, to: name)
        } catch {
            // Without a frame that counts it is nothing but a name.
            try? disk.delete(name)
            throw error
        }
        let size = SpoolFormat.fileHeaderSize + block.bytes.count
        segments.append(Segment(name: name, first: block.first, last: block.last, size: size))
        hasActive = true
        isTorn = false
        unsyncedBytes += size
    }

    /// Waits until everything appended is on the disk.
    ///
    /// After a failure the kernel may have dropped what it could not write and call the next sync a success; so the file is
    /// trusted up to the last sync only, and everything behind must be appended again.
    mutating func sync() throws(SpoolError) {
        guard hasUnsynced else { return }
        do throws(SpoolError) {
            if hasActive, unsyncedBytes > 0, let active = segments.last { try disk.sync(active.name) }
            if !folderIsSynced { try disk.syncFolder() }
        } catch {
            distrust()
            throw error
        }
        if hasActive, let last = segments.indices.last {
            segments[last].durable = (segments[last].size, segments[last].last)
        }
        folderIsSynced = true
        unsyncedBytes = 0
    }

    private mutating func distrust() {
        unsyncedBytes = 0
        guard hasActive, var active = segments.popLast() else { return }
        if let durable = active.durable {
            // Were it not cut, a reader would pass over what stands in the next file again.
            try? disk.truncate(active.name, to: durable.size)
            (active.size, active.last) = durable
            segments.append(active)
        } else {
            try? disk.delete(active.name)
        }
        hasActive = false
    }

    /// Deletes the files in which everything is below a position.
    ///
    /// - Returns: Whether there were any.
    mutating func removeSettled(below base: UInt64) throws(SpoolError) -> Bool {
        var removed = false
        while let first = segments.first, first.last < base, segments.count > 1 || !hasActive {
            try disk.delete(first.name)
            segments.removeFirst()
            removed = true
        }
        return removed
    }

    /// Deletes the files, but for the one that is appended to, in which everything is settled, wherever they stand.
    ///
    /// - Returns: Whether there were any.
    mutating func removeSettled(_ isSettled: (ClosedRange<UInt64>) -> Bool) throws(SpoolError) -> Bool {
        var removed = false
        for segment in hasActive ? segments.dropLast() : segments[...] where isSettled(segment.first...segment.last) {
            try disk.delete(segment.name)
            segments.removeAll { $0.name == segment.name }
            removed = true
        }
        return removed
    }

    /// Deletes the file that is appended to if everything in it is settled; the next block begins another one.
    ///
    /// - Returns: Whether it was.
    mutating func removeActive(_ isSettled: (ClosedRange<UInt64>) -> Bool) throws(SpoolError) -> Bool {
        guard hasActive, let active = segments.last, isSettled(active.first...active.last) else { return false }
        try disk.delete(active.name)
        segments.removeLast()
        hasActive = false
        unsyncedBytes = 0
        return true
    }

    /// Deletes the oldest file, whatever is in it, to make room.
    ///
    /// - Returns: The positions that were in it; nil when there is no file.
    mutating func dropOldest() throws(SpoolError) -> ClosedRange<UInt64>? {
        guard let first = segments.first else { return nil }
        try disk.delete(first.name)
        if segments.count == 1, hasActive {
            hasActive = false
            unsyncedBytes = 0
        }
        segments.removeFirst()
        return first.first...first.last
    }

    /// Notes the position below which everything is settled, so that a restart does not send it again. Not synced: an old
    /// note costs repetitions and nothing else.
    mutating func saveCursor(_ base: UInt64) throws(SpoolError) {
        guard base != savedCursor else { return }
        try disk.overwrite(SpoolFormat.cursorName, SpoolCursor.bytes(base))
        savedCursor = base
    }

    /// Leaves the folder as small as it can be, without files when everything is settled, and lets go of it.
    mutating func finish(base: UInt64) throws(SpoolError) {
        defer { disk.close() }
        if let last = segments.last, last.last < base { hasActive = false }
        // Before the note is written, for which a full disk has no room: a file that is gone needs none.
        _ = try removeSettled(below: base)
        try saveCursor(base)
        try sync()
        hasActive = false
    }
}

/// The file that says up to which position everything is settled: `u64` position, `u32` version, `u32` CRC-32C of the 12
/// bytes before.
enum SpoolCursor {
    static func bytes(_ base: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        SpoolFormat.append(base, to: &bytes)
        SpoolFormat.append(UInt32(1), to: &bytes)
        SpoolFormat.append(SpoolFormat.checksum(bytes[...]), to: &bytes)
        return bytes
    }

    /// The position; nil when the bytes are not a whole note, and then everything in the files counts.
    static func position(_ bytes: [UInt8]) -> UInt64? {
        guard bytes.count == 16 else { return nil }
        return bytes.withUnsafeBytes { all in
            guard SpoolFormat.load(UInt32.self, all, at: 8) == 1,
                SpoolFormat.load(UInt32.self, all, at: 12) == SpoolFormat.checksum(bytes[..<12])
            else { return nil }
            let position = SpoolFormat.load(UInt64.self, all, at: 0)
            return position < SpoolFormat.positionLimit ? position : nil
        }
    }
}
