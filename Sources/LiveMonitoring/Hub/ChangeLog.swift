import FoundationEssentials
import Monitoring

/// The last changes that are told one by one, with their numbers.
struct ChangeLog: Sendable {
    enum Change: Sendable, Hashable {
        case transition(QueryTransition)
        case removed([UUID])
    }

    struct Entry: Sendable, Hashable {
        var number: UInt64
        var change: Change
    }

    private let capacity: Int
    private var entries: [Entry] = []
    /// The number of the newest change that is gone; 0 while none is.
    private(set) var droppedThrough: UInt64 = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    mutating func append(_ change: Change, number: UInt64) {
        entries.append(Entry(number: number, change: change))
        // Some more at once, so that the rest is seldom moved.
        guard entries.count >= capacity + max(1, capacity / 4) else { return }
        let excess = entries.count - capacity
        droppedThrough = entries[excess - 1].number
        entries.removeFirst(excess)
    }

    /// What came after a change; nil where some of it is gone.
    func entries(after number: UInt64) -> ArraySlice<Entry>? {
        guard number >= droppedThrough else { return nil }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number > number { high = middle } else { low = middle + 1 }
        }
        return entries[low...]
    }
}
