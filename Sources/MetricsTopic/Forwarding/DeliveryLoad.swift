/// What a forwarder holds in memory at a moment.
package struct DeliveryLoad: Sendable, Hashable {
    /// Events in the listener's ring.
    package var ring: Int
    /// Bytes of events between the ring and the broker, with a spool and without.
    package var bytes: Int
    /// Of these, the bytes that are in no spool.
    package var unwrittenBytes: Int
    /// Blocks in which these are.
    package var unwrittenBlocks: Int
    /// Runs of which a count is kept.
    package var runs: Int

    init(_ state: DeliveryState) {
        ring = state.ring.count
        bytes = state.memory.bytes
        unwrittenBytes = state.memory.unwrittenBytes
        unwrittenBlocks = state.memory.unwrittenCount
        runs = state.ring.runCount
    }
}
