/// The values of some queries as a page of metrics has them: family by family, in columns of plain numbers, nothing in which is counted
/// by references.
public struct MetricColumns: Sendable {
    private var identities: LabelTexts
    private var columns: [Column]
    /// How many of the queries are in each state.
    private(set) var states: [QueryState: Int] = [:]

    /// Makes room for so many queries.
    public init(capacity: Int) {
        identities = LabelTexts(capacity: capacity)
        // Each made by itself: copies of one would share its room, and lose it.
        columns = MetricCatalog.entries.map { Column($0, capacity: capacity) }
    }

    /// Adds a query. All of its values at once: asking a snapshot once for each family would copy it each time, and count all its
    /// references.
    public mutating func append(_ snapshot: QuerySnapshot) {
        let query = identities.count
        identities.append(MetricCatalog.identity(snapshot))
        states[snapshot.state, default: 0] += 1
        for (index, entry) in MetricCatalog.entries.enumerated() {
            switch entry.values {
            case .single(let value):
                if let value = value(snapshot) { columns[index].append(value, of: query) }
            case .choice(_, let chosen): columns[index].append(choice: chosen(snapshot))
            case .several(let collect): collect(snapshot) { columns[index].append($1, of: query, $0) }
            }
        }
    }

    func count(ofFamily family: Int) -> Int { columns[family].count }

    func write(_ range: Range<Int>, ofFamily family: Int, to text: inout PrometheusText) {
        columns[family].write(range, to: &text, identities)
    }

    mutating func forget(family: Int) { columns[family] = Column(MetricCatalog.entries[family], capacity: 0) }
}

/// The values of one family, query by query.
private struct Column: Sendable {
    private var queries: [Int32] = []
    private var values: [Double] = []
    /// The labels that the values have besides those of their query; of a choice, those that it is made from.
    private var labels: LabelTexts
    /// Which one each query chose.
    private var chosen: [Int8] = []
    private let isChoice: Bool

    init(_ entry: MetricCatalog.Entry, capacity: Int) {
        if case .choice(let choices, _) = entry.values {
            isChoice = true
            labels = LabelTexts(capacity: choices.count)
            for label in choices { labels.append([label]) }
            chosen.reserveCapacity(capacity)
        } else {
            isChoice = false
            labels = LabelTexts(capacity: entry.family.labels.isEmpty ? 0 : capacity)
            queries.reserveCapacity(capacity)
            values.reserveCapacity(capacity)
        }
    }

    var count: Int { isChoice ? chosen.count * labels.count : values.count }

    /// Adds a value; one that is no finite number is left out.
    mutating func append(_ value: Double, of query: Int) {
        guard value.isFinite else { return }
        queries.append(Int32(truncatingIfNeeded: query))
        values.append(value)
    }

    mutating func append(_ value: Double, of query: Int, _ labels: [MetricLabel]) {
        guard value.isFinite else { return }
        append(value, of: query)
        self.labels.append(labels)
    }

    /// Adds what the next query chose.
    mutating func append(choice: Int?) { chosen.append(choice.flatMap { Int8(exactly: $0) } ?? -1) }

    func write(_ range: Range<Int>, to text: inout PrometheusText, _ identities: LabelTexts) {
        identities.withTexts { identity in
            labels.withTexts { labels in
                if isChoice {
                    for index in range {
                        let (query, choice) = index.quotientAndRemainder(dividingBy: self.labels.count)
                        text.sample(identity(query), labels(choice), Int(chosen[query]) == choice ? 1 : 0)
                    }
                } else {
                    for index in range { text.sample(identity(Int(queries[index])), labels(index), values[index]) }
                }
            }
        }
    }
}

/// Labels of many as they stand between the braces, one behind the other.
private struct LabelTexts: Sendable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(capacity: Int) { ends.reserveCapacity(capacity) }

    var count: Int { ends.count }

    mutating func append(_ labels: [MetricLabel]) {
        PrometheusText.append(labels, to: &bytes)
        ends.append(bytes.count)
    }

    func withTexts<Result>(_ use: ((Int) -> UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            ends.withUnsafeBufferPointer { ends in
                use { index in
                    if ends.isEmpty { return UnsafeBufferPointer(start: nil, count: 0) }
                    return UnsafeBufferPointer(rebasing: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
                }
            }
        }
    }
}
