extension KafkaConsumer {
    /// What the poll thread has polled and not pushed yet, with what rebalances and errors said meanwhile.
    final class PolledEntries: @unchecked Sendable {
        // Sendable by proof: only the poll thread touches it. librdkafka runs the rebalance and error callbacks of a consumer
        // inside the poll thread's own calls.
        var entries: [Entry] = []
        var tracker = EndOfLogTracker()
        /// Indices that the state machine has given; they never change.
        var slots: [TopicPartition: Int] = [:]
        /// Whether the last thing heard of the brokers is that none can be reached.
        private(set) var brokersAreAway = false
        private var sawAssignment = false

        func rebalance(_ rebalance: Rebalance) {
            switch rebalance {
            case .assigned(let partitions):
                sawAssignment = true
                tracker.expect(partitions)
            case .revoked(let partitions):
                tracker.forget(partitions)
                entries.removeAll { entry in
                    switch entry.event {
                    case .record(let record): partitions.contains(record.topicPartition)
                    case .endOfPartition(let partition, _): partitions.contains(partition)
                    }
                }
            }
        }

        func assigned(_ partitions: [TopicPartition]) {
            sawAssignment = true
            tracker.expect(partitions)
        }

        /// Whether partitions were given, if only none, and all of them are read.
        var isComplete: Bool { sawAssignment && tracker.isComplete }

        func noteNothingToRead() { sawAssignment = true }

        func note(_ error: KafkaError) {
            if error.code == .brokerUnreachable { brokersAreAway = true }
        }

        func heardFromBroker() { brokersAreAway = false }
    }
}

extension KafkaConsumer.Core {
    /// The poll thread's body.
    func run() {
        var queue = RecordQueue(ownerView: handle.ownerView)
        var assigner = TopicAssigner(core: self)
        var fullSince: ContinuousClock.Instant?
        var pausedForGroup = false
        loop: while true {
            switch state.wait(timeout: .seconds(1), for: { $0.work() }) {
            case .stop: break loop
            case .run(let commands):
                for command in commands { command() }
            case .poll(let room):
                fullSince = nil
                if pausedForGroup { pausedForGroup = !setPaused(false) }
                assigner.assignWhatIsDue()
                askForEnds()
                poll(&queue, room: room)
            case nil:
                // The reader stays away. Before the group takes us for dead, poll again with everything paused: pausing drops
                // what was fetched, so it is not for the short moments.
                let now = ContinuousClock.now
                if fullSince == nil { fullSince = now }
                if isGroup, let fullSince, fullSince.duration(to: now) > maximumPollInterval / 2 {
                    if !pausedForGroup { pausedForGroup = setPaused(true) }
                    poll(&queue, room: 1, wait: 0)
                }
            }
            storeProcessed()
        }
        finish(&queue)
    }

    private func finish(_ queue: inout RecordQueue) {
        storeProcessed()
        handle.closeGate()
        // Leaving a group whose coordinator is away can crash librdkafka before 2.14.2. Nobody hears the farewell then anyway:
        // the group finds out by its session timeout.
        let says = !polled.brokersAreAway
        if says { queue.close() }
        handle.destroy(closingConsumer: says)
        let late = state.withLock { $0.destroyed() }
        for command in late { command() }
        state.broadcast()
    }

    private func poll(_ queue: inout RecordQueue, room: Int, wait timeoutMs: Int32 = 500) {
        var timeoutMs = timeoutMs
        var failure: KafkaError?
        let limit = min(room, 512)
        while polled.entries.count < limit, failure == nil, let item = queue.poll(timeoutMs: timeoutMs) {
            timeoutMs = 0
            switch item {
            case .record(let record):
                polled.heardFromBroker()
                accept(record)
            case .endOfPartition(let partition, let offset):
                polled.heardFromBroker()
                if options.stopsAtEnd { polled.tracker.reachedEnd(of: partition) }
                append(.endOfPartition(partition, offset: offset), partition, size: 64)
            case .error(let error):
                polled.note(error)
                if error.isFatal { failure = error } else { onError(error) }
            }
        }
        flushPolled()
        if let failure { end(failure) }
        if options.stopsAtEnd, polled.isComplete { end(nil) }
    }

    private func accept(_ record: ConsumerRecord) {
        let partition = record.topicPartition
        if options.stopsAtEnd, !polled.tracker.includes(offset: record.offset, of: partition) { return }
        append(.record(record), partition, size: record.size + 128)
    }

    private func append(_ event: KafkaConsumer.Event, _ partition: TopicPartition, size: Int) {
        let slot: Int
        if let known = polled.slots[partition] {
            slot = known
        } else {
            slot = state.withLock { $0.slot(of: partition) }
            polled.slots[partition] = slot
        }
        polled.entries.append(KafkaConsumer.Entry(event: event, slot: slot, size: size))
    }

    private func flushPolled() {
        guard !polled.entries.isEmpty else { return }
        let delivery = state.withLock { $0.push(polled.entries) }
        polled.entries.removeAll(keepingCapacity: true)
        if let (reader, event) = delivery { reader.resume(returning: .success(event)) }
    }

    /// Drops what the buffer holds of a partition, for a seek; on the poll thread.
    func dropBuffered(_ partition: TopicPartition) {
        state.withLock { $0.drop(partition) }
    }

    private func askForEnds() {
        guard options.stopsAtEnd else { return }
        for partition in polled.tracker.unknown {
            do throws(KafkaError) {
                polled.tracker.setEnd(try handle.logOffsets(of: partition, timeoutMs: 5000), of: partition)
            } catch {
                // Asked again before the next poll.
                onError(error)
                return
            }
        }
    }

    private func storeProcessed() {
        guard isGroup, case .automatic = options.commits else { return }
        let offsets = state.withLock { $0.dirtyOffsets() }
        guard !offsets.isEmpty else { return }
        do throws(KafkaError) { try handle.store(offsets) } catch { onError(error) }
    }

    private func setPaused(_ paused: Bool) -> Bool {
        do throws(KafkaError) {
            let partitions = try handle.assignment()
            if paused { try handle.pause(partitions) } else { try handle.resume(partitions) }
            return true
        } catch {
            onError(error)
            return false
        }
    }

    /// Turns start positions into offsets; asks the broker where they are times.
    func places(
        _ starts: [TopicPartition: KafkaConsumer.StartPosition], timeoutMs: Int32
    ) throws(KafkaError) -> [(TopicPartition, Int64)] {
        var places: [(TopicPartition, Int64)] = []
        for (partition, start) in starts.sorted(by: { $0.key < $1.key }) {
            switch start {
            case .beginning: places.append((partition, LogicalOffset.beginning))
            case .end: places.append((partition, LogicalOffset.end))
            case .offset(let offset): places.append((partition, offset))
            case .timestamp(let time):
                places += try handle.offsets(of: [partition], atMs: time, timeoutMs: timeoutMs)
            }
        }
        return places
    }
}
