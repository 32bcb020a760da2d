import Kafka
import StreamingMetrics

/// Takes events out of the ring, writes them into frames, gives these to the sender, and keeps the spool's files.
///
/// The sender gets a block before the disk does: a slow disk delays no delivery, and with a disk that refuses, events still go
/// from memory. Used by one thread; each ``step()`` does what is due and says how long to wait.
final class EventWriter {
    let shared: Monitor<DeliveryState>
    let clock: any DeliveryClock
    let limits: KafkaMetrics.Limits
    let durability: SpoolOptions.Durability
    /// A block is not larger, but for its last event: below the size at which freeing makes malloc tidy its whole heap, and
    /// so that a file holds several, and a small spool takes it.
    private let blockBytes: Int
    let alarms: AlarmReporter
    private let wakeSender: () -> Void
    private var encoder: EventEncoder
    private var builder: FrameBlockBuilder
    var spool: Spool?
    private var taken: [EventRing.Entry] = []
    var unsyncedSince: Duration?
    /// When files behind the oldest event are looked at again.
    var lookBehindAt: Duration = .zero
    /// The disk has refused; it is asked again at this time.
    var diskPauseUntil: Duration = .zero

    /// Taken at once at most.
    private static let maximumBatch = 256

    init(
        shared: Monitor<DeliveryState>, spool: Spool?, options: SpoolOptions, encoder: EventEncoder,
        limits: KafkaMetrics.Limits, clock: any DeliveryClock, alarms: AlarmReporter, wakeSender: @escaping () -> Void
    ) {
        self.shared = shared
        self.spool = spool
        durability = options.durability
        blockBytes = min(48 << 10, options.segmentBytes / 4)
        self.encoder = encoder
        self.limits = limits
        self.clock = clock
        self.alarms = alarms
        self.wakeSender = wakeSender
        builder = FrameBlockBuilder(checksums: spool != nil)
    }

    /// Does what is due.
    ///
    /// - Returns: How long nothing is due unless somebody rings; nil is for as long as that takes.
    func step() -> Duration? {
        takeAndPublish()
        if spool != nil {
            writeToSpool()
            syncIfDue()
        }
        tidy()
        return waitingTime()
    }

    /// Everything that is left goes to the spool, which is then as small as it can be.
    func finish() {
        diskPauseUntil = .zero
        shared.withLock { $0.keepsAll = false }
        while shared.withLock({ $0.ring.count > 0 }) { takeAndPublish() }
        diskPauseUntil = .zero
        if spool != nil {
            writeToSpool()
            syncNow()
            // What the disk took back is tried once more, on a file of its own.
            diskPauseUntil = .zero
            writeToSpool()
            syncNow()
        }
        let reason = spool == nil ? .closed : fullReason
        // Blocks that are nowhere else are lost with the process.
        var rest: UInt64? = 0
        while let position = rest { rest = shared.withLock { $0.ledger.giveUpMemory(reason, from: position) } }
        shared.withLock { state in
            state.memory.removeAll()
            state.ledger.advance()
        }
        do throws(SpoolError) {
            try spool?.finish(base: shared.withLock { $0.ledger.base })
        } catch {
            alarms.spoolFailed(error)
        }
        publishSegments()
    }

    // MARK: Ring to memory

    private func takeAndPublish() {
        let limit = durability == .everyEvent && spool != nil ? 1 : Self.maximumBatch
        taken.removeAll(keepingCapacity: true)
        var position: UInt64 = 0
        shared.withLock { state in
            if state.mustWait { state.removeSettledBlocks() }
            if state.mustWait { return }
            state.ring.take(upTo: limit, into: &taken)
            state.inHand = taken.count
            position = state.ledger.end
        }
        guard !taken.isEmpty else { return }
        let timestampMs = clock.epochMs
        for entry in taken {
            encoder.append(entry, position: position, timestampMs: timestampMs, to: &builder)
            position += 1
            if builder.byteCount >= blockBytes { position = publish(builder.finish()) }
        }
        if !builder.isEmpty { _ = publish(builder.finish()) }
        wakeSender()
    }

    /// Gives a block to the sender, or gives it up by the policy when the memory is full.
    ///
    /// - Returns: The position of the next event: a block that was refused leaves its positions to the next one, so its
    ///   frames must not be used.
    private func publish(_ block: FrameBlock) -> UInt64 {
        // Before anything is given up, the disk gets what it has not yet.
        if spool != nil, shared.withLock({ $0.memory.unwrittenBytes + block.bytes.count > limits.memoryBytes }) {
            writeToSpool()
        }
        let reason = fullReason
        return shared.withLock { state -> UInt64 in
            let count = block.positions.count
            state.inHand -= count
            state.ledger.advance()
            state.memory.removeSettled(below: state.ledger.base)
            if state.memory.unwrittenBytes + block.bytes.count > limits.memoryBytes { state.removeSettledBlocks() }
            while !state.keepsAll, state.memory.unwrittenBytes + block.bytes.count > limits.memoryBytes,
                !state.memory.isEmpty
            {
                guard state.policy == .dropOldest, let oldest = state.memory.dropOldestUnwritten() else { break }
                state.ledger.loseMemory(oldest, reason)
            }
            if state.policy == .dropNewest, !state.keepsAll, state.memory.unwrittenBytes > 0,
                state.memory.unwrittenBytes + block.bytes.count > limits.memoryBytes
            {
                state.dropEarly(count, reason)
                return state.ledger.end
            }
            state.ledger.publish(count)
            state.memory.append(block)
            return state.ledger.end
        }
    }

    private var fullReason: DropReason {
        guard spool != nil else { return .memoryFull }
        return diskPauseUntil > .zero ? .diskFailed : .spoolFull
    }

    private func waitingTime() -> Duration? {
        let now = clock.now
        var wait: Duration?
        if spool?.hasUnsynced ?? false, case .groupCommit(let interval) = durability {
            wait = max(.zero, (unsyncedSince ?? now) + interval - now)
        }
        let hasUnwritten = spool != nil && shared.withLock { $0.memory.firstUnwritten != nil }
        if hasUnwritten { wait = min(wait ?? .seconds(1), max(.milliseconds(50), diskPauseUntil - now)) }
        if let look = alarms.look(at: shared.withLock { $0.statistics }) { wait = min(wait ?? look, look) }
        return wait
    }
}
