public import FoundationEssentials
public import StreamingMetrics

/// The streaming queries of a session and its listeners.
public protocol StreamingQueryManager: AnyObject, Sendable {
    /// The queries that run now.
    var active: [any StreamingQuery] { get }
    /// A running query by its id; nil when it does not run.
    func get(_ id: UUID) -> (any StreamingQuery)?
    /// Waits until any query of the session has ended since the session began or since ``resetTerminated()``; throws the
    /// last failure if one failed.
    func awaitAnyTermination() async throws
    /// The same with a limit; returns whether any has ended.
    func awaitAnyTermination(timeout: Duration) async throws -> Bool
    /// Forgets past ends.
    func resetTerminated()
    /// Adds a listener: it gets the later events of all queries of this session. The same object twice is counted once.
    func addListener(_ listener: any StreamingQueryListener)
    /// Removes a listener; removing one that is not there does nothing.
    func removeListener(_ listener: any StreamingQueryListener)
    /// The listeners in the order of their registration.
    func listListeners() -> [any StreamingQueryListener]
}
