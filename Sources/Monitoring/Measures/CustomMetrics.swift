import StreamingMetrics

/// The state stores' own counters, as one number each for the whole query.
enum CustomMetrics {
    /// Whether a counter means something when it is added up: which snapshot a partition uploaded last says nothing in a sum.
    static func hasSum(_ name: String) -> Bool { !name.hasPrefix("SnapshotLastUploaded") }

    /// Each counter summed over the operators.
    static func sums(of operators: [StateOperatorProgress]) -> [String: Int64] {
        var sums: [String: Int64] = [:]
        for state in operators {
            for pair in state.customMetrics.pairs where hasSum(pair.key) {
                sums[pair.key] = (sums[pair.key] ?? 0).addingSaturated(pair.value)
            }
        }
        return sums
    }
}
