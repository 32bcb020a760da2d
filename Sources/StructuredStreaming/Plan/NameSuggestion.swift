/// Names that resemble a misspelled one.
enum NameSuggestion {
    /// At most five names, the most similar first.
    static func nearest(to name: String, among candidates: [String]) -> [String] {
        let wanted = Array(name.lowercased().utf8.prefix(128))
        let ranked = candidates.enumerated().map { index, candidate in
            (distance(wanted, Array(candidate.lowercased().utf8.prefix(128))), index, candidate)
        }
        return ranked.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.prefix(5).map { $0.2 }
    }

    /// Levenshtein distance.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
