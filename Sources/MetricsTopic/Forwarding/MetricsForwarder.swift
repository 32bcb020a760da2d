import Kafka
import Logging
import StreamingMetrics

/// The two threads between the listener's ring and Kafka, and what they share.
///
///     listener ─► ring ─► EventWriter ─► memory ─► RecordSender ─► librdkafka ─► broker
///     (any thread)        (its thread)  └► spool ┘ (its thread)                    │
///                                                  DeliveryLedger ◄── reports ─────┘ (the client's thread)
///
/// All of ``DeliveryState`` is behind one lock. Each thread waits on a bell of its own; the listener rings the writer's only
/// when it is asleep, so that a call costs no more than the lock. Ending: the sender ends first and closes the client, then the
/// writer spools what is left; so the spool's last note knows every acknowledgement.
final class MetricsForwarder: Sendable {
    let shared: Monitor<DeliveryState>
    private let writerBell = Doorbell()
    private let senderBell = Doorbell()
    private let ended = Monitor(Ended())
    private let directory: String?
    private let hasSpool: Bool

    private struct Ended {
        var sender = false
        var writer = false
    }

    /// What the parts are made of.
    struct Parts {
        var configuration: KafkaConfiguration
        var progressTopic: String
        var lifecycleTopic: String?
        var limits: KafkaMetrics.Limits
        var policy: KafkaMetrics.FullPolicy
        var spool: SpoolOptions?
        var logger: Logger
        var onAlarm: @Sendable (ForwardingAlarm) -> Void
    }

    /// After some events the writer rests, so that the next ones come together and the listener need not wake it.
    private static let rest = Duration.milliseconds(5)
    private static let measuringInterval = Duration.seconds(1)

    init(_ parts: Parts) throws {
        let clock = SystemDeliveryClock()
        let alarms = AlarmReporter(
            logger: parts.logger, topic: parts.progressTopic, bootstrapServers: parts.configuration.bootstrapServers,
            clock: clock, handler: parts.onAlarm)
        directory = parts.spool?.directory
        hasSpool = parts.spool != nil
        let disk = try parts.spool.map { try LocalSpoolDisk(path: $0.directory) }
        let recovery = try disk.map { try SpoolRecovery(disk: $0) }
        let shared = Monitor(
            DeliveryState(policy: parts.policy, ringCapacity: parts.limits.bufferedEvents, recovery: recovery))
        self.shared = shared
        let spool = disk.flatMap { disk in
            parts.spool.map { options in
                Spool(
                    disk: disk, options: options, recovered: recovery?.segments ?? [], cursor: recovery?.cursor ?? 0)
            }
        }
        let (writerBell, senderBell, hasSpool) = (writerBell, senderBell, hasSpool)
        // Made here and not by the thread, so that a wrong option is the initialiser's error.
        let sender = try RecordSender(
            shared: shared, configuration: parts.configuration,
            topics: [parts.progressTopic] + (parts.lifecycleTopic.map { [$0] } ?? []), disk: disk, limits: parts.limits,
            clock: clock, alarms: alarms, maker: KafkaDeliveryClientMaker(alarms: alarms)
        ) { epoch in
            Self.handlers(shared, epoch, hasSpool, clock, alarms, writerBell, senderBell)
        }
        let writer = EventWriter(
            shared: shared, spool: spool, durability: parts.spool?.durability ?? .groupCommit(),
            encoder: EventEncoder(
                progressTopic: parts.progressTopic, lifecycleTopic: parts.lifecycleTopic ?? parts.progressTopic),
            limits: parts.limits, clock: clock, alarms: alarms,
            wakeSender: { Self.wakeSender(shared, senderBell) })
        alarms.damaged(recovery?.damages ?? [])
        let gauges = ForwardingGauges(topic: parts.progressTopic)
        try start(Loop(sender: sender, writer: writer, gauges: gauges))
    }

    /// The parts of the threads on their way to them; each is used by its one thread from then on.
    private struct Loop: @unchecked Sendable {
        let sender: RecordSender
        let writer: EventWriter
        let gauges: ForwardingGauges
    }

    private func start(_ loop: Loop) throws(KafkaError) {
        try DedicatedThread.start(name: "metrics-sender") { self.runSender(loop.sender) }
        do throws(KafkaError) {
            try DedicatedThread.start(name: "metrics-writer") { self.runWriter(loop.writer, loop.gauges) }
        } catch {
            abandon()
            throw error
        }
    }

    // MARK: Threads

    private func runSender(_ sender: RecordSender) {
        while shared.withLock({ $0.phase != .stopped }) {
            let wait = sender.step()
            if wait != .zero { senderBell.wait(timeout: wait) }
        }
        sender.close(within: .milliseconds(500))
        ended.withLock { $0.sender = true }
        ended.broadcast()
        writerBell.ring()
    }

