/// String keys to values in the order in which they were written.
///
/// Progress maps are small (a handful of phases, a few dozen counters), so a flat list beats a hash table on both reading
/// and looking up, and keeps the order of the text. In JSON they are written as Spark does, sorted by key.
/// Two maps are equal when they hold the same pairs, in whatever order.
public struct MetricMap<Value: Sendable & Hashable>: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
    /// One key and its value.
    public typealias Element = (key: String, value: Value)

    @usableFromInline package private(set) var pairs: [Pair]
    /// Whether the pairs are known to be sorted as Spark sorts them; if not, writing looks.
    package private(set) var isKnownSorted = false

    @usableFromInline package struct Pair: Sendable, Hashable {
        @usableFromInline package var key: String
        @usableFromInline package var value: Value
        package init(key: String, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// An empty map.
    public init() { pairs = [] }

    /// Takes pairs with different keys as they are.
    package init(pairs: [Pair], isKnownSorted: Bool) {
        self.pairs = pairs
        self.isKnownSorted = isKnownSorted
    }

    /// The pairs in the order of the literal; a repeated key keeps its last value.
    public init(dictionaryLiteral elements: (String, Value)...) {
        pairs = []
        for (key, value) in elements { self[key] = value }
    }

    /// How many keys there are.
    @inlinable public var count: Int { pairs.count }

    /// Whether there are none.
    @inlinable public var isEmpty: Bool { pairs.isEmpty }

    /// The keys in order.
    public var keys: [String] { pairs.map(\.key) }

    /// The value of a key; setting appends a new key at the end, setting nil removes it. Linear in ``count``.
    public subscript(key: String) -> Value? {
        @inlinable get {
            for pair in pairs where pair.key == key { return pair.value }
            return nil
        }
        set {
            if let index = pairs.firstIndex(where: { $0.key == key }) {
                if let newValue { pairs[index].value = newValue } else { pairs.remove(at: index) }
            } else if let newValue {
                append(key, newValue)
            }
        }
    }

    /// Appends a pair whose key is not in the map.
    package mutating func append(_ key: String, _ value: Value) {
        pairs.append(Pair(key: key, value: value))
        isKnownSorted = false
    }

    /// The pairs in order.
    @inlinable public func makeIterator() -> Iterator { Iterator(pairs: pairs.makeIterator()) }

    /// Goes over the pairs.
    public struct Iterator: IteratorProtocol {
        @usableFromInline var pairs: IndexingIterator<[Pair]>

        @inlinable init(pairs: IndexingIterator<[Pair]>) { self.pairs = pairs }

        /// The next pair.
        @inlinable public mutating func next() -> Element? { pairs.next().map { ($0.key, $0.value) } }
    }

    /// Whether both hold the same pairs, in whatever order.
    public static func == (left: MetricMap, right: MetricMap) -> Bool {
        guard left.pairs.count == right.pairs.count else { return false }
        if left.pairs == right.pairs { return true }
        return left.sortedPairs == right.sortedPairs
    }

    /// Hashes the pairs without regard to their order.
    public func hash(into hasher: inout Hasher) {
        var combined = 0
        for pair in pairs { combined ^= pair.hashValue }
        hasher.combine(combined)
    }
}

extension MetricMap {
    /// The pairs as Spark writes them: sorted by the keys' UTF-16 code units.
    package var sortedPairs: [Pair] {
        if isKnownSorted { return pairs }
        for index in pairs.indices.dropFirst() where !KeyOrder.precedes(pairs[index - 1].key, pairs[index].key) {
            return pairs.sorted { KeyOrder.precedes($0.key, $1.key) }
        }
        return pairs
    }

    /// Whether a key stands twice, byte for byte.
    package var hasDuplicateKeys: Bool {
        let keys = pairs.map(\.key).sorted(by: KeyOrder.precedes)
        return zip(keys, keys.dropFirst()).contains { !KeyOrder.precedes($0, $1) }
    }
}

/// Java's order of strings.
package enum KeyOrder {
    /// Whether one key comes before another by UTF-16 code units. In UTF-8 the first byte that differs decides likewise, but
    /// that characters beyond the basic plane (0xF0 and up) come before U+E000…U+FFFF (0xEE, 0xEF).
    package static func precedes(_ left: String, _ right: String) -> Bool {
        var others = right.utf8.makeIterator()
        for byte in left.utf8 {
            guard let other = others.next() else { return false }
            if byte == other { continue }
            if byte >= 0xEE, other >= 0xEE, (byte >= 0xF0) != (other >= 0xF0) { return byte > other }
            return byte < other
        }
        return others.next() != nil
    }
}
