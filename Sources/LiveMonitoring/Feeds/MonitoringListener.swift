import Monitoring
public import StreamingMetrics

/// Watches the queries of this process: a listener that gives every event to a hub.
///
/// ```swift
/// let hub = MonitoringHub()
/// spark.streams.addListener(MonitoringListener(hub: hub))
/// async let watching: Void = hub.run([])      // tells the time, so that silence is noticed
/// ```
///
/// A call holds the hub's lock for the time of one event and never waits for a reader.
public final class MonitoringListener: StreamingQueryListener {
    private let hub: MonitoringHub
    private let name: String

    /// Creates a listener.
    ///
    /// - Parameters:
    ///   - hub: Gets the events.
    ///   - name: What its health is told under.
    public init(hub: MonitoringHub, name: String = "listener") {
        self.hub = hub
        self.name = name
        hub.report(name) { $0.state = .live }
    }

    /// Gives the event to the hub.
    public func onQueryStarted(_ event: QueryStartedEvent) { take(.started(event)) }
    /// Gives the event to the hub.
    public func onQueryProgress(_ event: QueryProgressEvent) { take(.progress(event)) }
    /// Gives the event to the hub.
    public func onQueryIdle(_ event: QueryIdleEvent) { take(.idle(event)) }
    /// Gives the event to the hub.
    public func onQueryTerminated(_ event: QueryTerminatedEvent) { take(.terminated(event)) }

    private func take(_ event: StreamingQueryEvent) {
        let now = hub.clock()
        hub.take(event, at: now)
        hub.report(name) { health in
            health.records += 1
            health.events += 1
            health.lastEventAt = now
        }
    }
}
