import Kafka
import StreamingMetrics

/// Takes events from memory, or from the spool's files when it is behind, and hands them to the client in the order of their
/// positions; replaces the client when it is of no more use.
///
/// What is not delivered and may be is sent again, in order: sending stops until nothing is on its way, and begins again
/// with the oldest event that is not settled. That one rule serves a client that died, a topic that was missing, a
/// right that was missing, and a record that was too large. Used by one thread; each ``step()`` does what is due.
final class RecordSender {
    private let shared: Monitor<DeliveryState>
    private let clock: any DeliveryClock
    private let limits: KafkaMetrics.Limits
    private let maker: any DeliveryClientMaker
    private let alarms: AlarmReporter
    private let topics: [String]
    private let source: FrameSource
    private let makeHandlers: (_ epoch: Int) -> DeliveryHandlers
    private var client: any DeliveryClient
    /// What was acknowledged before the client came, and how many before it ended without delivering anything.
    private var acknowledgedBefore = 0
    /// The first client is forgiven once: it may have met a broker that was just starting.
    private var failuresInRow = -1
    private var replaceAt: Duration = .zero
    private var isFailureNoted = false
    /// Whether the client is new and knows no topic yet.
    private var isNew = true
    private var configuration: KafkaConfiguration
    private var writer = RecordWriter()
    private var stalls: StallDetector
    private var batch: [Item] = []

    private struct Item {
        var position: UInt64
        var block: FrameBlock?
        var verdict: DeliveryState.Verdict?
    }

    private static let maximumBatch = 256
    /// How long a client may take to end before the next one goes on without waiting for it.
    private static let closingTime = Duration.milliseconds(300)

    init(
        shared: Monitor<DeliveryState>, configuration: KafkaConfiguration, topics: [String], disk: (any SpoolDisk)?,
        limits: KafkaMetrics.Limits, clock: any DeliveryClock, alarms: AlarmReporter, maker: any DeliveryClientMaker,
        makeHandlers: @escaping (_ epoch: Int) -> DeliveryHandlers
    ) throws(KafkaError) {
        self.shared = shared
        self.configuration = configuration
        self.topics = topics
        self.limits = limits
        self.clock = clock
        self.alarms = alarms
        self.maker = maker
        self.makeHandlers = makeHandlers
        source = FrameSource(shared: shared, disk: disk, alarms: alarms)
        stalls = StallDetector(after: limits.stallAfter)
        client = try maker.makeClient(configuration, makeHandlers(0))
    }

    /// Does what is due.
    ///
    /// - Returns: How long nothing is due unless somebody rings; nil is for as long as that takes.
    func step() -> Duration? {
        if let successor = shared.withLock({ $0.successor.take() }) { succeed(successor) }
        if let cause = failureCause() {
            // A client that dies as soon as it lives, such as one without a right, is not replaced at once again.
            let wait = replaceAt - clock.now
            if wait > .zero { return wait }
            if !replaceClient(cause) { return .seconds(1) }
        }
        let isWaiting = take()
        if !batch.isEmpty {
            if isNew { client.meet(topics) }
            isNew = false
            send()
            return .zero
        }
        examineIfStalled()
        return isWaiting
    }

    /// Ends the client; what it has not delivered stays where it is.
    func close(within time: Duration) {
        if let successor = shared.withLock({ $0.successor.take() }) { _ = successor.client.close(within: .zero) }
        _ = client.close(within: time)
    }

    // MARK: Taking

