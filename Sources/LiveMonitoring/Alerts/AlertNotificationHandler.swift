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

    /// What it has been given and has not delivered, for the file that outlives the program; nothing unless it says otherwise. It is
    /// asked for once a second.
    var undelivered: [WaitingNotice] { get }

    /// Takes what an earlier run of the program could not deliver, before anything else; what is not worth delivering any more, or is for
    /// others, is its own to leave out.
    func resume(_ waiting: [WaitingNotice]) async
}

extension AlertNotificationHandler {
    /// Nothing: what it is given is delivered when it returns.
    public var undelivered: [WaitingNotice] { [] }

    /// Takes nothing.
    public func resume(_ waiting: [WaitingNotice]) async {}
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

    /// What waits in any of them.
    public var undelivered: [WaitingNotice] { handlers.flatMap(\.undelivered) }

    /// Offers it to each.
    public func resume(_ waiting: [WaitingNotice]) async {
        for handler in handlers { await handler.resume(waiting) }
    }
}
