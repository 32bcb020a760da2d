/// What several triggers have in common: for each measure how many said it, their sum, the least and the greatest.
///
/// Adding is exact and has no order: the same triggers give the same roll-up, however they came.
public struct RollUp: Sendable, Hashable {
    /// One measure of them.
    public struct Summary: Sendable, Hashable {
        /// Triggers that say it.
        public internal(set) var count: Int64 = 0
        var sum: Int64 = 0
        var least: Int64 = .max
        var greatest: Int64 = .min

        mutating func add(_ value: Int64) { add(Summary(count: 1, sum: value, least: value, greatest: value)) }

        mutating func add(_ other: Summary) {
            count += other.count
            sum = sum.addingSaturated(other.sum)
            least = min(least, other.least)
            greatest = max(greatest, other.greatest)
        }
    }

    /// Triggers.
    public internal(set) var triggers: Int64 = 0
    /// Triggers that ran a batch; the others found nothing to do.
    public internal(set) var batches: Int64 = 0
    var summaries = [Summary](repeating: Summary(), count: HistoryMeasure.allCases.count)
    var phases = PhaseSums()

    /// Of no trigger.
    init() {}

    /// Of one trigger.
    init(_ figures: TriggerFigures) {
        triggers = 1
        batches = figures.ranBatch ? 1 : 0
        for (place, value) in figures.values.enumerated() {
            if let value { summaries[place].add(value) }
        }
        phases = figures.phases
    }

    mutating func add(_ other: RollUp) {
        triggers += other.triggers
        batches += other.batches
        for place in summaries.indices { summaries[place].add(other.summaries[place]) }
        phases.add(other.phases)
    }

    /// Triggers that say a measure.
    public func count(_ measure: HistoryMeasure) -> Int64 { summaries[measure.rawValue].count }
    /// The sum of a measure; nil where no trigger says it.
    public func sum(_ measure: HistoryMeasure) -> Double? { value(measure) { Double($0.sum) } }
    /// The same of rows, records and bytes, which are whole.
    public func wholeSum(_ measure: HistoryMeasure) -> Int64? {
        let summary = summaries[measure.rawValue]
        return summary.count > 0 && measure.scale == 1 ? summary.sum : nil
    }
    /// The mean of a measure over the triggers that say it.
    public func mean(_ measure: HistoryMeasure) -> Double? { value(measure) { Double($0.sum) / Double($0.count) } }
    /// The least of a measure.
    public func least(_ measure: HistoryMeasure) -> Double? { value(measure) { Double($0.least) } }
    /// The greatest of a measure.
    public func greatest(_ measure: HistoryMeasure) -> Double? { value(measure) { Double($0.greatest) } }

    private func value(_ measure: HistoryMeasure, _ of: (Summary) -> Double) -> Double? {
        let summary = summaries[measure.rawValue]
        return summary.count > 0 ? of(summary) / measure.scale : nil
    }
}

/// One trigger as it is kept.
struct TriggerFigures: Sendable, Hashable {
    /// In the order of ``HistoryMeasure/allCases``.
    var values: [Int64?]
    var ranBatch: Bool
    var phases: PhaseSums
}

/// Milliseconds by phase, each phase by its number in the file.
struct PhaseSums: Sendable, Hashable {
    /// In the order of their numbers.
    private(set) var sums: [(phase: Int64, milliseconds: Int64)] = []

    init() {}

    static func == (left: PhaseSums, right: PhaseSums) -> Bool { left.sums.elementsEqual(right.sums) { $0 == $1 } }

    func hash(into hasher: inout Hasher) { for sum in sums { hasher.combine(sum.phase) } }

    mutating func add(_ phase: Int64, _ milliseconds: Int64) {
        var place = sums.count
        while place > 0, sums[place - 1].phase > phase { place -= 1 }
        if place > 0, sums[place - 1].phase == phase {
            sums[place - 1].milliseconds = sums[place - 1].milliseconds.addingSaturated(milliseconds)
        } else {
            sums.insert((phase, milliseconds), at: place)
        }
    }

    mutating func add(_ other: PhaseSums) {
        if sums.isEmpty { sums = other.sums } else { for sum in other.sums { add(sum.phase, sum.milliseconds) } }
    }

    // MARK: Bytes

    /// Number and milliseconds of each phase, seven bits a byte, the lowest first, the eighth set where more follow.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for sum in sums {
            for value in [sum.phase, sum.milliseconds] {
                var rest = UInt64(max(0, value))
                while rest >= 0x80 {
                    bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                    rest >>= 7
                }
                bytes.append(UInt8(rest))
            }
        }
        return bytes
    }

    /// Nil for bytes that are none of its own.
    init?(bytes: some Sequence<UInt8>) {
        var (numbers, number, shift): ([Int64], UInt64, UInt64) = ([], 0, 0)
        for byte in bytes {
            guard shift < 63 else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            shift += 7
            guard byte & 0x80 == 0 else { continue }
            numbers.append(Int64(bitPattern: number))
            (number, shift) = (0, 0)
        }
        guard shift == 0, numbers.count.isMultiple(of: 2) else { return nil }
        for place in stride(from: 0, to: numbers.count, by: 2) { add(numbers[place], numbers[place + 1]) }
    }
}

extension Int64 {
    /// The sum, or the end of the range.
    func addingSaturated(_ other: Int64) -> Int64 {
        let (value, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : value
    }

    /// The greatest multiple of a step that is not above it.
    func floored(to step: Int64) -> Int64 {
        let rest = self % step
        return addingSaturated(rest < 0 ? -rest - step : -rest)
    }
}
