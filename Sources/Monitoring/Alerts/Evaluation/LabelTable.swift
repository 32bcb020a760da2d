/// Gives each set of labels a small number, so that series meet by comparing numbers.
///
/// Numbers of sets that were not used for a while are given to others; whoever keeps numbers drops those in ``LabelTable/removeUnused(before:)``'s
/// answer.
struct LabelTable: Sendable {
    private struct Entry: Sendable {
        var labels: [MetricLabel]
        var lastUsed: Int64
        var isFree: Bool
    }

    private var entries: ContiguousArray<Entry> = []
    private var numbers: [[MetricLabel]: Int] = [:]
    private var free: [Int] = []

    /// One more than the largest number there is.
    var capacity: Int { entries.count }
    /// Sets that have a number.
    var count: Int { numbers.count }

    /// The labels of a number, in the order of their names.
    func labels(of number: Int) -> [MetricLabel] { entries[number].labels }

    /// The number of a set of labels in the order of their names.
    mutating func number(of labels: [MetricLabel], at time: Int64) -> Int {
        if let number = numbers[labels] {
            entries[number].lastUsed = time
            return number
        }
        let entry = Entry(labels: labels, lastUsed: time, isFree: false)
        let number: Int
        if let old = free.popLast() {
            number = old
            entries[old] = entry
        } else {
            number = entries.count
            entries.append(entry)
        }
        numbers[labels] = number
        return number
    }

    /// Says that a number is still in use.
    mutating func touch(_ number: Int, at time: Int64) { entries[number].lastUsed = time }

    /// Takes back the numbers that were not used since a time, and returns them.
    mutating func removeUnused(before time: Int64) -> Set<Int> {
        var removed: Set<Int> = []
        for number in entries.indices where !entries[number].isFree && entries[number].lastUsed < time {
            numbers[entries[number].labels] = nil
            entries[number].isFree = true
            entries[number].labels = []
            free.append(number)
            removed.insert(number)
        }
        return removed
    }
}

extension [MetricLabel] {
    /// In the order of their names; of two with one name the first, and none that is empty, which is the same as none.
    var normalized: [MetricLabel] {
        if isNormalized { return self }
        var seen: Set<String> = []
        return filter { !$0.value.isEmpty && seen.insert($0.name).inserted }.sorted { $0.name < $1.name }
    }

    private var isNormalized: Bool {
        allSatisfy { !$0.value.isEmpty } && zip(self, dropFirst()).allSatisfy { $0.name < $1.name }
    }
}
