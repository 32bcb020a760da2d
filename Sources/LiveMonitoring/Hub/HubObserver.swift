public import Monitoring
public import StreamingMetrics

/// Hears what a hub takes, to keep it for longer than the hub does.
public protocol HubObserver: Sendable {
    /// Called after each event on its feed's thread, in the feed's order; must return at once.
    ///
    /// - Parameters:
    ///   - event: The event. Copies come as well.
    ///   - time: When it came, in the feed's time.
    ///   - queryName: The name that the feed has for its query.
    ///   - changes: What it changed in the state of its query.
    func take(_ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, changes: [QueryTransition])

    /// Called with changes of state that no event made, such as a silence; must return at once.
    func take(_ changes: [QueryTransition])

    /// Waits while more has come than could be kept so far. Feeds that read old events ask between them; those that hear live ones
    /// never do.
    func makeRoom() async
}
