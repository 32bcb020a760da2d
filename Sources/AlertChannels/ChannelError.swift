/// Why a notice was not delivered.
public struct ChannelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The address that the name resolves to is not allowed.
        case addressRefused
        /// Nobody answers there, or the name is not known.
        case unreachable
        /// It took longer than allowed.
        case timedOut
        /// The other side's certificate or encryption is not good.
        case tlsFailed
        /// The other side said no.
        case refused
        /// It answered something that cannot be.
        case malformedAnswer
        /// The command failed or could not be started.
        case commandFailed
        /// A setting cannot be used.
        case invalidConfiguration
        /// The delivery was broken off from here.
        case cancelled
    }

    /// What went wrong.
    public var code: Code
    /// What was attempted, on what, why it failed, in one line without secrets.
    public var message: String
    /// Whether the same may work later.
    public var isRetriable: Bool
    /// How long the other side wants to be left alone; nil where it does not say.
    public var retryAfter: Duration?

    /// Creates an error.
    public init(code: Code, message: String, isRetriable: Bool, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.isRetriable = isRetriable
        self.retryAfter = retryAfter
    }

    /// The message.
    public var description: String { message }
}
