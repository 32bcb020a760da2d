/// What a query is doing right now.
public struct StreamingQueryStatus: Sendable, Hashable {
    /// Spark's words for the present phase, such as `Processing new data`.
    public var message: String
    /// Whether the last look at the sources found data.
    public var isDataAvailable: Bool
    /// Whether a trigger is running (looking for offsets counts).
    public var isTriggerActive: Bool

    /// Creates a status.
    public init(message: String, isDataAvailable: Bool, isTriggerActive: Bool) {
        self.message = message
        self.isDataAvailable = isDataAvailable
        self.isTriggerActive = isTriggerActive
    }
}
