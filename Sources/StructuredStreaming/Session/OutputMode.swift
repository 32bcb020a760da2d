/// Which rows of the result a trigger writes.
public enum OutputMode: String, Sendable, Hashable, CaseIterable {
    /// A row once, when it can no longer change.
    case append
    /// The rows that changed.
    case update
    /// The whole result.
    case complete
}
