public import Monitoring

/// A way by which people or programs are told of alerts.
public protocol AlertChannel: Sendable {
    /// Where it leads, for people; without secrets.
    var destination: String { get }

    /// Delivers a notice, once; whoever calls tries again where that is worth it.
    ///
    /// One call at a time. It ends soon after its task is cancelled, and in any case after the channel's own time limit.
    ///
    /// - Throws: ``ChannelError`` when it is not known to be delivered. It may have been all the same.
    func deliver(_ notification: AlertNotification) async throws(ChannelError)

    /// Ends what the channel keeps open. Nothing is delivered afterwards.
    func close() async
}

extension AlertChannel {
    /// Nothing is open.
    public func close() async {}
}
