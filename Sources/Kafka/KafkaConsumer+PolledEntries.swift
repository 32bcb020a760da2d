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
        /// Whether partitions were taken away, and what the group gives instead has not been told.
        private var awaitsAssignment = false
        /// Since when the group has given us no partition.
        private var emptySince: ContinuousClock.Instant?
        /// How long to wait for one then: the others of a group give theirs back first, which takes some heartbeats.
        static let patience = Duration.seconds(10)
        /// How much was polled the last time, which is about what is polled the next time.
        private var lastCount = 0
        /// Where to begin in partitions that the group gives; set once, before the thread starts.
        var places: (([TopicPartition]) -> [(TopicPartition, Int64)])?
        /// Partitions whose offset the log does not have, to be begun anew; tried again while brokers are away.
        var unplaced: [TopicPartition: Int64] = [:]
        /// Where partitions were begun.
        var starts: [TopicPartition: Int64] = [:]
        @exclusivity(unchecked) var firstFetch = FirstFetch()
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
            awaitsAssignment = false
            emptySince = tracker.isEmpty ? emptySince ?? .now : nil
            guard !partitions.isEmpty else { return }
            firstFetch.begin(now: .now)
            note(.assigned(partitions))
        }

        private func gone(_ partitions: [TopicPartition], _ event: Event) {
            tracker.forget(partitions)
            // An assignment follows, if only of none; while the brokers are away that takes as long as it takes.
            if !partitions.isEmpty { (awaitsAssignment, emptySince) = (true, nil) }
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

        /// Partitions of which neither a record nor the end came yet.
        var silent: [TopicPartition] {
            starts.keys.filter { partition in
                guard let slot = slots[partition], slot < polledOffsets.count else { return true }
                return polledOffsets[slot] == nil
            }
        }

        /// Reading goes on elsewhere, as it was told.
        func sought(_ partition: TopicPartition, to offset: Int64) {
            starts[partition] = offset
            if let slot = slots[partition], slot < polledOffsets.count { polledOffsets[slot] = nil }
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
        func isComplete(now: ContinuousClock.Instant) -> Bool {
            guard sawAssignment, !awaitsAssignment, tracker.isComplete else { return false }
            return emptySince.map { $0.duration(to: now) >= Self.patience } ?? true
        }

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
