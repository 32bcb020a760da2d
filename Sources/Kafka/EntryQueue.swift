extension KafkaConsumer {
    /// What was polled and not read yet, in the arrays in which it was polled: none of it is copied from one thread's array
    /// to the other's, which would count every record's references on two cores at once.
    struct EntryQueue: Sendable {
        private var chunks: [[Entry]] = []
        /// The first chunk with something left, and its first entry that is left.
        private var chunk = 0
        private var head = 0
        /// Entries left.
        private(set) var count = 0
        /// Their sizes together.
        private(set) var bytes = 0

        mutating func append(_ entries: [Entry]) {
            guard !entries.isEmpty else { return }
            for entry in entries { bytes += entry.size }
            count += entries.count
            chunks.append(entries)
        }

        mutating func popFirst() -> Entry? {
            guard chunk < chunks.count else { return nil }
            let entry = chunks[chunk][head]
            head += 1
            count -= 1
            bytes -= entry.size
            if head == chunks[chunk].count { leaveChunk() }
            return entry
        }

        private mutating func leaveChunk() {
            chunks[chunk] = []
            chunk += 1
            head = 0
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