    /// Fills the batch.
    ///
    /// - Returns: How long there will be nothing to take, when there is nothing.
    private func take() -> Duration? {
        batch.removeAll(keepingCapacity: true)
        let now = clock.now
        return shared.withLock { state in
            state.ledger.rewind()
            if state.ledger.onItsWay == 0 { state.lastSign = now }
            guard state.phase != .stopped, !state.clientHasFailed else { return nil }
            let isPaused = now < state.pauseUntil
            let limit = min(limits.eventsInFlight, state.company.limit)
            var block: FrameBlock?
            while !isPaused, batch.count < Self.maximumBatch, state.ledger.onItsWay < limit,
                let position = state.ledger.take()
            {
                if block.map({ position > $0.last }) ?? true { block = state.memory.block(holding: position) }
                batch.append(
                    Item(
                        position: position, block: block,
                        verdict: state.verdicts.isEmpty ? nil : state.verdicts[position]))
            }
            if let last = batch.last {
                state.company.note(taken: batch.count, last: last.position, onItsWay: state.ledger.onItsWay)
                return .zero
            }
            state.senderWaits = true
            if isPaused, state.ledger.pending > 0 { return state.pauseUntil - now }
            return state.ledger.onItsWay > 0 ? min(limits.stallAfter, .seconds(1)) : nil
        }
    }

    // MARK: Sending

    private func send() {
        for index in batch.indices {
            let item = batch[index]
            do throws(FrameSource.Failure) {
                try source.withFrame(item.position, in: item.block) { event, bytes throws(KafkaError) in
                    try send(event, bytes, item)
                }
            } catch {
                switch error {
                case .gone: settleLost(item.position, .spoolFull)
                case .damaged: settleLost(item.position, .damaged)
                case .unreadable: return giveBack(from: index, pause: .seconds(1))
                case .refused(let error):
                    if !survives(error, item, index) { return }
                }
            }
        }
    }

    private func send(
        _ event: SpooledEvent, _ bytes: UnsafeRawBufferPointer, _ item: Item
    ) throws(KafkaError) {
        let whole = UnsafeRawBufferPointer(rebasing: bytes[event.value])
        if case .refuse(let error) = item.verdict {
            alarms.refused(error, kept: source.keep(whole, event, item.position))
            return settleLost(item.position, .refused)
        }
        var step = if case .shorten(let step) = item.verdict { step } else { 0 }
        if step == 0, whole.count <= client.maximumValueBytes {
            return try writer.send(event, bytes, value: whole, shortenedFrom: nil, token: item.position, to: client)
        }
        step = max(step, 1)
        while let short = EventShortener.shorten(whole, step: step) {
            guard short.count <= client.maximumValueBytes else {
                step += 1
                continue
            }
            let kept = source.keep(whole, event, item.position)
            shared.withLock { $0.verdicts[item.position] = .shorten(step: step) }
            try short.span.withUnsafeBytes { short throws(KafkaError) in
                try writer.send(
                    event, bytes, value: short, shortenedFrom: whole.count, token: item.position, to: client)
            }
            alarms.shortened(bytes: whole.count, kept: kept)
            return
        }
        _ = source.keep(whole, event, item.position)
        settleLost(item.position, .tooLarge)
    }

    /// Whether the batch goes on after a record was not taken.
    private func survives(_ error: KafkaError, _ item: Item, _ index: Int) -> Bool {
        switch error.code {
        case .queueFull: giveBack(from: index, pause: .milliseconds(10))
        case .unknownTopicOrPartition:
            giveBack(from: index, pause: .seconds(1))
            alarms.cannotDeliver(error)
            if stalls.mayLook(now: clock.now) { examine() }
        case .fatal, .closed:
            giveBack(from: index, pause: .zero)
            shared.withLock { $0.clientHasFailed = true }
        case .messageTooLarge:
            shared.withLock { state in
                state.condemn(item.position, .shorten(step: item.verdict.step + 1))
                state.ledger.putBack(item.position)
            }
            return true
        default:
            guard error.isFatal else {
                shared.withLock { state in
                    state.condemn(item.position, .refuse(error))
                    state.ledger.putBack(item.position)
                }
                return true
            }
            giveBack(from: index, pause: .zero)
            shared.withLock { $0.clientHasFailed = true }
        }
        return false
    }

