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
        return places
    }

    /// Positions for partitions that this consumer begins to read: its owner's, the group's commits, or where the
    /// subscription says. Without them nothing may be read, so an error ends the stream and gives nil.
    func placesOnAssignment(_ partitions: [TopicPartition]) -> [(TopicPartition, Int64)]? {
        do throws(KafkaError) {
            let places = try patiently { () throws(KafkaError) in try startingPlaces(partitions) }
            for (partition, offset) in places { polled.starts[partition] = offset }
            return places
        } catch {
            end(error)
            return nil
        }
    }

    private func startingPlaces(_ partitions: [TopicPartition]) throws(KafkaError) -> [(TopicPartition, Int64)] {
        var starts = try startingAt?(partitions).filter { partitions.contains($0.key) } ?? [:]
        if case .group(_, _, let reset, let given) = subscription {
            let open = partitions.filter { starts[$0] == nil }
            let committed = open.isEmpty ? [:] : try handle.committed(open, timeoutMs: 5000)
            for partition in open {
                // What was added while reading holds nothing that was meant to be skipped.
                let isLate = polled.partitionCounts[partition.topic].map { partition.partition >= $0 } ?? false
                starts[partition] =
                    committed[partition].map { .offset($0) } ?? given[partition] ?? (isLate ? .beginning : reset)
            }
        }
        return try places(starts, timeoutMs: 5000)
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
        for (partition, offset) in polled.unplaced.sorted(by: { $0.key < $1.key }) {
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
