import StructuredStreaming

/// The settings of Spark that the engine follows, read from a session's configuration when a query starts.
struct EngineSettings: Sendable {
    var shufflePartitions: Int
    var pollingDelayMilliseconds: Int64
    var noDataProgressEventIntervalMilliseconds: Int64
    var recentProgressUpdates: Int
    var minBatchesToRetain: Int
    var stopTimeoutMilliseconds: Int64
    var stopActiveRunOnRestart: Bool
    var defaultCheckpointLocation: String?
    var parallelism: Int

    /// Reads the settings; a value that is no number or out of its range is an error.
    init(_ conf: RuntimeConfiguration, cores: Int) throws(EngineError) {
        func number(
            _ key: String, _ fallback: Int64, _ range: ClosedRange<Int64>, isTime: Bool = false
        ) throws(EngineError) -> Int64 {
            guard let text = conf.get(key) else { return fallback }
            let time = isTime ? Self.milliseconds(text) : nil
            guard let value = Int64(text) ?? time, range.contains(value) else {
                throw EngineError(
                    .illegalArgument, "the setting \(key) is '\(text)', not a number from \(range.lowerBound) on",
                    hint: "set it to a number such as \(fallback), or unset it")
            }
            return value
        }
        func flag(_ key: String, _ fallback: Bool) throws(EngineError) -> Bool {
            guard let text = conf.get(key) else { return fallback }
            guard let value = Bool(text.lowercased()) else {
                throw EngineError(.illegalArgument, "the setting \(key) is '\(text)', not true or false")
            }
            return value
        }
        let most = Int64(Int32.max)
        shufflePartitions = Int(
            try number("spark.sql.shuffle.partitions", Int64(min(max(cores, 1), 4)), 1...100_000))
        pollingDelayMilliseconds = try number("spark.sql.streaming.pollingDelay", 10, 0...most, isTime: true)
        noDataProgressEventIntervalMilliseconds = try number(
            "spark.sql.streaming.noDataProgressEventInterval", 10_000, 0...most, isTime: true)
        recentProgressUpdates = Int(try number("spark.sql.streaming.numRecentProgressUpdates", 100, 1...most))
        minBatchesToRetain = Int(try number("spark.sql.streaming.minBatchesToRetain", 100, 1...most))
        stopTimeoutMilliseconds = try number("spark.sql.streaming.stopTimeout", 0, 0...most, isTime: true)
        stopActiveRunOnRestart = try flag("spark.sql.streaming.stopActiveRunOnRestart", true)
        defaultCheckpointLocation = conf.get("spark.sql.streaming.checkpointLocation")
        if let zone = conf.get("spark.sql.session.timeZone"), !["UTC", "Etc/UTC", "GMT", "Z", "+00:00"].contains(zone) {
            throw EngineError(
                .unsupported,
                "the setting spark.sql.session.timeZone is '\(zone)', and the engine computes in UTC only",
                hint: "unset it; a reader's option timeZone says how input without a zone is to be read")
        }
        parallelism = Int(try number("spark.default.parallelism", Int64(max(cores, 1)), 1...1024))
    }

    /// Spark's duration texts: `10`, `10ms`, `10s`, `2m`, `10 seconds`; nil for anything else.
    static func milliseconds(_ text: String) -> Int64? {
        let trimmed = text.lowercased().filter { $0 != " " }
        let digits = trimmed.prefix { $0.isNumber }
        guard let value = Int64(digits) else { return nil }
        let factor: Int64? =
            switch trimmed.dropFirst(digits.count) {
            case "", "ms", "millis", "millisecond", "milliseconds": 1
            case "s", "sec", "second", "seconds": 1000
            case "m", "min", "minute", "minutes": 60_000
            case "h", "hour", "hours": 3_600_000
            case "d", "day", "days": 86_400_000
            default: nil
            }
        guard let factor else { return nil }
        let (result, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : result
    }
}
