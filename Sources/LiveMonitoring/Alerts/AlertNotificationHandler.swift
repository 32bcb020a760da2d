public import Monitoring

/// Tells people or programs of alerts: what a hub's ``AlertWatch`` has to say goes here.
public protocol AlertNotificationHandler: Sendable {
    /// Takes one notification. They come one after another, in the order in which they were made.
    ///
    /// Evaluation never waits for this: notifications wait in a queue meanwhile, and when it is full the oldest are dropped and
    /// counted. What takes long, such as a server that does not answer, is the handler's own to carry on; it has to return
    /// within seconds, also when its task is cancelled. What went wrong is the handler's to tell as well.
    ///
    /// - Parameter notification: May come again after the monitor was killed, so that none is lost; never after
    ///   ``Monitoring/AlertNotification/bestBefore``.
    func notify(_ notification: AlertNotification) async
}

/// Gives each notification to several handlers, one after another.
public struct AlertNotificationHandlers: AlertNotificationHandler {
    /// The handlers.
    public var handlers: [any AlertNotificationHandler]

    /// Takes handlers.
    public init(_ handlers: [any AlertNotificationHandler]) { self.handlers = handlers }

    /// Gives it to each.
    public func notify(_ notification: AlertNotification) async {
        for handler in handlers { await handler.notify(notification) }
    }
}
