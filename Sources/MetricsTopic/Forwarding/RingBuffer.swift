/// A queue of bounded length that grows to its bound only when needed, with constant-time ends.
struct RingBuffer<Element: Sendable>: Sendable {
    private var slots: [Element?] = []
    private var head = 0
    private(set) var count = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var isFull: Bool { count == capacity }

    /// Adds at the end; the caller has made room.
    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        var index = head + count
        if index >= slots.count { index -= slots.count }
        slots[index] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head].take()
        head += 1
        if head == slots.count { head = 0 }
        count -= 1
        return element
    }

    private mutating func grow() {
        var ordered: [Element?] = []
        let size = min(capacity, max(64, count * 2))
        ordered.reserveCapacity(size)
        for index in 0..<count { ordered.append(slots[(head + index) % slots.count].take()) }
        ordered.append(contentsOf: repeatElement(nil, count: size - count))
        slots = ordered
        head = 0
    }
}
