import FoundationEssentials

/// The values of one moment by metric, their labels as numbers.
///
/// A query's series are the same from moment to moment, so the numbers of their labels are kept beside it and found by place.
struct SampleTable: Sendable {
    private struct Series: Sendable {
        /// The labels as the catalog gives them, without those that name the query.
        var own: [MetricLabel]
        var number: Int
    }

    private struct Place: Sendable {
        var title: String
        var lastUsed: Int64
        /// By metric of the catalog that is asked for.
        var series: [[Series]]
    }

    /// One value.
    struct Sample: Sendable {
        var labels: Int
        var value: Double
    }

    /// The metrics that are asked for, and their values.
    let metrics: [String]
    private(set) var values: [[Sample]]
    private let collected: [(metric: Int, entry: MetricCatalog.Entry)]
    private let others: [String: Int]
    private var places: [UUID: Place] = [:]
    var labels: LabelTable

    init(metrics: [String], labels: LabelTable = LabelTable()) {
        self.metrics = metrics
        self.labels = labels
        values = Array(repeating: [], count: metrics.count)
        let catalog = Dictionary(MetricCatalog.entries.map { ($0.family.name, $0) }) { first, _ in first }
        collected = metrics.enumerated().compactMap { index, name in catalog[name].map { (index, $0) } }
        others = Dictionary(uniqueKeysWithValues: metrics.enumerated().map { ($1, $0) })
    }

    /// Takes the values of a moment in place of those before.
    mutating func take(_ input: AlertInput, at time: Int64) {
        for index in values.indices { values[index].removeAll(keepingCapacity: true) }
        for snapshot in input.queries { take(snapshot, at: time) }
        if let metric = others[AlertVocabulary.fleetStates],
            // A test may give them itself.
            !input.series.contains(where: { $0.metric == AlertVocabulary.fleetStates })
        {
            takeStates(of: input.queries, metric, at: time)
        }
        for sample in input.feeds.lazy.flatMap(\.samples) { take(sample, at: time) }
        for sample in input.series { take(sample, at: time) }
    }

    private mutating func take(_ sample: AlertSample, at time: Int64) {
        guard let metric = others[sample.metric], sample.value.isFinite else { return }
        let number = labels.number(of: sample.labels.normalized, at: time)
        values[metric].append(Sample(labels: number, value: sample.value))
    }

    private mutating func takeStates(of queries: [QuerySnapshot], _ metric: Int, at time: Int64) {
        var counts: [QueryState: Int] = [:]
        for snapshot in queries { counts[snapshot.state, default: 0] += 1 }
        for state in QueryState.allCases {
            let number = labels.number(of: [MetricLabel("state", state.rawValue)], at: time)
            values[metric].append(Sample(labels: number, value: Double(counts[state] ?? 0)))
        }
    }

    private mutating func take(_ snapshot: QuerySnapshot, at time: Int64) {
        guard !collected.isEmpty else { return }
        let title = snapshot.title
        var place =
            places.removeValue(forKey: snapshot.id)
            ?? Place(title: title, lastUsed: time, series: Array(repeating: [], count: collected.count))
        if place.title != title {
            place.title = title
            for index in place.series.indices { place.series[index].removeAll() }
        }
        place.lastUsed = time
        for index in collected.indices {
            let metric = collected[index].metric
            var position = 0
            collected[index].entry.collect(snapshot) { own, value in
                guard value.isFinite else { return }
                let number = number(of: own, position, snapshot, &place.series[index], at: time)
                values[metric].append(Sample(labels: number, value: value))
                position += 1
            }
        }
        places[snapshot.id] = place
    }

    private mutating func number(
        of own: [MetricLabel], _ position: Int, _ snapshot: QuerySnapshot, _ known: inout [Series], at time: Int64
    ) -> Int {
        var found = position < known.count && known[position].own == own ? position : nil
        if found == nil { found = known.firstIndex { $0.own == own } }
        if let found {
            labels.touch(known[found].number, at: time)
            return known[found].number
        }
        let number = labels.number(of: (MetricCatalog.identity(snapshot) + own).normalized, at: time)
        known.append(Series(own: own, number: number))
        return number
    }

    /// Forgets labels that were not used since a time, and returns their numbers.
    mutating func removeUnused(before time: Int64) -> Set<Int> {
        let removed = labels.removeUnused(before: time)
        guard !removed.isEmpty else { return removed }
        places = places.filter { $0.value.lastUsed >= time }
        for id in Array(places.keys) {
            for index in collected.indices {
                places[id]?.series[index].removeAll { removed.contains($0.number) }
            }
        }
        return removed
    }
}
