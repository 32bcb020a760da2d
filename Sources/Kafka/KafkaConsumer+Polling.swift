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
                hurryFirstFetch()
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

    func poll(_ queue: inout some RecordSource, room: Int, wait timeoutMs: Int32 = 500) {
        var timeoutMs = polled.entries.isEmpty ? polled.firstFetch.wait(atMostMs: timeoutMs, now: .now) : 0
        var failure: KafkaError?
        let limit = min(room, 512)
        // Nothing stays ahead from one round to the next: commands in between may seek.
        while failure == nil, queue.hasAhead || polled.entries.count < limit,
            let message = queue.next(timeoutMs: timeoutMs)
        {
            timeoutMs = 0
            polled.tookInHand()
            // Before anything may call back: what is told then is newer.
            if queue.isFromBroker(message) { polled.heardFromBroker() }
            if polled.entries.count + 1 < limit { queue.lookAhead(past: message) }
            switch queue.read(message) {
            case .record(let record, let partition):
                if !polled.leftMeanwhile(partition) { accept(record, partition) }
            case .endOfPartition(let partition, let offset):
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
        if options.stopsAtEnd, polled.isComplete(now: .now) { end(nil) }
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

    private func hurryFirstFetch() {
        guard polled.firstFetch.isDue(now: .now) else { return }
        let silent = polled.silent
        guard !silent.isEmpty, !polled.brokersAreAway else { return polled.firstFetch.end() }
        // Asking is the purpose: what is answered was not needed, and of what is wrong the reading itself tells.
        _ = try? handle.offsets(of: silent, atMs: LogicalOffset.end, timeoutMs: 100)
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
