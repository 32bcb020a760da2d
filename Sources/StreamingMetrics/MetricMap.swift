/// String keys to values in the order in which they were written.
///
/// Progress maps are small (a handful of phases, a few dozen counters), so a flat list beats a hash table on both reading
/// and looking up, and keeps the order of the text.
/// Two maps are equal when they hold the same pairs, in whatever order.
public struct MetricMap<Value: Sendable & Hashable>: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
    /// One key and its value.
    public typealias Element = (key: String, value: Value)

    package var pairs: [Pair]

    package struct Pair: Sendable, Hashable {
        package var key: String
        package var value: Value
        package init(key: String, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// An empty map.
    public init() { pairs = [] }

    /// The pairs in the order of the literal; a repeated key keeps its last value.
    public init(dictionaryLiteral elements: (String, Value)...) {
        pairs = []
        for (key, value) in elements { self[key] = value }
    }

    /// How many keys there are.
    public var count: Int { pairs.count }

    /// Whether there are none.
    public var isEmpty: Bool { pairs.isEmpty }

    /// The keys in order.
    public var keys: [String] { pairs.map(\.key) }

    /// The value of a key; setting appends a new key at the end, setting nil removes it. Linear in ``count``.
    public subscript(key: String) -> Value? {
        get { pairs.first { $0.key == key }?.value }
        set {
            if let index = pairs.firstIndex(where: { $0.key == key }) {
                if let newValue { pairs[index].value = newValue } else { pairs.remove(at: index) }
            } else if let newValue {
                pairs.append(Pair(key: key, value: newValue))
            }
        }
    }

    /// The pairs in order.
    public func makeIterator() -> AnyIterator<Element> {
        var inner = pairs.makeIterator()
        return AnyIterator { inner.next().map { ($0.key, $0.value) } }
    }

    /// Whether both hold the same pairs, in whatever order.
    public static func == (left: MetricMap, right: MetricMap) -> Bool {
        guard left.pairs.count == right.pairs.count else { return false }
        if left.pairs == right.pairs { return true }
        return left.pairs.allSatisfy { right[$0.key] == $0.value }
    }

    /// Hashes the pairs without regard to their order.
    public func hash(into hasher: inout Hasher) {
        var combined = 0
        for pair in pairs { combined ^= pair.hashValue }
        hasher.combine(combined)
    }
}
