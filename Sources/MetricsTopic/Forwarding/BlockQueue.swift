/// The blocks that are in memory, oldest first: those that are not on the disk yet, or have no disk, and behind a healthy
/// sender everything that is not settled.
struct BlockQueue: Sendable {
    private struct Entry: Sendable {
        var block: FrameBlock
        /// Whether it was appended to the spool; a loss of power may still take it. Also if it never will be.
        var isWritten = false
        /// Whether nothing more is to come to the disk of it: it is safe from a loss of power, or too large for the spool.
        var isDurable = false
    }

    private var entries: [Entry] = []
    private var head = 0
    /// Bytes of all blocks.
    private(set) var bytes = 0
    /// Bytes of the blocks that are not in the spool.
    private(set) var unwrittenBytes = 0

    var isEmpty: Bool { head == entries.count }
    /// Blocks that are not in the spool.
    var unwrittenCount: Int { entries[head...].count { !$0.isWritten } }

    mutating func append(_ block: FrameBlock) {
        entries.append(Entry(block: block))
        bytes += block.bytes.count
        unwrittenBytes += block.bytes.count
    }

    /// The block that holds a position.
    func block(holding position: UInt64) -> FrameBlock? {
        var (low, high) = (head, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].block.last < position { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].block.first <= position else { return nil }
        return entries[low].block
    }

    /// The oldest block that is not in the spool.
    var firstUnwritten: FrameBlock? {
        guard unwrittenBytes > 0 else { return nil }
        // Behind one may stand one that was passed over, when a sync has failed since.
        return entries[head...].first { !$0.isWritten }?.block
    }

    /// Notes that the oldest block that was not in the spool is there now.
    mutating func markWritten(_ block: FrameBlock) {
        guard let index = entries[head...].firstIndex(where: { $0.block === block }), !entries[index].isWritten else {
            return
        }
        entries[index].isWritten = true
        unwrittenBytes -= block.bytes.count
    }

    /// Notes that the oldest block that is not in the spool will never be: only memory holds it, and lets go of it when it is
    /// needed for others.
    mutating func passOver(_ block: FrameBlock) {
        markWritten(block)
        guard let index = entries[head...].firstIndex(where: { $0.block === block }) else { return }
        entries[index].isDurable = true
    }

    /// Notes that the file with these positions was given up: only memory holds them, and lets go of them when it is needed for
    /// others. A sync that fails later takes none of them back, for they had nothing left to lose.
    mutating func noteFileGone(_ positions: ClosedRange<UInt64>) {
        for index in head..<entries.count where entries[index].isWritten {
            let last = entries[index].block.last
            if last > positions.upperBound { break }
            if last >= positions.lowerBound { entries[index].isDurable = true }
        }
    }

    /// Notes up to which position the spool is safe from a loss of power.
    mutating func markDurable(upTo position: UInt64) {
        for index in head..<entries.count where entries[index].isWritten {
            if entries[index].block.last > position { break }
            entries[index].isDurable = true
        }
    }

    /// Notes that what was written since the last sync cannot be trusted.
    ///
    /// - Returns: The positions of those blocks.
    mutating func distrustUnsynced() -> [ClosedRange<UInt64>] {
        var distrusted: [ClosedRange<UInt64>] = []
        for index in head..<entries.count where entries[index].isWritten && !entries[index].isDurable {
            entries[index].isWritten = false
            unwrittenBytes += entries[index].block.bytes.count
            distrusted.append(entries[index].block.first...entries[index].block.last)
        }
        return distrusted
    }

    /// Lets go of blocks in which everything is settled.
    mutating func removeSettled(below base: UInt64) {
        while head < entries.count, entries[head].block.last < base { removeFirst() }
    }

    /// Lets go of blocks in which everything is settled, also behind one that is not.
    mutating func removeSettled(_ isSettled: (ClosedRange<UInt64>) -> Bool) {
        entries.removeFirst(head)
        head = 0
        entries.removeAll { entry in
            guard isSettled(entry.block.first...entry.block.last) else { return false }
            bytes -= entry.block.bytes.count
            if !entry.isWritten { unwrittenBytes -= entry.block.bytes.count }
            return true
        }
    }

    /// Lets go of the oldest blocks that need memory no more, down to a number of bytes, but for the newest block: the sender
    /// gets that one from here, whatever its size.
    ///
    /// - Returns: Their positions.
    mutating func evictDurable(downTo limit: Int) -> [ClosedRange<UInt64>] {
        var evicted: [ClosedRange<UInt64>] = []
        while bytes > limit, head < entries.count - 1, entries[head].isDurable {
            evicted.append(entries[head].block.first...entries[head].block.last)
            removeFirst()
        }
        return evicted
    }

    /// Lets go of the oldest block that is not in the spool.
    ///
    /// - Returns: Its positions.
    mutating func dropOldestUnwritten() -> ClosedRange<UInt64>? {
        guard let block = firstUnwritten, let index = entries.firstIndex(where: { $0.block === block }) else {
            return nil
        }
        entries.remove(at: index)
        bytes -= block.bytes.count
        unwrittenBytes -= block.bytes.count
        return block.first...block.last
    }

    mutating func removeAll() { self = BlockQueue() }

    private mutating func removeFirst() {
        let entry = entries[head]
        bytes -= entry.block.bytes.count
        if !entry.isWritten { unwrittenBytes -= entry.block.bytes.count }
        head += 1
        if head == entries.count || head >= 256 {
            entries.removeFirst(head)
            head = 0
        }
    }
}
