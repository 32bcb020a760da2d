extension Trigger {
    /// A processing-time trigger from an interval in words, such as `5 seconds`, `500 milliseconds` or `1 minute 30 seconds`.
    /// Throws `INVALID_INTERVAL` when it is no interval, or a negative one.
    public static func processingTime(_ interval: String) throws(AnalysisError) -> Trigger {
        .processingTime(try IntervalText.duration(interval))
    }
}

/// Intervals as Spark's options spell them.
enum IntervalText {
    /// The length of an interval of weeks down to microseconds.
    static func duration(_ text: String) throws(AnalysisError) -> Duration {
        var words = text.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        if words.first == "interval" { words.removeFirst() }
        guard !words.isEmpty, words.count.isMultiple(of: 2) else { throw invalid(text) }
        var total: Int64 = 0
        for index in stride(from: 0, to: words.count, by: 2) {
            guard let number = Int64(words[index]), let unit = microseconds(of: words[index + 1]) else {
                throw invalid(text)
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: unit)
            let (sum, sumOverflow) = total.addingReportingOverflow(product)
            guard !overflow, !sumOverflow else { throw invalid(text) }
            total = sum
        }
        guard total >= 0 else { throw invalid(text) }
        return .microseconds(total)
    }

    private static func microseconds(of unit: String) -> Int64? {
        switch unit.hasSuffix("s") && unit != "s" ? String(unit.dropLast()) : unit {
        case "microsecond": 1
        case "millisecond": 1000
        case "second": 1_000_000
        case "minute": 60_000_000
        case "hour": 3_600_000_000
        case "day": 86_400_000_000
        case "week": 604_800_000_000
        default: nil
        }
    }

    private static func invalid(_ text: String) -> AnalysisError {
        AnalysisError(
            "INVALID_INTERVAL", "\"\(text)\" is no interval of zero or more.", hint: "write it as 5 seconds")
    }
}
