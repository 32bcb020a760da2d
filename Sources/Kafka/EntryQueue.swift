extension KafkaConsumer {
    /// What was polled and not read yet, in the arrays in which it was polled: none of it is copied from one thread's array
    /// to the other's, which would count every record's references on two cores at once.
    struct EntryQueue: Sendable {
        /// Each with its first entry last: taken from the end, an entry is moved out and no reference counted.
        private var chunks: [[Entry]] = []
        /// The first chunk with something left.
        private var chunk = 0
        /// Entries left.
        private(set) var count = 0
        /// Their sizes together.
        private(set) var bytes = 0

        mutating func append(_ entries: consuming [Entry]) {
            guard !entries.isEmpty else { return }
            for index in entries.indices { bytes += entries[index].size }
            count += entries.count
            entries.withUnsafeMutableBufferPointer { Self.reverse($0) }
            chunks.append(entries)
        }

        /// As `reverse()` does, but by moving: that one copies each entry, and counts references.
        private static func reverse(_ entries: UnsafeMutableBufferPointer<Entry>) {
            var (low, high) = (0, entries.count - 1)
            while low < high {
                let first = entries.moveElement(from: low)
                entries.initializeElement(at: low, to: entries.moveElement(from: high))
                entries.initializeElement(at: high, to: first)
                low += 1
                high -= 1
            }
        }

        mutating func popFirst() -> Entry? {
            guard chunk < chunks.count, let entry = chunks[chunk].popLast() else { return nil }
            count -= 1
            bytes -= entry.size
            if chunks[chunk].isEmpty { leaveChunk() }
            return entry
        }

        private mutating func leaveChunk() {
            chunks[chunk] = []
            chunk += 1
            if chunk == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                chunk = 0
            } else if chunk >= 64, chunk * 2 >= chunks.count {
                chunks.removeFirst(chunk)
                chunk = 0
            }
        }

        /// Drops the entries of a partition.
        mutating func removeAll(slot: Int) {
            var kept: [Entry] = []
            while let entry = popFirst() {
                if entry.slot != slot { kept.append(entry) }
            }
            append(kept)
        }
    }
}
