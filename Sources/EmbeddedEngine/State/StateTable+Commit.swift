extension StateTable {
    /// Whether anything changed since the last commit.
    var hasChanges: Bool { !changedSlots.isEmpty }

    /// Forgets what changed and makes room of removed pairs, after a commit or a load.
    mutating func finishChanges() {
        for slot in changedSlots {
            entries[slot].flags &= ~StateTable.changed
            if !isLive(slot) { vacate(slot) }
        }
        changedSlots.removeAll(keepingCapacity: changedSlots.count <= 65536)
        removedCount = 0
        if garbage > 1 << 20, garbage > contentBytes { repack() }
    }

    /// Takes a removed pair out of its bucket and moves those behind it up, so that no gap stops a search.
    private mutating func vacate(_ slot: Slot) {
        var gap = Int(StateTable.hash(key(slot))) & mask
        while Int(buckets[gap] & 0xFFFF_FFFF) != slot + 1 { gap = (gap + 1) & mask }
        var bucket = (gap + 1) & mask
        while buckets[bucket] != 0 {
            let home = Int(buckets[bucket] >> 32) & mask
            // It may fill the gap unless its home lies between the gap and where it is.
            if (bucket - home) & mask >= (bucket - gap) & mask {
                buckets[gap] = buckets[bucket]
                gap = bucket
            }
            bucket = (bucket + 1) & mask
        }
        buckets[gap] = 0
        garbage += ((Int(entries[slot].keyLength) + 7) & ~7) + Int(entries[slot].valueCapacity)
        freeSlots.append(slot)
    }

    /// Copies what is in use into a new arena.
    private mutating func repack() {
        var packed = StateArena()
        for slot in 0..<slotCount where isLive(slot) {
            let keySize = (Int(entries[slot].keyLength) + 7) & ~7
            let valueSize = (Int(entries[slot].valueLength) + 7) & ~7
            let memory = packed.allocate(max(keySize + valueSize, 8))
            memory.copyMemory(from: entries[slot].key, byteCount: Int(entries[slot].keyLength))
            (memory + keySize).copyMemory(from: entries[slot].value, byteCount: Int(entries[slot].valueLength))
            entries[slot].key = memory
            entries[slot].value = memory + keySize
            entries[slot].valueCapacity = UInt32(valueSize)
        }
        arena = packed
        garbage = 0
    }
}
