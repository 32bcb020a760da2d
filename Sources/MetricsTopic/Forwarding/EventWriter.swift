import Kafka
import StreamingMetrics

/// Takes events out of the ring, writes them into frames, gives these to the sender, and keeps the spool's files.
///
/// The sender gets a block before the disk does: a slow disk delays no delivery, and with a disk that refuses, events still go
/// from memory. Used by one thread; each ``step()`` does what is due and says how long to wait.
final class EventWriter {
    private let shared: Monitor<DeliveryState>
    private let clock: any DeliveryClock
    private let limits: KafkaMetrics.Limits
    private let durability: SpoolOptions.Durability
    /// A block is not larger, but for its last event: below the size at which freeing makes malloc tidy its whole heap, and
    /// so that a file holds several, and a small spool takes it.
    private let blockBytes: Int
    private let alarms: AlarmReporter
    private let wakeSender: () -> Void
    private var encoder: EventEncoder
    private var builder: FrameBlockBuilder
    private var spool: Spool?
    private var taken: [EventRing.Entry] = []
    private var unsyncedSince: Duration?
    /// When files behind the oldest event are looked at again.
    private var lookBehindAt: Duration = .zero
    /// The disk has refused; it is asked again at this time.
    private var diskPauseUntil: Duration = .zero

    /// Taken at once at most.
    private static let maximumBatch = 256
    private static let syncBytes = 4 << 20
    private static let diskPause = Duration.seconds(1)

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
        shared.withLock { $0.memory.removeAll() }
        advance()
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

    // MARK: Memory to disk

    private func writeToSpool() {
        guard clock.now >= diskPauseUntil else { return }
        while let block = shared.withLock({ $0.memory.firstUnwritten }) {
            if passesOver(block) { continue }
            do throws(SpoolError) {
                guard try makeRoom(for: block) else { break }
                try append(block)
                diskPauseUntil = .zero
                alarms.spoolWorks()
            } catch {
                // A full disk is made room on like a full spool.
                if error.code == .noSpace, hasRemovedSettled() { continue }
                alarms.spoolFailed(error)
                if error.code == .noSpace, dropOldestFile() { continue }
                diskPauseUntil = clock.now + Self.diskPause
                break
            }
            if durability == .everyEvent { syncNow() }
        }
        publishSegments()
    }

    private func append(_ block: FrameBlock) throws(SpoolError) {
        if spool?.mustSync(before: block) ?? false { try sync() }
        try spool?.append(block)
        if unsyncedSince == nil { unsyncedSince = clock.now }
        shared.withLock { state in
            state.ledger.markOnDisk(block.first...block.last)
            state.memory.markWritten(block)
        }
    }

    /// Notes that a block is larger than the whole spool may be: no file is given up for it, and those behind it need not wait.
    /// It goes from memory while that lasts, unless nothing that waits may be given up: then it holds up the others.
    private func passesOver(_ block: FrameBlock) -> Bool {
        guard let spool, !spool.canHold(block) else { return false }
        return shared.withLock { state in
            if state.keepsAll { return false }
            state.memory.passOver(block)
            return true
        }
    }

    /// Whether a block fits into the spool; the oldest file goes for it if the policy says so.
    private func makeRoom(for block: FrameBlock) throws(SpoolError) -> Bool {
        guard spool?.canHold(block) ?? false else { return false }
        while let spool, !spool.hasRoom(for: block) {
            // What is settled goes first, and costs nothing.
            if try removeAnySettled() { continue }
            guard dropOldestFile() else { return false }
        }
        return true
    }

    /// Whether room could be made without giving up anything.
    private func hasRemovedSettled() -> Bool {
        do throws(SpoolError) {
            return try removeAnySettled()
        } catch {
            alarms.spoolFailed(error)
            return false
        }
    }

