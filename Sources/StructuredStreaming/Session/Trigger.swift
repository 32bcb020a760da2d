/// When a query looks for new data.
public enum Trigger: Sendable, Hashable {
    /// On multiples of the interval since 1970; zero: as soon as the last batch is done.
    case processingTime(Duration)
    /// One batch of all that is there, without regard to rate limits, then stop.
    case once
    /// All that is there at the start, in batches within the rate limits, then stop.
    case availableNow
}
