/// The pairs of one state partition, and which of them changed since the last commit.
///
///     buckets   hash << 32 | slot + 1, or 0       open addressing, linear probing, at most 3/4 full
///     entries   one a slot: where key and value lie, their lengths, flags
///     arena     the bytes of keys and values
///
/// A slot is a pair's number; it stays the same until the pair is removed and that is committed. Nothing here allocates per
/// pair. To merge a batch: `let slot = table.slotForUpdate(key, …)`, then change the bytes at ``mutableValue(_:)``.
struct StateTable: ~Copyable {
    /// A pair's slot.
    typealias Slot = Int

    struct Entry {
        var key: UnsafeMutableRawPointer
        var value: UnsafeMutableRawPointer
        var keyLength: UInt32
        var valueLength: UInt32
        var valueCapacity: UInt32
        var flags: UInt32
    }

    static let live: UInt32 = 1
    static let changed: UInt32 = 2

    var buckets: UnsafeMutablePointer<UInt64>
    var mask: Int
    var entries: UnsafeMutablePointer<Entry>
    var entryCapacity: Int
    /// Slots in use or free for use again.
    var slotCount = 0
    var freeSlots: [Int] = []
    var changedSlots: [Int] = []
    /// Removed pairs that still hold their bucket, until the commit.
    var removedCount = 0
    var arena = StateArena()
    /// Bytes in the arena that no pair uses any more.
    var garbage = 0
    /// Bytes of all keys and values.
    var contentBytes = 0
    /// How many pairs there are.
    var count = 0
    /// Written by ``prefetch(_:)`` only so that its reads are not optimised away.
    var prefetched: UInt8 = 0

    /// An empty table.
    init() {
        mask = 15
        buckets = .allocate(capacity: 16)
        buckets.initialize(repeating: 0, count: 16)
        entryCapacity = 12
        entries = .allocate(capacity: entryCapacity)
    }

    deinit {
        buckets.deallocate()
        entries.deallocate()
    }

    /// Bytes of memory taken from the system.
    var memoryUsedBytes: Int {
        arena.capacity + (mask + 1) * MemoryLayout<UInt64>.stride + entryCapacity * MemoryLayout<Entry>.stride
    }

    // MARK: Finding

    /// The hash of a key for ``find(_:hash:)`` and ``slotForUpdate(_:hash:valueLength:)``.
    ///
    /// Not the partition's hash, which all keys of a partition have in common in its lowest bits.
    @inline(__always)
    static func hash(_ key: UnsafeRawBufferPointer) -> UInt32 {
        var state = UInt64(truncatingIfNeeded: key.count) ^ 0x9E37_79B9_7F4A_7C15
        var position = 0
        while position &+ 8 <= key.count {
            state = fold(state ^ key.loadUnaligned(fromByteOffset: position, as: UInt64.self), 0xA076_1D64_78BD_642F)
            position &+= 8
        }
        while position < key.count {
            state = fold(state ^ UInt64(key[position]), 0xE703_7ED1_A0B4_28DB)
            position &+= 1
        }
        return UInt32(truncatingIfNeeded: fold(state, 0x8EBC_6AF0_9C88_C6E3))
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The slot of a key; nil if it is not in the table.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer, hash: UInt32) -> Slot? {
        let slot = slotHolding(key, hash)
        return slot >= 0 && isLive(slot) ? slot : nil
    }

    /// The slot of a key; nil if it is not in the table.
    func find(_ key: UnsafeRawBufferPointer) -> Slot? { find(key, hash: StateTable.hash(key)) }

