import StructuredStreaming

/// The groups that one worker has met, with their buffers: a partial aggregation of one batch.
///
/// A group is known by the bytes of its key row (see ``UnsafeRow``), made once a group and not once a row: dictionary codes
/// and integers are looked up in tables of their own first.
///
/// Used by one thread at a time.
final class GroupTable {
    /// The groups of a dictionary's codes, -1 where not known yet. Holds the dictionary, so that its identity is not given to
    /// another one.
    private struct CodeGroups {
        let dictionary: StringDictionary
        var groups: [Int32]
    }

    private var index = KeyIndex()
    /// The buffers, one column a field.
    private(set) var buffers: [BufferColumn]
    private var dictionaryGroups: [ObjectIdentifier: CodeGroups] = [:]
    private var integerGroups = IntegerGroups()
    private var encoder: KeyEncoder
    private var groups: [Int32] = []

    init(keyTypes: [DataType], fields: [BufferField]) {
        buffers = fields.map(BufferColumn.init)
        encoder = KeyEncoder(types: keyTypes)
    }

    /// How many groups there are.
    var count: Int { index.count }

    /// The bytes of a group's key row; valid until the next batch is added.
    func key(_ group: Int) -> UnsafeRawBufferPointer { index.key(group) }

    /// Takes in a batch: its keys and, for each aggregate, its argument.
    func add(keys: [ColumnVector], arguments: [ColumnVector?], rowCount: Int) throws(EngineError) {
        guard rowCount > 0 else { return }
        assign(keys, rowCount)
        for position in buffers.indices {
            buffers[position].grow(to: index.count)
            try buffers[position].update(groups, arguments[buffers[position].field.aggregate])
        }
    }

    /// Makes the one group of an aggregation without keys, which has a result even over no rows.
    func addEmptyKey() {
        encoder.encode([], row: 0) { _ = index.insert($0) }
        for position in buffers.indices { buffers[position].grow(to: index.count) }
    }

    /// Finds the group of every row.
    private func assign(_ keys: [ColumnVector], _ rowCount: Int) {
        groups.removeAll(keepingCapacity: true)
        groups.reserveCapacity(rowCount)
        if keys.isEmpty {
            addEmptyKey()
            groups.append(contentsOf: repeatElement(0, count: rowCount))
        } else if keys.count == 1, case .string(.dictionary(let codes, let dictionary)) = keys[0].storage {
            assignByCode(keys[0], codes, dictionary)
        } else if keys.count == 1, case .int64(let values) = keys[0].storage {
            assignByInteger(keys[0], values)
        } else {
            for row in 0..<rowCount { groups.append(encoded(keys, row)) }
        }
    }

    private func encoded(_ keys: [ColumnVector], _ row: Int) -> Int32 {
        var group: Int32 = 0
        encoder.encode(keys, row: row) { group = Int32(index.insert($0).index) }
        return group
    }

    private func assignByCode(_ key: ColumnVector, _ codes: [Int32], _ dictionary: StringDictionary) {
        let id = ObjectIdentifier(dictionary)
        // A constant column has a dictionary of its own in each batch; what was known of the old ones is not needed again.
        if dictionaryGroups.count > 64 { dictionaryGroups.removeAll() }
        var known = dictionaryGroups.removeValue(forKey: id)?.groups ?? []
        if known.count < dictionary.count {
            known.append(contentsOf: repeatElement(-1, count: dictionary.count - known.count))
        }
        var nullGroup: Int32 = -1
        for row in codes.indices {
            if key.isValid(row) {
                let code = Int(codes[row])
                if known[code] < 0 { known[code] = encoded([key], row) }
                groups.append(known[code])
            } else {
                if nullGroup < 0 { nullGroup = encoded([key], row) }
                groups.append(nullGroup)
            }
        }
        dictionaryGroups[id] = CodeGroups(dictionary: dictionary, groups: known)
    }

    private func assignByInteger(_ key: ColumnVector, _ values: [Int64]) {
        var table = IntegerGroups()
        swap(&table, &integerGroups)
        defer { swap(&table, &integerGroups) }
        var nullGroup: Int32 = -1
        for row in values.indices {
            if key.isValid(row) {
                let slot = table.slot(of: values[row])
                if table.group(slot) < 0 { table.fill(slot, values[row], encoded([key], row)) }
                groups.append(table.groupJustFound(values[row], slot))
            } else {
                if nullGroup < 0 { nullGroup = encoded([key], row) }
                groups.append(nullGroup)
            }
        }
    }
}

/// Integers to group numbers: open addressing with linear probing, at most half full.
struct IntegerGroups {
    private var keys: [Int64]
    private var groups: [Int32]
    private var count = 0

    init() {
        keys = [Int64](repeating: 0, count: 64)
        groups = [Int32](repeating: -1, count: 64)
    }

    /// The slot that holds the value, or the empty one where it belongs.
    @inline(__always)
    func slot(of value: Int64) -> Int {
        let mask = keys.count - 1
        var slot = Self.hash(value) & mask
        while groups[slot] >= 0, keys[slot] != value { slot = (slot + 1) & mask }
        return slot
    }

    /// The group in a slot; negative when it is empty.
    @inline(__always)
    func group(_ slot: Int) -> Int32 { groups[slot] }

    /// Puts a value into the empty slot that ``slot(of:)`` gave.
    mutating func fill(_ slot: Int, _ value: Int64, _ group: Int32) {
        keys[slot] = value
        groups[slot] = group
        count += 1
        if count * 2 > keys.count { grow() }
    }

    /// The group of a value whose slot was asked for before ``fill(_:_:_:)``, which may have moved it.
    @inline(__always)
    func groupJustFound(_ value: Int64, _ slot: Int) -> Int32 {
        if slot < keys.count, keys[slot] == value, groups[slot] >= 0 { return groups[slot] }
        return groups[self.slot(of: value)]
    }

    private mutating func grow() {
        let oldKeys = keys
        let oldGroups = groups
        keys = [Int64](repeating: 0, count: oldKeys.count * 2)
        groups = [Int32](repeating: -1, count: oldKeys.count * 2)
        for old in oldKeys.indices where oldGroups[old] >= 0 {
            let slot = slot(of: oldKeys[old])
            keys[slot] = oldKeys[old]
            groups[slot] = oldGroups[old]
        }
    }

    @inline(__always)
    private static func hash(_ value: Int64) -> Int {
        let product = UInt64(bitPattern: value).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }
}
