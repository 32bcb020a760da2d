import Testing

@testable import EmbeddedEngine

@Suite struct StateTableTests {
    @Test func `random puts, updates and removals agree with a dictionary`() {
        var generator = SeededGenerator(seed: 21)
        var table = StateTable()
        var model: [[UInt8]: [UInt8]] = [:]
        for step in 0..<60000 {
            let key = textKey("k\(Int.random(in: 0..<900, using: &generator))")
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let value = [UInt8](repeating: UInt8(step & 255), count: Int.random(in: 0...5, using: &generator) * 8)
                key.withUnsafeBytes { key in value.withUnsafeBytes { table.put(key, $0) } }
                model[key] = value
            case 5..<9:
                let removed = key.withUnsafeBytes { table.remove($0) }
                #expect(removed == (model.removeValue(forKey: key) != nil))
            default:
                if step % 7 == 0 { table.finishChanges() }
            }
            if step % 5000 == 0 { expectSame(table, model) }
        }
        table.finishChanges()
        expectSame(table, model)
        let contentBytes = table.contentBytes
        #expect(contentBytes == model.reduce(0) { $0 + $1.key.count + $1.value.count })
    }

    private func expectSame(_ table: borrowing StateTable, _ model: [[UInt8]: [UInt8]]) {
        var found: [[UInt8]: [UInt8]] = [:]
        for slot in 0..<table.slotCount where table.isLive(slot) {
            found[Array(table.key(slot))] = Array(table.value(slot))
        }
        #expect(found == model)
        let count = table.count
        #expect(count == model.count)
        for (key, value) in model {
            let stored = key.withUnsafeBytes { table.get($0).map { Array($0) } }
            #expect(stored == value)
        }
    }

    @Test func `merging into fixed-width values keeps slots and adds up`() {
        var table = StateTable()
        let keys = (0..<5000).map { textKey("key \($0)") }
        for round in 0..<3 {
            for (number, key) in keys.enumerated() {
                key.withUnsafeBytes { key in
                    let (slot, isNew) = table.slotForUpdate(key, hash: StateTable.hash(key), valueLength: 16)
                    #expect(isNew == (round == 0))
                    #expect(slot == number)
                    let count = table.mutableValue(slot) + 8
                    count.storeBytes(of: count.load(as: Int64.self) + 2, as: Int64.self)
                }
            }
            let changes = table.changedSlots.count
            #expect(changes == 5000)
            table.finishChanges()
        }
        let value = keys[4321].withUnsafeBytes { Array(table.get($0)!) }
        #expect(value == longValue(6))
        let hasChanges = table.hasChanges
        #expect(!hasChanges)
    }

    @Test func `prefetching changes nothing, with keys that are there and keys that are not`() {
        var table = StateTable()
        for key in (0..<100).map({ textKey("key \($0)") }) { key.withUnsafeBytes { table.put($0, $0) } }
        table.finishChanges()
        let hashes = (0..<200).map { textKey("key \($0)").withUnsafeBytes { StateTable.hash($0) } }
        hashes.withUnsafeBufferPointer { table.prefetch($0) }
        let counts = (table.count, table.changedSlots.count)
        #expect(counts == (100, 0))
    }

    @Test func `a pair that is removed and put again in one batch starts from zero`() {
        var table = StateTable()
        let key = textKey("a")
        key.withUnsafeBytes { key in
            let first = table.slotForUpdate(key, hash: StateTable.hash(key), valueLength: 16).slot
            table.mutableValue(first).storeBytes(of: 9, toByteOffset: 8, as: Int64.self)
            table.finishChanges()
            let removals = (table.remove(key), table.remove(key))
            #expect(removals == (true, false))
            let found = table.find(key)
            #expect(found == nil)
            let (slot, isNew) = table.slotForUpdate(key, hash: StateTable.hash(key), valueLength: 16)
            #expect(slot == first)
            #expect(isNew)
            let value = Array(table.value(slot))
            #expect(value == longValue(0))
        }
        let counts = (table.count, table.changedSlots.count)
        #expect(counts == (1, 1))
    }

    @Test func `memory of removed and outgrown values is won back`() {
        var table = StateTable()
        for round in 0..<50 {
            for number in 0..<1000 {
                textKey("\(round) \(number)").withUnsafeBytes { key in
                    [UInt8](repeating: 1, count: 256).withUnsafeBytes { table.put(key, $0) }
                }
            }
            for slot in 0..<table.slotCount where table.isLive(slot) { table.remove(slot: slot) }
            table.finishChanges()
        }
        let counts = (table.count, table.slotCount)
        #expect(counts == (0, 1000))
        let memory = table.memoryUsedBytes
        #expect(memory < 4 << 20)
    }
}