    /// The value of a key; nil if it is not in the table. Valid until the pair is changed.
    func get(_ key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? { find(key).map { value($0) } }

    /// Whether a slot holds a pair; slots from 0 to ``slotCount`` may be free.
    @inline(__always)
    func isLive(_ slot: Slot) -> Bool { entries[slot].flags & StateTable.live != 0 }

    /// A pair's key.
    @inline(__always)
    func key(_ slot: Slot) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: entries[slot].key, count: Int(entries[slot].keyLength))
    }

    /// A pair's value.
    @inline(__always)
    func value(_ slot: Slot) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: entries[slot].value, count: Int(entries[slot].valueLength))
    }

    /// A pair's value, to be changed in place; only for slots from ``slotForUpdate(_:hash:valueLength:)`` or after
    /// ``markChanged(_:)``, or the change is not written.
    @inline(__always)
    func mutableValue(_ slot: Slot) -> UnsafeMutableRawPointer { entries[slot].value }

    // MARK: Changing

    /// The slot of a key that is about to be changed. A new pair's value is zeroed bytes of the length given.
    @inline(__always)
    mutating func slotForUpdate(
        _ key: UnsafeRawBufferPointer, hash: UInt32, valueLength: Int
    ) -> (slot: Slot, isNew: Bool) {
        let slot = slotHolding(key, hash)
        if slot >= 0, isLive(slot) {
            markChanged(slot)
            return (slot, false)
        }
        return (insert(key, hash, valueLength, removedSlot: slot), true)
    }

    /// Adds a pair or replaces its value.
    mutating func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        let slot = slotForUpdate(key, hash: StateTable.hash(key), valueLength: value.count).slot
        setValue(slot, value)
    }

    /// Replaces a pair's value by one of any length.
    mutating func setValue(_ slot: Slot, _ value: UnsafeRawBufferPointer) {
        markChanged(slot)
        if value.count > Int(entries[slot].valueCapacity) {
            garbage += Int(entries[slot].valueCapacity)
            entries[slot].value = arena.allocate(value.count)
            entries[slot].valueCapacity = UInt32((value.count + 7) & ~7)
        }
        contentBytes += value.count - Int(entries[slot].valueLength)
        entries[slot].valueLength = UInt32(value.count)
        if let source = value.baseAddress { entries[slot].value.copyMemory(from: source, byteCount: value.count) }
    }

    /// Notes that a pair's value is written with the next commit.
    @inline(__always)
    mutating func markChanged(_ slot: Slot) {
        guard entries[slot].flags & StateTable.changed == 0 else { return }
        entries[slot].flags |= StateTable.changed
        changedSlots.append(slot)
    }

    /// Removes a key; false if it was not in the table.
    mutating func remove(_ key: UnsafeRawBufferPointer) -> Bool {
        guard let slot = find(key) else { return false }
        remove(slot: slot)
        return true
    }

    /// Removes a pair, also while going through the slots.
    mutating func remove(slot: Slot) {
        precondition(isLive(slot), "only a live pair can be removed")
        markChanged(slot)
        entries[slot].flags &= ~StateTable.live
        contentBytes -= Int(entries[slot].keyLength) + Int(entries[slot].valueLength)
        removedCount += 1
        count -= 1
    }

    // MARK: Buckets

    /// The slot that has a key, live or removed; -1 if none.
    @inline(__always)
    private func slotHolding(_ key: UnsafeRawBufferPointer, _ hash: UInt32) -> Slot {
        var bucket = Int(hash) & mask
        while true {
            let word = buckets[bucket]
            if word == 0 { return -1 }
            if UInt32(truncatingIfNeeded: word >> 32) == hash {
                let slot = Int(word & 0xFFFF_FFFF) &- 1
                if hasKey(slot, key) { return slot }
            }
            bucket = (bucket &+ 1) & mask
        }
    }

    @inline(__always)
    private func hasKey(_ slot: Slot, _ key: UnsafeRawBufferPointer) -> Bool {
        let entry = entries[slot]
        guard Int(entry.keyLength) == key.count else { return false }
        guard let base = key.baseAddress else { return true }
        let count = key.count
        var position = 0
        while position &+ 8 <= count {
            if entry.key.load(fromByteOffset: position, as: UInt64.self)
                != base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            {
                return false
            }
            position &+= 8
        }
        while position < count {
            if entry.key.load(fromByteOffset: position, as: UInt8.self)
                != base.load(fromByteOffset: position, as: UInt8.self)
            {
                return false
            }
            position &+= 1
        }
        return true
    }

    /// Adds a pair with a zeroed value, in the slot of a removed pair of that key if there is one.
    @inline(never)
    private mutating func insert(
        _ key: UnsafeRawBufferPointer, _ hash: UInt32, _ valueLength: Int, removedSlot: Slot
    ) -> Slot {
        count += 1
        contentBytes += key.count + valueLength
        if removedSlot >= 0 {
            removedCount -= 1
            contentBytes -= valueLength
            entries[removedSlot].flags |= StateTable.live
            entries[removedSlot].valueLength = 0
            withUnsafeTemporaryAllocation(byteCount: max(valueLength, 1), alignment: 8) { zeros in
                zeros.initializeMemory(as: UInt8.self, repeating: 0)
                setValue(removedSlot, UnsafeRawBufferPointer(rebasing: zeros[..<valueLength]))
            }
            return removedSlot
        }
        if (count + removedCount) * 4 > (mask + 1) * 3 { growBuckets() }
        let slot = newSlot()
        let keySize = (key.count + 7) & ~7
        let memory = arena.allocate(max(keySize + valueLength, 8))
        if let source = key.baseAddress { memory.copyMemory(from: source, byteCount: key.count) }
        (memory + keySize).initializeMemory(as: UInt8.self, repeating: 0, count: valueLength)
        entries[slot] = Entry(
            key: memory, value: memory + keySize, keyLength: UInt32(key.count), valueLength: UInt32(valueLength),
            valueCapacity: UInt32((valueLength + 7) & ~7), flags: StateTable.live)
        markChanged(slot)
        occupy(hash, slot)
        return slot
    }

    private mutating func newSlot() -> Slot {
        if let slot = freeSlots.popLast() { return slot }
        if slotCount == entryCapacity {
            let larger = UnsafeMutablePointer<Entry>.allocate(capacity: entryCapacity * 2)
            larger.update(from: entries, count: slotCount)
            entries.deallocate()
            entries = larger
            entryCapacity *= 2
        }
        slotCount += 1
        return slotCount - 1
    }

    @inline(__always)
    private func occupy(_ hash: UInt32, _ slot: Slot) {
        var bucket = Int(hash) & mask
        while buckets[bucket] != 0 { bucket = (bucket &+ 1) & mask }
        buckets[bucket] = UInt64(hash) << 32 | UInt64(slot &+ 1)
    }

    private mutating func growBuckets() {
        let old = buckets
        let oldCount = mask + 1
        mask = oldCount * 2 - 1
        buckets = .allocate(capacity: oldCount * 2)
        buckets.initialize(repeating: 0, count: oldCount * 2)
        for bucket in 0..<oldCount where old[bucket] != 0 {
            occupy(UInt32(truncatingIfNeeded: old[bucket] >> 32), Int(old[bucket] & 0xFFFF_FFFF) - 1)
        }
        old.deallocate()
    }
}
