/// Where reading begins, and where it goes on when the log does not have the offset any more; on the poll thread.
extension KafkaConsumer.Core {
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
        return numbered(places, timeoutMs: min(timeoutMs, 1000))
    }

    /// Puts numbers for the ends of logs, as far as the brokers tell them. librdkafka would find them out too, but half a second later
    /// when it has not connected a partition to its leader by the time it is assigned.
    private func numbered(_ places: [(TopicPartition, Int64)], timeoutMs: Int32) -> [(TopicPartition, Int64)] {
        var places = places
        for end in [LogicalOffset.beginning, LogicalOffset.end] where !polled.brokersAreAway {
            let open = places.filter { $0.1 == end }.map(\.0)
            if open.isEmpty { continue }
            // Where this fails librdkafka tries on, and tells.
            guard let offsets = try? handle.logOffsets(end, of: open, timeoutMs: timeoutMs) else { break }
            places = places.map { $0.1 == end ? ($0.0, offsets[$0.0] ?? end) : $0 }
        }
        return places
    }

    /// Positions for partitions that this consumer begins to read: its owner's, the group's commits, or where the
    /// subscription says. Without them nothing may be read, so an error ends the stream and gives nil.
    func placesOnAssignment(_ partitions: [TopicPartition]) -> [(TopicPartition, Int64)]? {
        do throws(KafkaError) {
            let (places, gaps) = try patiently { () throws(KafkaError) -> ([(TopicPartition, Int64)], [LogGap]) in
                let (positions, gaps) = try startPositions(of: partitions)
                return (try self.places(positions, timeoutMs: 5000), gaps)
            }
            for (partition, offset) in places { polled.starts[partition] = offset }
            for gap in gaps { append(.gap(gap), gap.partition, size: 64) }
            return places
        } catch {
            end(error)
            return nil
        }
    }

    private func startPositions(
        of partitions: [TopicPartition]
    ) throws(KafkaError) -> ([TopicPartition: KafkaConsumer.StartPosition], [LogGap]) {
        var starts = try startingAt?(partitions).filter { partitions.contains($0.key) } ?? [:]
        var gaps: [LogGap] = []
        guard case .group(_, _, let reset, let given) = subscription else { return (starts, gaps) }
        let open = partitions.filter { starts[$0] == nil }
        let committed = open.isEmpty ? [:] : try handle.committed(open, timeoutMs: 5000)
        for partition in open {
            if let offset = committed[partition] {
                starts[partition] = .offset(offset)
            } else if let gap = try gapOfNewLog(partition) {
                gaps.append(gap)
                starts[partition] = .offset(gap.resumesAt)
            } else {
                // What was added while reading holds nothing that was meant to be skipped.
                let isLate = polled.partitionCounts[partition.topic].map { partition.partition >= $0 } ?? false
                starts[partition] = given[partition] ?? (isLate ? .beginning : reset)
            }
        }
        return (starts, gaps)
    }

    /// A topic that is deleted takes the group's commits along; when it is made anew, its log ends before what was read.
    private func gapOfNewLog(_ partition: TopicPartition) throws(KafkaError) -> LogGap? {
        guard let position = polled.lastOffset(of: partition) else { return nil }
        let log = try handle.logOffsets(of: partition, timeoutMs: 5000)
        guard position > log.end else { return nil }
        return LogGap(partition: partition, cause: .recreated, position: position, resumesAt: log.start)
    }

    /// Tries again what may succeed later, a few times: the group is being shared out, and its members wait.
    private func patiently<T>(_ work: () throws(KafkaError) -> T) throws(KafkaError) -> T {
        var attempts = 1
        while true {
            do throws(KafkaError) {
                return try work()
            } catch {
                if !error.isRetriable || attempts == 3 { throw error }
                attempts += 1
                onError(error)
            }
        }
    }

    /// Notes how many partitions the group's topics have now: one that is added later is read from its beginning.
    func countPartitions() {
        for topic in polled.uncounted.sorted() {
            do throws(KafkaError) {
                let topics = try handle.metadata(topic: topic, timeoutMs: 1000).topics
                polled.partitionCounts[topic] = topics.first { $0.name == topic }?.partitions.count
                polled.uncounted.remove(topic)
            } catch {
                // Asked again before the next poll.
                polled.note(error)
                onError(error)
                return
            }
        }
    }

    /// Goes on in the partitions whose offset is not in the log.
    func placeUnplaced() {
        guard !polled.unplaced.isEmpty else { return }
        let assignment = state.withLock { $0.assignment }
        for (partition, offset) in polled.unplaced.sorted(by: { $0.key < $1.key }) {
            // Gone to somebody else in the meantime.
            guard assignment.contains(partition) else {
                polled.unplaced[partition] = nil
                continue
            }
            do throws(KafkaError) {
                try resume(partition, from: offset)
                polled.unplaced[partition] = nil
            } catch {
                // Tried again before the next poll.
                polled.note(error)
                onError(error)
                return
            }
        }
    }

    /// The log begins behind our position, or ends before it.
    private func resume(_ partition: TopicPartition, from position: Int64) throws(KafkaError) {
        let log = try handle.logOffsets(of: partition, timeoutMs: 5000)
        let isInside = (log.start...max(log.start, log.end)).contains(position)
        let target = isInside ? position : log.start
        // A seek would be refused: after such an error librdkafka has stopped reading the partition.
        if handle.isEagerMember {
            try handle.assign(polled.positions(replacing: partition, with: target), inAddition: false)
        } else {
            try handle.unassign([partition])
            try handle.assign([(partition, target)], inAddition: true)
        }
        if isInside { return }
        append(
            .gap(
                LogGap(
                    partition: partition, cause: position < log.start ? .retention : .recreated, position: position,
                    resumesAt: target)),
            partition, size: 64)
    }

    // MARK: Lag

    /// Records between the reader and the logs' ends, as the last fetches told.
    func lag() -> [TopicPartition: Int64] {
        lag { handle.latestLogOffsets(of: $0) }
    }

    /// The same, asking the brokers: while nothing is fetched, nothing else tells.
    func askForLag() -> [TopicPartition: Int64] {
        if polled.brokersAreAway { return lag() }
        return lag { partition in
            do throws(KafkaError) {
                return try handle.logOffsets(of: partition, timeoutMs: 1000)
            } catch {
                polled.note(error)
                return polled.brokersAreAway ? nil : handle.latestLogOffsets(of: partition)
            }
        }
    }

    private func lag(_ log: (TopicPartition) -> LogOffsets?) -> [TopicPartition: Int64] {
        var lag: [TopicPartition: Int64] = [:]
        for partition in state.withLock({ $0.assignment }) {
            guard let position = state.withLock({ $0.position(of: partition) }), let log = log(partition) else {
                continue
            }
            lag[partition] = max(0, log.end - position)
        }
        return lag
    }
}
