/// The numbers of a run's batches that are in the history, for good: points go after a day, and a batch that is read again after
/// that must still be known. A run's numbers follow each other, so that it is one range mostly.
struct BatchRanges: Sendable, Hashable {
    /// More ranges than this are not kept apart: the lowest two grow together, and what lay between counts as known.
    static let maximum = 1000

    /// Without overlap and in order.
    private(set) var ranges: [ClosedRange<Int64>] = []

    init() {}

    /// The place of the first range that does not end before a number.
    private func place(of number: Int64) -> Int {
        var (low, high) = (0, ranges.count)
        // Most numbers come behind all others.
        if let last = ranges.last, last.upperBound < number { return high }
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(_ number: Int64) -> Bool {
        let place = self.place(of: number)
        return place < ranges.count && ranges[place].contains(number)
    }

    mutating func insert(_ number: Int64) {
        let place = self.place(of: number)
        if place < ranges.count, ranges[place].contains(number) { return }
        let joinsBefore = place > 0 && number > .min && ranges[place - 1].upperBound == number - 1
        let joinsAfter = place < ranges.count && number < .max && ranges[place].lowerBound == number + 1
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            ranges[place - 1] = ranges[place - 1].lowerBound...ranges[place].upperBound
            ranges.remove(at: place)
        case (true, false): ranges[place - 1] = ranges[place - 1].lowerBound...number
        case (false, true): ranges[place] = number...ranges[place].upperBound
        case (false, false): ranges.insert(number...number, at: place)
        }
        guard ranges.count > Self.maximum else { return }
        ranges.replaceSubrange(0...1, with: [ranges[0].lowerBound...ranges[1].upperBound])
    }

    // MARK: Text

    /// `0-4512 4514`.
    var text: String {
        ranges.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: " ")
    }

    /// Nil for text that is none of its own.
    init?(text: String) {
        for part in text.split(separator: " ") {
            let sides = part.split(separator: "-").map { Int64($0) }
            guard let first = sides.first ?? nil, let last = sides.last ?? nil, sides.count <= 2, first <= last,
                ranges.last.map({ $0.upperBound < first }) ?? true
            else { return nil }
            ranges.append(first...last)
        }
    }
}
