public import Kafka

/// Something that whoever runs a forwarder should know at once. Each is logged too.
public enum ForwardingAlarm: Sendable, Hashable {
    /// Events cannot be delivered, and why; told once until it changes. They are kept. Where one topic is at fault, such as one
    /// that is missing or forbidden, the error's text names it.
    case cannotDeliver(KafkaError)
    /// They are delivered again; but not yet to a topic of which alone it was said that they are not, while that lasts.
    case delivering
    /// Events were given up since the last alarm of this kind; told at most once a minute.
    case dropped([DropReason: Int])
    /// The spool's disk refuses; events are kept in memory and the disk is tried again.
    case spoolFailed(SpoolError)
    /// The spool's disk takes events again.
    case spoolWorks
    /// A client that had failed for good, or whose login ended, was replaced; what it had not delivered is sent again.
    case clientReplaced(cause: String)
    /// An event was too large and was sent shortened.
    ///
    /// - `bytes`: Of the whole event.
    /// - `kept`: The file that holds the whole; nil when there is no spool.
    case shortened(bytes: Int, kept: String?)
    /// The broker refused an event for good.
    ///
    /// - `kept`: The file that holds it; nil when there is no spool.
    case refused(KafkaError, kept: String?)
    /// Files of the spool were damaged.
    case damaged([SpoolDamage])

    /// Whether somebody has to act.
    public var isFault: Bool {
        switch self {
        case .delivering, .spoolWorks, .clientReplaced: false
        case .damaged(let damages): damages.contains { !$0.isTornTail }
        default: true
        }
    }
}
