import FoundationEssentials
import Kafka
import StreamingMetrics

/// Everything that the listener's calls, the writer, the sender and the delivery reports share, as a plain value behind one
/// lock that is never held across a call into Kafka, the disk or a handler.
///
/// It is held for constant time by the listener's calls, and for a bounded one by all others: for a batch, for the reports of
/// one poll, for a walk over the blocks in memory, or for ``DeliveryLedger/walk`` positions.
struct DeliveryState: Sendable {
    enum Phase: Sendable {
        case running
        /// Nothing more is taken; what there is, is sent while the time lasts.
        case stopping
        /// The time is over: nothing more is sent, what is left is spooled.
        case stopped
    }

    /// What is to be done with an event when it is taken again.
    enum Verdict: Sendable {
        /// It is too large: it goes shortened, by this step of ``EventShortener``.
        case shorten(step: Int)
        /// The broker will never take it.
        case refuse(KafkaError)
    }

    let policy: KafkaMetrics.FullPolicy
    /// Bytes of events in memory at most that are not in the spool.
    let memoryBytes: Int
    var ring: EventRing
    /// Taken out of the ring and not published yet.
    var inHand = 0
    var ledger: DeliveryLedger
    var memory = BlockQueue()
    /// The spool's files, for the sender to read.
    var segments: [Spool.Segment] = []
    /// Whether somebody offers events with waiting: then nothing that was taken is given up for room, and what is full fills the
    /// ring, which those who wait see.
    var keepsAll = false
    var phase = Phase.running

    private var offered = 0
    private var recovered = 0
    private var droppedEarly = DropCounts()
    var shortened = 0
    var clientsReplaced = 0

    /// A client with new settings that is to take the present one's place.
    struct Successor: Sendable {
        var client: any DeliveryClient
        var configuration: KafkaConfiguration
        var epoch: Int
    }

    /// Tells which client a report comes from.
    var clientEpoch = 0
    private var lastEpoch = 0
    /// The client is of no more use: nothing is sent until it is replaced.
    var clientHasFailed = false
    /// Waits for the sender, when settings have changed.
    var successor: Successor?
    /// What was decided over single events; nearly always none.
    var verdicts: [UInt64: Verdict] = [:]
    /// How many events go together.
    var company = SendingCompany()
    /// When a report came last, or the first event was sent after none was on its way.
    var lastSign: Duration = .zero
    /// Nothing is sent before: the last attempt says that it would fail again.
    var pauseUntil: Duration = .zero

    var writerWaits = false
    var senderWaits = false
    /// Others who wait for something in here.
    var waiters = 0

    init(policy: KafkaMetrics.FullPolicy, limits: KafkaMetrics.Limits, recovery: SpoolRecovery?) {
        self.policy = policy
        memoryBytes = limits.memoryBytes
        ring = EventRing(capacity: limits.bufferedEvents)
        ledger = DeliveryLedger(base: recovery?.positions.first?.lowerBound ?? recovery?.next ?? 0)
        guard let recovery else { return }
        for positions in recovery.positions { ledger.recover(positions) }
        ledger.skip(to: recovery.next)
        recovered = recovery.eventCount
        segments = recovery.segments
    }

    var statistics: ForwardingStatistics {
        ForwardingStatistics(
            offered: offered, recovered: recovered, acknowledged: ledger.acknowledged,
            buffered: ring.count + inHand + ledger.inMemory, spooled: ledger.onDisk,
            dropped: droppedEarly.byReason.merging(ledger.dropped) { $0 + $1 }, shortened: shortened,
            clientsReplaced: clientsReplaced)
    }

    /// Events that are neither acknowledged nor given up.
    var pending: Int { ring.count + inHand + ledger.pending }

    /// Takes an event; what has to go goes. Constant time.
    ///
    /// - Parameters:
    ///   - run: The event's run.
    ///   - isLast: Whether the event ends its run.
    ///   - event: Called only when the event is taken: one that is given up at once is not even copied.
    /// - Returns: Whether the writer has to be woken.
    mutating func offer(run: UUID, isLast: Bool, _ event: () -> StreamingQueryEvent) -> Bool {
        offered += 1
        guard phase == .running else {
            ring.number(run: run, isLast: isLast)
            dropEarly(1, .closed)
            return false
        }
        if ring.isFull {
            dropEarly(1, .bufferFull)
            if policy == .dropNewest {
                ring.number(run: run, isLast: isLast)
                return false
            }
            _ = ring.popFirst()
        }
        ring.append(run: run, isLast: isLast, event)
        return writerWaits || (ring.count == ring.capacity / 4)
    }

