extension JSONReader {
    /// Consumes an object of whole numbers; null counts as empty.
    mutating func integers(_ table: FieldTable, in object: StaticString) throws(JSONFault) -> MetricMap<Int64> {
        var pairs: [MetricMap<Int64>.Pair] = []
        let start = position
        guard !null(), try beginObject() else { return MetricMap() }
        pairs.reserveCapacity(8)
        var order = KeyTracker()
        repeat {
            let name = try mapKey(table, &order)
            let number = try int64()
            // The larger objects are those of RocksDB, with some forty counters: one step is enough for them.
            if pairs.count == 8 { pairs.reserveCapacity(48) }
            try checkMembers(pairs.count)
            pairs.append(MetricMap<Int64>.Pair(key: name, value: number))
        } while try nextMember()
        return try finished(pairs, order, from: start, in: object)
    }

    /// Consumes an object of strings; null counts as empty.
    mutating func strings(_ table: FieldTable, in object: StaticString) throws(JSONFault) -> MetricMap<String> {
        var pairs: [MetricMap<String>.Pair] = []
        let start = position
        guard !null(), try beginObject() else { return MetricMap() }
        pairs.reserveCapacity(4)
        var order = KeyTracker()
        repeat {
            let name = try mapKey(table, &order)
            let text = try string()
            try checkMembers(pairs.count)
            pairs.append(MetricMap<String>.Pair(key: name, value: text))
        } while try nextMember()
        return try finished(pairs, order, from: start, in: object)
    }

    /// Consumes an object of any values; null counts as empty.
    mutating func values(_ table: FieldTable, in object: StaticString) throws(JSONFault) -> MetricMap<JSONValue> {
        var pairs: [MetricMap<JSONValue>.Pair] = []
        let start = position
        guard !null(), try beginObject() else { return MetricMap() }
        var order = KeyTracker()
        repeat {
            let name = try mapKey(table, &order)
            let value = try value()
            try checkMembers(pairs.count)
            pairs.append(MetricMap<JSONValue>.Pair(key: name, value: value))
        } while try nextMember()
        return try finished(pairs, order, from: start, in: object)
    }

    private func finished<Value>(
        _ pairs: [MetricMap<Value>.Pair], _ order: KeyTracker, from start: Int, in object: StaticString
    ) throws(JSONFault) -> MetricMap<Value> {
        let map = MetricMap(pairs: pairs, isKnownSorted: order.isAscending)
        // Keys in strictly ascending order differ; only others need a look.
        if !order.isAscending { try checkUnique(map, from: start, in: object) }
        return map
    }

    @inline(__always)
    private mutating func mapKey(_ table: FieldTable, _ order: inout KeyTracker) throws(JSONFault) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw fault(.malformedJSON, "expected a key in quotes") }
        let start = position &+ 1
        if let match = table.match(base + position, available: end &- position, expected: order.expected) {
            position &+= match.length
            order.note(base + start, match.length &- 3, index: match.index)
            return table.name(match.index)
        }
        let span = try key()
        if span.hasEscapes || span.hasNonASCII { order.giveUp() } else { order.note(span.start, span.count) }
        return try text(of: span)
    }
}

/// Follows an object's keys: which one is probably next, and whether they ascend.
private struct KeyTracker {
    private(set) var expected = 0
    private(set) var isAscending = true
    /// Whether the last key was none of the table.
    private var isLastUnknown = false
    private var last: UnsafePointer<UInt8>?
    private var lastCount = 0

    /// Notes a key of the table; as tables are sorted, one that stands behind the last there needs no comparing.
    @inline(__always)
    mutating func note(_ key: UnsafePointer<UInt8>, _ count: Int, index: Int) {
        if index >= expected, !isLastUnknown {
            (last, lastCount) = (key, count)
        } else {
            note(key, count)
        }
        expected = index &+ 1
        isLastUnknown = false
    }

    /// Notes a key that is not of the table.
    @inline(__always)
    mutating func note(_ key: UnsafePointer<UInt8>, _ count: Int) {
        isLastUnknown = true
        if let last, isAscending { isAscending = KeyTracker.precedes(last, lastCount, key, count) }
        last = key
        lastCount = count
    }

    /// Takes the keys as not ascending.
    mutating func giveUp() { isAscending = false }

    /// Whether a key's bytes come strictly before another's.
    @inline(__always)
    private static func precedes(
        _ left: UnsafePointer<UInt8>, _ leftCount: Int, _ right: UnsafePointer<UInt8>, _ rightCount: Int
    ) -> Bool {
        let common = min(leftCount, rightCount)
        var index = 0
        while index &+ 8 <= common {
            let first = UInt64(bigEndian: loadWord(left + index))
            let second = UInt64(bigEndian: loadWord(right + index))
            if first != second { return first < second }
            index &+= 8
        }
        while index < common {
            if left[index] != right[index] { return left[index] < right[index] }
            index &+= 1
        }
        return leftCount < rightCount
    }
}
