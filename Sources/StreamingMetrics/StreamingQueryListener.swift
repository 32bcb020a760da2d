/// Something that wants to know what streaming queries do.
///
/// `onQueryStarted` runs on the query's own thread before `start()` returns; the others run one at a time on the
/// listener bus's thread, in the order of the triggers. What a listener throws is logged and counted and reaches neither
/// the query nor the next listener. A slow listener delays the others' events, never the query.
public protocol StreamingQueryListener: AnyObject, Sendable {
    /// A query has started.
    func onQueryStarted(_ event: QueryStartedEvent) throws
    /// A trigger ran a batch.
    func onQueryProgress(_ event: QueryProgressEvent) throws
    /// The query found no data for a while (every 10 s by default).
    func onQueryIdle(_ event: QueryIdleEvent) throws
    /// A query has ended.
    func onQueryTerminated(_ event: QueryTerminatedEvent) throws
}

extension StreamingQueryListener {
    /// Does nothing.
    public func onQueryIdle(_ event: QueryIdleEvent) throws {}
}
