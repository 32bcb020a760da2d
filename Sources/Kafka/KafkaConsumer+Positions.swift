/// Offsets: committing, seeking, pausing, asking. All wait for an answer on a thread of their own, never on the pool's.
extension KafkaConsumer {
    /// Commits everything handed out so far, the record in hand included.
    public func commit() async throws(KafkaError) {
        let offsets = core.state.withLock { $0.handedOutOffsets }
        try await commit(offsets)
    }

    /// Commits a record and all before it in its partition.
    public func commit(_ record: ConsumerRecord) async throws(KafkaError) {
        try await commit([(record.topicPartition, record.offset + 1)])
    }

    /// Commits offsets; each is that of the next record to be read.
    public func commit(offsets: [TopicPartition: Int64]) async throws(KafkaError) {
        try await commit(offsets.map { ($0.key, $0.value) })
    }

    /// Offsets that the group has committed; a partition without one is left out.
    public func committedOffsets(
        of partitions: [TopicPartition], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Int64] {
        try core.requireGroup()
        return try await DedicatedThread.call(name: "kafka-committed") { [core] () throws(KafkaError) in
            try core.handle.committed(partitions, timeoutMs: timeout.milliseconds)
        }
    }

    /// Goes on reading a partition elsewhere; what is buffered of it is dropped.
    public func seek(
        _ partition: TopicPartition, to position: StartPosition, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) {
        try await core.command("seek in \(partition)") { core throws(KafkaError) in
            let places = try core.places([partition: position], timeoutMs: timeout.milliseconds)
            for (partition, offset) in places {
                try core.handle.seek(partition, to: offset, timeoutMs: timeout.milliseconds)
                core.polled.sought(partition, to: offset)
            }
            core.dropBuffered(partition)
        }
    }

    /// Stops fetching from partitions; what is buffered is still handed out.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        try core.handle.pause(partitions)
    }

    /// Fetches again from paused partitions.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        try core.handle.resume(partitions)
    }

    /// Start and end of a partition's log.
    public func logOffsets(
        of partition: TopicPartition, timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> LogOffsets {
        try await DedicatedThread.call(name: "kafka-offsets") { [core] () throws(KafkaError) in
            try core.handle.logOffsets(of: partition, timeoutMs: timeout.milliseconds)
        }
    }

    private func commit(_ offsets: [(TopicPartition, Int64)]) async throws(KafkaError) {
        try core.requireGroup()
        try await DedicatedThread.call(name: "kafka-commit") { [core] () throws(KafkaError) in
            try core.handle.commit(offsets)
        }
    }
}
