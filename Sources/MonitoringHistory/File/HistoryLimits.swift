/// How much a history keeps.
public struct HistoryLimits: Sendable, Hashable {
    /// How long each trigger's own point is kept.
    public var raw: Duration = .seconds(86_400)
    /// How long minutes are kept.
    public var minutes: Duration = .seconds(30 * 86_400)
    /// How long hours, runs and changes of state are kept.
    public var hours: Duration = .seconds(365 * 86_400)
    /// Bytes of the file at most. The log beside it takes some more while it is written.
    public var maximumBytes: Int64 = 1 << 30

    /// The defaults: a day, 30 days, a year, and 1 GiB.
    public init() {}
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.multipliedReportingOverflow(by: 1000).partialValue + attoseconds / 1_000_000_000_000_000
    }
}