    private func runWriter(_ writer: EventWriter, _ gauges: ForwardingGauges) {
        var measured = ContinuousClock.now
        while shared.withLock({ $0.phase != .stopped }) {
            let before = shared.withLock { $0.ledger.end }
            var wait = writer.step()
            if measured.duration(to: .now) >= Self.measuringInterval {
                gauges.record(shared.withLock { $0.statistics })
                measured = .now
            }
            let (isIdle, isCrowded) = shared.withLock { state in
                let isIdle = state.ring.count == 0 && state.ledger.end == before
                state.writerWaits = isIdle
                return (isIdle, state.ring.count >= state.ring.capacity / 4)
            }
            notifyWaiters()
            if isCrowded { continue }
            if gauges.isBehind(shared.withLock { $0.statistics }) { wait = min(wait ?? .seconds(1), .seconds(1)) }
            writerBell.wait(timeout: isIdle ? wait : min(wait ?? Self.rest, Self.rest))
            shared.withLock { $0.writerWaits = false }
        }
        // The client's last reports come first, if it ends in time.
        _ = ended.wait(timeout: .milliseconds(700)) { $0.sender ? true : nil }
        writer.finish()
        gauges.record(shared.withLock { $0.statistics })
        ended.withLock { $0.writer = true }
        ended.broadcast()
        shared.broadcast()
    }

    private func notifyWaiters() {
        if shared.withLock({ $0.waiters > 0 }) { shared.broadcast() }
    }

    private static func wakeSender(_ shared: Monitor<DeliveryState>, _ bell: Doorbell) {
        let waits = shared.withLock { state in
            defer { state.senderWaits = false }
            return state.senderWaits
        }
        if waits { bell.ring() }
    }

    private static func handlers(
        _ shared: Monitor<DeliveryState>, _ epoch: Int, _ hasSpool: Bool, _ clock: any DeliveryClock,
        _ alarms: AlarmReporter, _ writerBell: Doorbell, _ senderBell: Doorbell
    ) -> DeliveryHandlers {
        DeliveryHandlers(
            onReports: { reports in
                let now = clock.now
                let (settlement, hasWaiters) = shared.withLock { state in
                    (state.settle(reports, epoch: epoch, hasSpool: hasSpool, now: now), state.waiters > 0)
                }
                if settlement.wakesSender { senderBell.ring() }
                if settlement.wakesWriter { writerBell.ring() }
                if hasWaiters { shared.broadcast() }
                if let failure = settlement.failure { alarms.cannotDeliver(failure) }
                if settlement.delivered { alarms.delivered() }
            },
            onError: { error in
                let hasPending = shared.withLock { state in
                    if error.isFatal, state.clientEpoch == epoch { state.clientHasFailed = true }
                    return state.pending > 0
                }
                if error.isFatal {
                    senderBell.ring()
                } else if hasPending || error.code != .brokerUnreachable {
                    // Brokers close idle connections: that matters only while something is to be delivered.
                    alarms.cannotDeliver(error)
                }
            })
    }

    // MARK: From outside

    func offer(_ event: StreamingQueryEvent) {
        if shared.withLock({ $0.offer(event) }) { writerBell.ring() }
    }

    func send(_ event: StreamingQueryEvent) async throws(KafkaError) {
        let accepted = shared.withLock { state -> Bool? in state.hasRoom ? state.offer(event) : nil }
        if let accepted {
            if accepted { writerBell.ring() }
            return
        }
        try await DedicatedThread.call(name: "metrics-send") { [self] () throws(KafkaError) in
            writerBell.ring()
            _ = wait { state -> Bool? in
                guard state.hasAmpleRoom else { return nil }
                return state.offer(event)
            }
            writerBell.ring()
        }
    }

    var statistics: ForwardingStatistics { shared.withLock { $0.statistics } }

    /// The client is replaced by one with these settings, which gets everything that is not settled.
    func reconfigure(_ configuration: KafkaConfiguration) {
        shared.withLock { $0.nextConfiguration = configuration }
        senderBell.ring()
    }

    /// Waits for something in the state.
    private func wait<R>(timeout: Duration? = nil, for body: (inout DeliveryState) -> R?) -> R? {
        shared.withLock { $0.waiters += 1 }
        defer { shared.withLock { $0.waiters -= 1 } }
        return shared.wait(timeout: timeout, for: body)
    }

    // MARK: Stopping

    func waitUntilDelivered(timeout: Duration) -> Bool {
        writerBell.ring()
        return wait(timeout: timeout) { $0.pending == 0 ? true : nil } ?? false
    }

    /// Delivers while the time lasts, spools the rest, and ends.
    func stop(deadline: ContinuousClock.Instant) -> DeliverySummary {
        shared.withLock { if $0.phase == .running { $0.phase = .stopping } }
        _ = waitUntilDelivered(timeout: max(.zero, ContinuousClock.now.duration(to: deadline) - .milliseconds(200)))
        abandon()
        // Spooling what is left and ending the client; a disk or a client that hangs is not waited for beyond this.
        _ = ended.wait(timeout: max(.zero, ContinuousClock.now.duration(to: deadline)) + .seconds(1)) {
            $0.writer ? true : nil
        }
        return DeliverySummary(statistics: statistics, spoolDirectory: directory)
    }

    /// Lets the threads end: what is left is spooled, or given up where there is no spool. Does not wait.
    func abandon() {
        shared.withLock { $0.phase = .stopped }
        senderBell.ring()
        writerBell.ring()
        shared.broadcast()
    }
}
