import FoundationEssentials
package import Kafka
package import Logging
package import StreamingMetrics

/// Everything between the listener's ring and the client but the threads: what it is made of, and the steps that the threads
/// take. A test takes the same steps in any order, with a clock, a disk and a broker of its own.
///
/// ``offer(_:)``, ``statistics`` and the client's handlers may be used on any thread, ``stepWriter()`` and
/// ``finishWriting()`` on the writer's, ``stepSender()`` and ``closeClient(within:)`` on the sender's.
package final class DeliveryPipeline: Sendable {
    /// What it is made of.
    package struct Parts: Sendable {
        package var configuration: KafkaConfiguration
        package var progressTopic: String
        /// Where started, idle and terminated events go; nil is where progress goes.
        package var lifecycleTopic: String?
        package var limits: KafkaMetrics.Limits
        package var policy: KafkaMetrics.FullPolicy
        package var spool: SpoolOptions?
        package var logger: Logger
        package var onAlarm: @Sendable (ForwardingAlarm) -> Void

        package init(
            configuration: KafkaConfiguration, progressTopic: String, lifecycleTopic: String?,
            limits: KafkaMetrics.Limits, policy: KafkaMetrics.FullPolicy, spool: SpoolOptions?, logger: Logger,
            onAlarm: @escaping @Sendable (ForwardingAlarm) -> Void
        ) {
            self.configuration = configuration
            self.progressTopic = progressTopic
            self.lifecycleTopic = lifecycleTopic
            self.limits = limits
            self.policy = policy
            self.spool = spool
            self.logger = logger
            self.onAlarm = onAlarm
        }
    }

    /// How a thread is told that there is something to do.
    package struct Bells: Sendable {
        package var wakeWriter: @Sendable () -> Void
        package var wakeSender: @Sendable () -> Void

        package init(wakeWriter: @escaping @Sendable () -> Void, wakeSender: @escaping @Sendable () -> Void) {
            self.wakeWriter = wakeWriter
            self.wakeSender = wakeSender
        }
    }

    /// The two that belong to one thread each.
    private struct Workers: @unchecked Sendable {
        // Sendable by proof: the writer's methods are called by the writer's thread alone, the sender's likewise.
        let writer: EventWriter
        let sender: RecordSender
    }

    let shared: Monitor<DeliveryState>
    private let workers: Workers
    private let maker: any DeliveryClientMaker
    private let makeHandlers: @Sendable (_ epoch: Int) -> DeliveryHandlers

    /// Reads what an earlier process left in the spool, and makes the first client.
    ///
    /// - Parameters:
    ///   - disk: The spool's folder; nil keeps events in memory.
    ///   - makeMaker: Makes what makes clients, given where their log lines go.
    /// - Throws: ``KafkaError`` when an option is wrong, ``SpoolError`` when the spool cannot be read.
    package init(
        _ parts: Parts, disk: (any SpoolDisk)?, clock: any DeliveryClock, bells: Bells,
        makeMaker: (_ onLog: @escaping @Sendable (KafkaLogEntry) -> Void) -> any DeliveryClientMaker
    ) throws {
        let alarms = AlarmReporter(
            logger: parts.logger, topic: parts.progressTopic, bootstrapServers: parts.configuration.bootstrapServers,
            clock: clock, handler: parts.onAlarm)
        let options = parts.spool ?? SpoolOptions(directory: "")
        let recovery = try disk.map { try SpoolRecovery(disk: $0) }
        let shared = Monitor(
            DeliveryState(policy: parts.policy, limits: parts.limits, recovery: recovery))
        self.shared = shared
        let hasSpool = disk != nil
        let makeHandlers: @Sendable (Int) -> DeliveryHandlers = { epoch in
            Self.handlers(shared, epoch, hasSpool, clock, alarms, bells)
        }
        let maker = makeMaker { alarms.clientLog($0) }
        (self.maker, self.makeHandlers) = (maker, makeHandlers)
        let sender = try RecordSender(
            shared: shared, configuration: parts.configuration,
            topics: [parts.progressTopic] + (parts.lifecycleTopic.map { [$0] } ?? []), disk: disk, limits: parts.limits,
            clock: clock, alarms: alarms, maker: maker, makeHandlers: makeHandlers)
        let spool = disk.map { disk in
            Spool(
                disk: disk, options: options, recovered: recovery?.segments ?? [], cursor: recovery?.cursor ?? 0)
        }
        let writer = EventWriter(
            shared: shared, spool: spool, options: options,
            encoder: EventEncoder(
                progressTopic: parts.progressTopic, lifecycleTopic: parts.lifecycleTopic ?? parts.progressTopic),
            limits: parts.limits, clock: clock, alarms: alarms,
            wakeSender: {
                let waits = shared.withLock { state in
                    defer { state.senderWaits = false }
                    return state.senderWaits
                }
                if waits { bells.wakeSender() }
            })
        workers = Workers(writer: writer, sender: sender)
        alarms.damaged(recovery?.damages ?? [])
    }

    /// What became of the events so far.
    package var statistics: ForwardingStatistics { shared.withLock { $0.statistics } }

    /// Takes an event in constant time.
    ///
    /// - Returns: Whether the writer has to be woken.
    package func offer(_ event: StreamingQueryEvent) -> Bool {
        offer(run: event.runId, isLast: event.kind == .terminated) { event }
    }

    /// The same, for those who know the run and whether it ends: reading them out of the event costs more than all else.
    @inline(__always)
    func offer(run: UUID, isLast: Bool, _ event: () -> StreamingQueryEvent) -> Bool {
        shared.withLock { $0.offer(run: run, isLast: isLast, event) }
    }

    /// Lets go of what is kept of a run, which has ended without an event that says so.
    func forget(run: UUID) { shared.withLock { $0.ring.forget(run: run) } }

    /// What lies in memory, for those who watch its bounds.
    package var load: DeliveryLoad { shared.withLock { DeliveryLoad($0) } }

    /// Does what the writer has to do; gives how long it may wait for being woken, nil until then.
    package func stepWriter() -> Duration? {
        let before = shared.withLock { state in
            state.writerWaits = false
            return state.ledger.end
        }
        let wait = workers.writer.step()
        let (isIdle, isCrowded) = shared.withLock { state in
            let isIdle = state.ring.count == 0 && state.ledger.end == before
            state.writerWaits = isIdle
            return (isIdle, !state.mustWait && state.ring.count >= state.ring.capacity / 4)
        }
        if isIdle { return wait }
        return isCrowded ? .zero : min(wait ?? Self.rest, Self.rest)
    }

    /// After some events the writer rests, so that the next ones come together and the listener need not wake it.
    private static let rest = Duration.milliseconds(5)

    /// Spools or gives up what is left; the last thing of all.
    package func finishWriting() { workers.writer.finish() }

    /// Does what the sender has to do; gives how long nothing is due, nil until it is woken.
    package func stepSender() -> Duration? { workers.sender.step() }

    /// Makes a client with these settings, which the sender then gives everything that is not settled; it has to be woken.
    ///
    /// - Throws: ``KafkaError`` when no client can be made of the settings; then the one that is there goes on.
    package func reconfigure(_ configuration: KafkaConfiguration) throws(KafkaError) {
        let epoch = shared.withLock { $0.newEpoch() }
        let client = try maker.makeClient(configuration, makeHandlers(epoch))
        // One that nobody sends with: settings changed again before the sender came to it, or there is no sender any more.
        let (unused, isOver) = shared.withLock { state -> ((any DeliveryClient)?, Bool) in
            if state.phase == .stopped { return (client, true) }
            defer { state.successor = .init(client: client, configuration: configuration, epoch: epoch) }
            return (state.successor?.client, false)
        }
        _ = unused?.close(within: .zero)
        if isOver {
            throw KafkaError(code: .closed, message: "cannot change the settings of a forwarder: it was stopped")
        }
    }

    /// Ends the client.
    package func closeClient(within time: Duration) { workers.sender.close(within: time) }

    /// Lets nothing more be taken (`isOver` false), or sent either (`isOver` true).
    package func stop(isOver: Bool) {
        shared.withLock { state in
            if isOver { state.phase = .stopped } else if state.phase == .running { state.phase = .stopping }
        }
    }

    private static func handlers(
        _ shared: Monitor<DeliveryState>, _ epoch: Int, _ hasSpool: Bool, _ clock: any DeliveryClock,
        _ alarms: AlarmReporter, _ bells: Bells
    ) -> DeliveryHandlers {
        DeliveryHandlers(
            onReports: { reports in
                let now = clock.now
                let (settlement, hasWaiters) = shared.withLock { state in
                    (state.settle(reports, epoch: epoch, hasSpool: hasSpool, now: now), state.waiters > 0)
                }
                if settlement.wakesSender { bells.wakeSender() }
                if settlement.wakesWriter { bells.wakeWriter() }
                if hasWaiters { shared.broadcast() }
                for failure in settlement.failures.values { alarms.cannotDeliver(failure) }
                if settlement.delivered {
                    alarms.delivered { Set(reports.lazy.filter { $0.error == nil }.map(\.topic)) }
                }
            },
            onError: { error in
                let hasPending = shared.withLock { state in
                    if error.isFatal, state.clientEpoch == epoch { state.clientHasFailed = true }
                    return state.pending > 0
                }
                if error.isFatal {
                    bells.wakeSender()
                } else if hasPending || error.code != .brokerUnreachable {
                    // Brokers close idle connections: that matters only while something is to be delivered.
                    alarms.cannotDeliver(error)
                }
            })
    }
}
