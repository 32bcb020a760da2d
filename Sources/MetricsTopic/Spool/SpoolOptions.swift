/// Where and how a forwarder keeps the events that are not acknowledged yet.
public struct SpoolOptions: Sendable, Hashable {
    /// When events are safe from a loss of power. A crash or `kill -9` of the process costs nothing that was appended, at
    /// any setting: the system has it.
    public enum Durability: Sendable, Hashable {
        /// The disk is waited for after this time, or after four megabytes: so much a loss of power can cost.
        case groupCommit(every: Duration = .milliseconds(50))
        /// The disk is waited for after every event, before the next one is taken over.
        case everyEvent
    }

    /// The folder; made when it is missing, for one forwarder at a time.
    public var directory: String
    /// Bytes of its files at most; beyond, the forwarder's policy decides what goes.
    public var maximumBytes: Int
    /// Bytes of one file, after which the next one begins. Files go when all in them is settled, so smaller ones free space
    /// sooner and give up less at once.
    public var segmentBytes: Int
    /// When events are safe from a loss of power.
    public var durability: Durability

    /// Creates options.
    ///
    /// - Parameters:
    ///   - directory: The folder.
    ///   - maximumBytes: 1 GiB unless given: hundreds of thousands of events. Never less than two segments.
    ///   - segmentBytes: 8 MiB unless given; from 4 KiB to 256 MiB.
    public init(
        directory: String, maximumBytes: Int = 1 << 30, segmentBytes: Int = 8 << 20,
        durability: Durability = .groupCommit()
    ) {
        self.directory = directory
        self.segmentBytes = min(max(segmentBytes, 4096), 256 << 20)
        self.maximumBytes = max(maximumBytes, 2 * self.segmentBytes)
        self.durability = durability
    }
}
