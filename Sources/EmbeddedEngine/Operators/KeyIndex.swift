/// Distinct byte strings, numbered from 0 in the order of their first appearance.
///
///     slots    open addressing, linear probing; each holds a number + 1, or 0 when empty; at most half full
///     hashes   one 64-bit hash a key
///     offsets  key `i` is arena[offsets[i] ..< offsets[i + 1]]
///     arena    the keys' bytes one after the other
///
/// Lookup and insertion take constant time on average. Raw memory, so that the inner loops pay neither for reference counts nor
/// for exclusivity checks.
struct KeyIndex: ~Copyable {
    private var slots: UnsafeMutablePointer<UInt32>
    private var mask: Int
    private var hashes: UnsafeMutablePointer<UInt64>
    private var offsets: UnsafeMutablePointer<Int>
    private var capacity: Int
    private var arena: UnsafeMutablePointer<UInt8>
    private var arenaCapacity: Int
    /// How many keys there are.
    private(set) var count = 0

    /// An empty index with room for `capacity` keys before it first grows.
    init(capacity: Int = 64) {
        let room = max(16, capacity)
        let slotCount = Self.slotCount(for: room)
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        mask = slotCount - 1
        hashes = .allocate(capacity: room)
        offsets = .allocate(capacity: room + 1)
        offsets[0] = 0
        self.capacity = room
        arenaCapacity = room * 32
        arena = .allocate(capacity: arenaCapacity)
    }

    deinit {
        slots.deallocate()
        hashes.deallocate()
        offsets.deallocate()
        arena.deallocate()
    }

    /// The number of a key, which is added if it is new.
    mutating func insert(_ key: UnsafeRawBufferPointer) -> (index: Int, isNew: Bool) {
        let hash = Self.hash(key)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if hashes[index] == hash, equals(index, key) { return (index, false) }
            slot = (slot + 1) & mask
        }
        append(key, hash)
        slots[slot] = UInt32(count)
        if count * 2 > mask { growSlots() }
        return (count - 1, true)
    }

    /// The bytes of a key; valid until the next insertion.
    func key(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: arena + offsets[index], count: offsets[index + 1] - offsets[index])
    }

    private func equals(_ index: Int, _ key: UnsafeRawBufferPointer) -> Bool {
        let stored = self.key(index)
        return stored.count == key.count && stored.elementsEqual(key)
    }

    private mutating func append(_ key: UnsafeRawBufferPointer, _ hash: UInt64) {
        if count == capacity { growKeys() }
        let start = offsets[count]
        if start + key.count > arenaCapacity { growArena(atLeast: start + key.count) }
        if let base = key.baseAddress {
            UnsafeMutableRawPointer(arena + start).copyMemory(from: base, byteCount: key.count)
        }
        hashes[count] = hash
        count += 1
        offsets[count] = start + key.count
    }

    private mutating func growKeys() {
        let room = capacity * 2
        let newHashes = UnsafeMutablePointer<UInt64>.allocate(capacity: room)
        newHashes.update(from: hashes, count: count)
        hashes.deallocate()
        hashes = newHashes
        let newOffsets = UnsafeMutablePointer<Int>.allocate(capacity: room + 1)
        newOffsets.update(from: offsets, count: count + 1)
        offsets.deallocate()
        offsets = newOffsets
        capacity = room
    }

    private mutating func growArena(atLeast size: Int) {
        let room = max(arenaCapacity * 2, size)
        let newArena = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
        newArena.update(from: arena, count: offsets[count])
        arena.deallocate()
        arena = newArena
        arenaCapacity = room
    }

    private mutating func growSlots() {
        let slotCount = (mask + 1) * 2
        slots.deallocate()
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        mask = slotCount - 1
        for index in 0..<count {
            var slot = Int(truncatingIfNeeded: hashes[index]) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(index + 1)
        }
    }

    private static func slotCount(for keys: Int) -> Int {
        var count = 32
        while count < keys * 2 { count *= 2 }
        return count
    }

    /// A 64-bit hash of 8 bytes at a time, mixed by multiplication (the constants are those of wyhash).
    @inline(__always)
    static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        var state: UInt64 = 0xa076_1d64_78bd_642f ^ UInt64(key.count)
        var at = 0
        while at + 8 <= key.count {
            state = mix(state ^ key.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        var tail: UInt64 = 0
        while at < key.count {
            tail = tail << 8 | UInt64(key[at])
            at += 1
        }
        return mix(state ^ tail)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low
    }
}