    /// Whether an event would be taken without giving up another.
    var hasRoom: Bool { phase != .running || !ring.isFull }
    /// For those who wait for room: not woken for each place that becomes free.
    var hasAmpleRoom: Bool { phase != .running || ring.count <= ring.capacity / 2 }

    /// Whether the writer has to leave the ring alone until the disk or the broker has taken something.
    var mustWait: Bool { keepsAll && memory.unwrittenBytes >= memoryBytes }

    /// Frees the memory of blocks in which everything is settled, also behind an event that waits.
    mutating func removeSettledBlocks() {
        let ledger = ledger
        memory.removeSettled { ledger.isSettled($0) }
    }

    /// The number of another client.
    mutating func newEpoch() -> Int {
        lastEpoch += 1
        return lastEpoch
    }

    /// Counts events that never got a position.
    mutating func dropEarly(_ count: Int, _ reason: DropReason) {
        droppedEarly.add(count, reason)
    }

    mutating func condemn(_ position: UInt64, _ verdict: Verdict) { verdicts[position] = verdict }

    // MARK: Reports

    /// What the reports of a client come to.
    struct Settlement {
        var delivered = false
        /// What has to be told, one for each topic that is at fault.
        var failures: [String: KafkaError] = [:]
        var wakesSender = false
        var wakesWriter = false
    }

    /// Notes what became of records.
    mutating func settle(
        _ reports: [DeliveryReport], epoch: Int, hasSpool: Bool, now: Duration
    ) -> Settlement {
        var settlement = Settlement()
        lastSign = now
        for report in reports {
            guard let error = report.error else {
                // A late answer to a client that was replaced is an answer all the same.
                if ledger.acknowledge(UInt64(report.token)) {
                    settlement.delivered = true
                    company.grow()
                    noteShortened(UInt64(report.token))
                }
                continue
            }
            // What a client that has failed says of its records is settled when it is replaced.
            guard epoch == clientEpoch, !clientHasFailed else { continue }
            if settleFailure(UInt64(report.token), error, hasSpool: hasSpool, now: now) {
                settlement.failures[error.topic ?? ""] = error
            }
        }
        ledger.advance()
        ledger.rewind()
        // A failure is told in any case: the sender may be on its way to wait, and then nothing else would wake it.
        settlement.wakesSender = (senderWaits && ledger.hasMore) || clientHasFailed
        if settlement.wakesSender { senderWaits = false }
        settlement.wakesWriter = writerWaits && ledger.pending == 0
        return settlement
    }

    private mutating func noteShortened(_ position: UInt64) {
        if !verdicts.isEmpty, case .shorten = verdicts.removeValue(forKey: position) { shortened += 1 }
    }

    /// Notes a failure; whether it has to be told.
    private mutating func settleFailure(
        _ position: UInt64, _ error: KafkaError, hasSpool: Bool, now: Duration
    ) -> Bool {
        if error.isFatal || error.followsFatal {
            // The reports of a failing client may come before its fatal error.
            clientHasFailed = true
            return false
        }
        switch error.code {
        case .purged, .closed:
            ledger.putBack(position)
            return false
        case .messageTooLarge:
            // The limit is on what goes in one request: only what went alone is known to be too large by itself.
            if company.isAlone(position) {
                verdicts[position] = .shorten(step: verdicts[position].step + 1)
            } else {
                company.shrink()
            }
            ledger.putBack(position)
            return false
        case .timedOut where !hasSpool:
            ledger.giveUp(position, .timedOut)
        case .timedOut, .brokerUnreachable, .unknownTopicOrPartition, .notAuthorized, .authenticationFailed, .tlsFailed,
            .resourceExhausted:
            ledger.putBack(position)
            pauseUntil = now + .seconds(1)
        default:
            // An error that says nothing, or may pass, is waited for. One that is final holds for the whole request: only what
            // went alone is known to be refused itself.
            if error.isRetriable || error.rdKafkaName == "UNKNOWN" {
                pauseUntil = now + .seconds(1)
            } else if company.isAlone(position) {
                verdicts[position] = .refuse(error)
            } else {
                company.shrink()
            }
            ledger.putBack(position)
        }
        return true
    }
}

extension DeliveryState.Verdict? {
    /// How far the event is shortened so far.
    var step: Int { if case .shorten(let step) = self { step } else { 0 } }
}

extension KafkaError {
    /// Whether it means that an idempotent producer has lost its sequence, or its right to it.
    fileprivate var followsFatal: Bool {
        ["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_PRODUCER_EPOCH", "_FATAL"].contains(
            rdKafkaName)
    }
}
