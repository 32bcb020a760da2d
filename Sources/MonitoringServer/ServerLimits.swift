import Glibc

/// How much a server takes from its readers, so that none of them can harm the others.
public struct ServerLimits: Sendable, Hashable {
    /// Connections at once; more wait until others end.
    public var connections = ServerLimits.availableConnections
    /// Event streams at once; more are refused.
    public var eventStreams = 256
    /// Bytes of all header fields of a request.
    public var maximumHeaderBytes = 16 << 10
    /// Header fields of a request.
    public var maximumHeaders = 100
    /// Bytes of a request's body.
    public var maximumBodyBytes = 4 << 10
    /// How long a connection may say nothing, and how long it may take to send a request's head.
    public var idleTimeout = Duration.seconds(30)
    /// How long a connection may take for its first request, and for each request from head to end.
    public var requestTimeout = Duration.seconds(10)
    /// How long a reader may leave what was sent to it unread.
    public var writeTimeout = Duration.seconds(30)
    /// Logins with a wrong token from one address in a minute; more are refused unread.
    public var failedLogins = 10

    /// The defaults.
    public init() {}

    /// Most of the files that the process may open, 768 at most: one that runs out of them can accept nobody.
    private static var availableConnections: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
        return max(16, min(768, Int(clamping: limit.rlim_cur) - 128))
    }
}
