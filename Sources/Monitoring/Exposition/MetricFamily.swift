/// One series' name, meaning and labels, as Prometheus and others show them.
///
/// Names follow Prometheus' conventions: `streamgauge_`, base units (seconds, bytes) at the end, `_total` for counters.
public struct MetricFamily: Sendable, Hashable, Codable {
    /// How its values behave.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// It only grows, and begins at 0 with the monitor.
        case counter
        /// It goes up and down.
        case gauge
    }

    /// The name.
    public var name: String
    /// What it means, with its unit, in one line.
    public var help: String
    /// How its values behave.
    public var kind: Kind
    /// Labels besides `query` and `id`, which every series of a query has.
    public var labels: [String]
}

/// A label of a series.
public struct MetricLabel: Sendable, Hashable, Codable {
    /// The label's name.
    public var name: String
    /// Its value, any text.
    public var value: String

    /// Creates a label.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One value of one series.
public struct MetricSample: Sendable, Hashable, Codable {
    /// The labels besides `query` and `id`.
    public var labels: [MetricLabel]
    /// The value; finite.
    public var value: Double
}