    /// Makes room by giving up the oldest file, if the policy says so.
    private func dropOldestFile() -> Bool {
        guard shared.withLock({ $0.policy == .dropOldest && !$0.keepsAll }) else { return false }
        do throws(SpoolError) {
            guard let positions = try spool?.dropOldest() else { return false }
            publishSegments()
            _ = inPieces(positions) { piece in
                shared.withLock { state in
                    state.ledger.loseDisk(piece, .spoolFull)
                    state.memory.noteFileGone(piece)
                }
                return true
            }
            return true
        } catch {
            alarms.spoolFailed(error)
            return false
        }
    }

    private func syncIfDue() {
        guard let spool, spool.hasUnsynced, case .groupCommit(let interval) = durability else { return }
        guard spool.unsyncedBytes >= Self.syncBytes || clock.now - (unsyncedSince ?? .zero) >= interval else { return }
        syncNow()
    }

    private func syncNow() {
        do throws(SpoolError) {
            try sync()
        } catch {
            alarms.spoolFailed(error)
            diskPauseUntil = clock.now + Self.diskPause
        }
    }

    private func sync() throws(SpoolError) {
        unsyncedSince = nil
        do throws(SpoolError) {
            try spool?.sync()
            guard let last = spool?.durableLast else { return }
            shared.withLock { $0.memory.markDurable(upTo: last) }
        } catch {
            // They are in memory still, and go to another file.
            shared.withLock { state in
                for positions in state.memory.distrustUnsynced() { state.ledger.loseDisk(positions, .diskFailed) }
            }
            publishSegments()
            throw error
        }
    }

    // MARK: What is settled

    private func tidy() {
        let memoryBytes = limits.memoryBytes
        advance()
        shared.withLock { state in
            state.memory.removeSettled(below: state.ledger.base)
            if state.memory.bytes > memoryBytes { state.removeSettledBlocks() }
            // They stay on the disk, so no event is lost by this, but for those whose file went to make room.
            for positions in state.memory.evictDurable(downTo: memoryBytes) {
                state.ledger.loseMemory(positions, .spoolFull)
            }
        }
        do throws(SpoolError) {
            _ = try removeSettled()
            if spool?.segments.count ?? 0 > 2, clock.now >= lookBehindAt {
                lookBehindAt = clock.now + .seconds(1)
                _ = try removeSettledBehind()
            }
            try spool?.saveCursor(shared.withLock { $0.ledger.base })
        } catch {
            alarms.spoolFailed(error)
        }
    }

    private func removeSettled() throws(SpoolError) -> Bool {
        let base = shared.withLock { $0.ledger.base }
        let removed = try spool?.removeSettled(below: base) ?? false
        if removed { publishSegments() }
        return removed
    }

    /// Deletes files in which everything is settled, also behind one event that is not: one that waits for a right or a topic
    /// does not keep all that came after it.
    private func removeSettledBehind() throws(SpoolError) -> Bool {
        let removed =
            try spool?.removeSettled { positions in
                inPieces(positions) { piece in shared.withLock { $0.ledger.isSettled(piece) } }
            } ?? false
        if removed { publishSegments() }
        return removed
    }

    private func removeAnySettled() throws(SpoolError) -> Bool {
        if try removeSettled() { return true }
        return try removeSettledBehind()
    }

    /// Moves the ledger's base over all that is settled, in pieces, so that the lock is never held for long.
    private func advance() {
        while !shared.withLock({ $0.ledger.advance() }) {}
    }

    /// Does something with a range in pieces; stops when one says false.
    private func inPieces(_ positions: ClosedRange<UInt64>, _ body: (ClosedRange<UInt64>) -> Bool) -> Bool {
        var first = positions.lowerBound
        while true {
            let last = min(first + DeliveryLedger.walk - 1, positions.upperBound)
            guard body(first...last) else { return false }
            if last == positions.upperBound { return true }
            first = last + 1
        }
    }

    private func publishSegments() {
        guard let segments = spool?.segments else { return }
        shared.withLock { $0.segments = segments }
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