    /// Records that were not handed over are to be taken again, as if they never had been.
    private func giveBack(from index: Int, pause: Duration) {
        let until = clock.now + pause
        shared.withLock { state in
            state.ledger.giveBack(from: batch[index].position)
            state.pauseUntil = max(state.pauseUntil, until)
        }
    }

    private func settleLost(_ position: UInt64, _ reason: DropReason) {
        shared.withLock { state in
            state.verdicts[position] = nil
            state.ledger.giveUp(position, reason)
        }
        shared.broadcast()
    }

    // MARK: The client's life

    private func failureCause() -> String? {
        guard shared.withLock({ $0.clientHasFailed }) else { return nil }
        noteFailure()
        return client.fatalError?.description ?? "the broker no longer accepts its sequence numbers"
    }

    /// Says why clients fail that deliver nothing, and sets when the next one may be replaced: after 1, 2, 4 … 30 seconds.
    private func noteFailure() {
        if !isFailureNoted {
            isFailureNoted = true
            let acknowledged = shared.withLock { $0.ledger.acknowledged }
            failuresInRow = acknowledged > acknowledgedBefore ? 0 : failuresInRow + 1
            if failuresInRow > 0 { replaceAt = clock.now + .seconds(min(30, 1 << min(failuresInRow - 1, 5))) }
        }
        // Asked until it is replaced: its records may fail a moment before it knows why.
        if failuresInRow > 0, let error = client.fatalError { alarms.cannotDeliver(error.cause) }
    }

    /// Ends the client and starts another, which gets everything that is not settled, in the old order.
    private func replaceClient(_ cause: String) -> Bool {
        let epoch = shared.withLock { $0.newEpoch() }
        retireClient(for: epoch)
        do throws(KafkaError) {
            client = try maker.makeClient(configuration, makeHandlers(epoch))
        } catch {
            alarms.cannotDeliver(error)
            return false
        }
        beginAnew(cause, isWanted: false)
        return true
    }

    /// Ends the client for one with new settings, which is there already.
    private func succeed(_ successor: DeliveryState.Successor) {
        retireClient(for: successor.epoch)
        client = successor.client
        configuration = successor.configuration
        alarms.moved(to: configuration.bootstrapServers)
        (failuresInRow, replaceAt) = (-1, .zero)
        beginAnew("new settings", isWanted: true)
    }

    private func retireClient(for epoch: Int) {
        shared.withLock { state in
            state.clientHasFailed = true
            state.clientEpoch = epoch
        }
        _ = client.close(within: Self.closingTime)
    }

    private func beginAnew(_ cause: String, isWanted: Bool) {
        isNew = true
        isFailureNoted = false
        acknowledgedBefore = shared.withLock { $0.ledger.acknowledged }
        // While it counts as failed, nothing is taken and no failure of the old one is settled.
        var rest: UInt64? = 0
        while let position = rest { rest = shared.withLock { $0.ledger.putBackAll(from: position) } }
        let now = clock.now
        shared.withLock { state in
            state.clientHasFailed = false
            state.clientsReplaced += 1
            state.lastSign = now
            state.pauseUntil = .zero
        }
        // It may have failed before it was the present one, and then told nobody.
        if client.fatalError != nil { shared.withLock { $0.clientHasFailed = true } }
        alarms.clientReplaced(cause: cause, isWanted: isWanted)
    }

    private func examineIfStalled() {
        let (lastSign, onItsWay) = shared.withLock { ($0.lastSign, $0.ledger.onItsWay) }
        if stalls.isDue(lastSign: lastSign, onItsWay: onItsWay, now: clock.now) { examine() }
    }

    private func examine() {
        if let error = client.examine(topics) { alarms.cannotDeliver(error) }
    }
}

extension KafkaError {
    /// The same as an outage: the cause of a client's end, by which it is told and remembered.
    fileprivate var cause: KafkaError {
        var cause = self
        cause.code = rdKafkaName?.hasSuffix("AUTHORIZATION_FAILED") ?? false ? .notAuthorized : .broker
        return cause
    }
}
