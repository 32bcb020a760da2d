extension KafkaConsumer {
    /// What the poll thread has polled and not pushed yet, with what rebalances and errors said meanwhile.
    final class PolledEntries: @unchecked Sendable {
        // Sendable by proof: only the poll thread touches it. librdkafka runs the rebalance and error callbacks of a consumer
        // inside the poll thread's own calls. What each record touches is not checked for overlapping accesses: each is over
        // before librdkafka is called.
        @exclusivity(unchecked) var entries: [Entry] = []
        var tracker = EndOfLogTracker()
        /// Indices that the state machine has given; they never change.
        var slots: [TopicPartition: Int] = [:]
        /// The partition of the last entry.
        @exclusivity(unchecked) var latest: (partition: TopicPartition, slot: Int)?
        /// Whether the last thing heard of the brokers is that none can be reached.
        @exclusivity(unchecked) private(set) var brokersAreAway = false
        private var sawAssignment = false
        /// How much was polled the last time, which is about what is polled the next time.
        private var lastCount = 0
        /// Where to begin in partitions that the group gives; set once, before the thread starts.
        var places: (([TopicPartition]) -> [(TopicPartition, Int64)])?
        /// Partitions whose offset the log does not have, to be begun anew; tried again while brokers are away.
        var unplaced: [TopicPartition: Int64] = [:]
        /// Where partitions were begun.
        var starts: [TopicPartition: Int64] = [:]
        /// For each slot the offset after what was polled; nil before the first.
        @exclusivity(unchecked) private var polledOffsets: [Int64?] = []
        private var lastOffsets: [TopicPartition: Int64] = [:]
        /// Partitions that went away since the record in hand was polled.
        @exclusivity(unchecked) private var left: Set<TopicPartition> = []
        /// How many partitions the group's topics had when they were first read.
        var partitionCounts: [String: Int] = [:]
        var uncounted: Set<String> = []
        /// When something was last given to the reader.
        var lastPush = ContinuousClock.now

        func rebalance(_ rebalance: Rebalance) {
            switch rebalance {
            case .assigned(let partitions):
                assigned(partitions)
                for partition in partitions where partitionCounts[partition.topic] == nil {
                    uncounted.insert(partition.topic)
                }
            case .revoked(let partitions): gone(partitions, .revoked(partitions))
            case .lost(let partitions): gone(partitions, .lost(partitions))
            }
        }

        func assigned(_ partitions: [TopicPartition]) {
            sawAssignment = true
            tracker.expect(partitions)
            if !partitions.isEmpty { note(.assigned(partitions)) }
        }

        private func gone(_ partitions: [TopicPartition], _ event: Event) {
            tracker.forget(partitions)
            left.formUnion(partitions)
            for partition in partitions {
                unplaced[partition] = nil
                starts[partition] = nil
                guard let slot = slots[partition], slot < polledOffsets.count else { continue }
                lastOffsets[partition] = polledOffsets[slot]
                polledOffsets[slot] = nil
            }
            entries.removeAll { $0.slot >= 0 && $0.event.partition.map { partitions.contains($0) } == true }
            if !partitions.isEmpty { note(event) }
        }

        /// A message was polled, and belongs to a partition that is ours.
        func tookInHand() {
            if !left.isEmpty { left = [] }
        }

        /// Whether a partition went away since ``tookInHand()``: what is in hand of it is not ours any more, even when the partition
        /// has come back, for then it is read again from where it was.
        func leftMeanwhile(_ partition: TopicPartition) -> Bool { !left.isEmpty && left.contains(partition) }

        /// Where a partition that went away had been read to, if it was read.
        func lastOffset(of partition: TopicPartition) -> Int64? { lastOffsets[partition] }

        func polled(to offset: Int64, in slot: Int) {
            while polledOffsets.count <= slot { polledOffsets.append(nil) }
            polledOffsets[slot] = offset
        }

        /// Where each partition is to be polled next, but for one.
        func positions(replacing partition: TopicPartition, with offset: Int64) -> [(TopicPartition, Int64)] {
            for (partition, start) in starts {
                guard let slot = slots[partition], slot < polledOffsets.count else { continue }
                starts[partition] = polledOffsets[slot] ?? start
            }
            starts[partition] = offset
            return starts.map { ($0.key, $0.value) }
        }

        /// Adds what concerns no single partition.
        func note(_ event: Event) { entries.append(Entry(event: event, slot: -1, size: 64)) }

        /// Gives what was polled away, so that nothing of it is left on this thread.
        func takeEntries() -> [Entry] {
            defer {
                entries = []
                entries.reserveCapacity(lastCount)
            }
            lastCount = entries.count
            return entries
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

extension KafkaConsumer.Event {
    /// The partition whose log this belongs to.
    fileprivate var partition: TopicPartition? {
        switch self {
        case .record(let record): record.topicPartition
        case .endOfPartition(let partition, _): partition
        case .gap(let gap): gap.partition
        case .assigned, .revoked, .lost, .quiet: nil
        }
    }
}

extension KafkaConsumer.Core {
    /// The poll thread's body.
    func run() {
        var queue = RecordQueue(ownerView: handle.ownerView)
        var assigner = TopicAssigner(core: self)
        var fullSince: ContinuousClock.Instant?
        var pausedForGroup = false
        var nextLag = ContinuousClock.now
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
                countPartitions()
                placeUnplaced()
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
            if let onLag, ContinuousClock.now >= nextLag {
                onLag(fullSince == nil ? lag() : askForLag())
                nextLag = .now + .seconds(1)
            }
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
        var timeoutMs = polled.entries.isEmpty ? timeoutMs : 0
        var failure: KafkaError?
        let limit = min(room, 512)
        // Nothing stays ahead from one round to the next: commands in between may seek.
        while failure == nil, queue.hasAhead || polled.entries.count < limit,
            let message = queue.next(timeoutMs: timeoutMs)
        {
            timeoutMs = 0
            polled.tookInHand()
            if polled.entries.count + 1 < limit { queue.lookAhead(past: message) }
            switch queue.read(message) {
            case .record(let record, let partition):
                polled.heardFromBroker()
                if !polled.leftMeanwhile(partition) { accept(record, partition) }
            case .endOfPartition(let partition, let offset):
                polled.heardFromBroker()
                if options.stopsAtEnd { polled.tracker.reachedEnd(of: partition) }
                append(.endOfPartition(partition, offset: offset), partition, size: 64)
            case .needsPosition(let partition, let offset):
                polled.unplaced[partition] = offset
                placeUnplaced()
            case .error(let error):
                polled.note(error)
                if error.isFatal { failure = error } else { onError(error) }
            }
        }
        if let interval = options.quietInterval, polled.entries.isEmpty, polled.lastPush.duration(to: .now) >= interval,
            state.withLock({ $0.bufferedCount == 0 })
        {
            polled.note(.quiet)
        }
        queue.seal()
        flushPolled()
        if let failure { end(failure) }
        if options.stopsAtEnd, polled.isComplete { end(nil) }
    }

    private func accept(_ record: ConsumerRecord, _ partition: TopicPartition) {
        if options.stopsAtEnd, !polled.tracker.includes(offset: record.offset, of: partition) { return }
        append(.record(record), partition, size: record.size + 128)
    }

    func append(_ event: KafkaConsumer.Event, _ partition: TopicPartition, size: Int) {
        let entry = KafkaConsumer.Entry(event: event, slot: slot(of: partition), size: size)
        if entry.next >= 0 { polled.polled(to: entry.next, in: entry.slot) }
        polled.entries.append(entry)
    }

    /// Records come in stretches of one partition: only the first of them is looked up.
    private func slot(of partition: TopicPartition) -> Int {
        if let latest = polled.latest, latest.partition == partition { return latest.slot }
        let slot: Int
        if let known = polled.slots[partition] {
            slot = known
        } else {
            slot = state.withLock { $0.slot(of: partition) }
            polled.slots[partition] = slot
        }
        polled.latest = (partition, slot)
        return slot
    }

    private func flushPolled() {
        guard !polled.entries.isEmpty else { return }
        if options.quietInterval != nil { polled.lastPush = .now }
        let delivery = state.withLock { $0.push(polled.takeEntries()) }
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
}
