import CRdKafka

extension Handle {
    /// Joins the group for these topics; a name that begins with `^` is a regular expression.
    func subscribe(to topics: [String]) throws(KafkaError) {
        let list = try TopicPartitionList(topics.map { TopicPartition(topic: $0, partition: RD_KAFKA_PARTITION_UA) })
        try check("subscribe to \(topics.joined(separator: ", "))") { rd_kafka_subscribe($0, list.pointer) }
    }

    /// Reads these partitions from these offsets, in addition to those read already or instead of them.
    func assign(_ partitions: [(TopicPartition, Int64)], inAddition: Bool) throws(KafkaError) {
        let list = try TopicPartitionList(partitions)
        let attempt = "read \(Self.names(partitions.map(\.0)))"
        guard inAddition else { return try check(attempt) { rd_kafka_assign($0, list.pointer) } }
        try withClient(otherwise: .closed(attempt)) { client throws(KafkaError) in
            if let error = rd_kafka_incremental_assign(client, list.pointer) {
                throw KafkaError(consuming: error, attempt: attempt)
            }
        }
    }

    /// Reads these partitions no more.
    func unassign(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = try TopicPartitionList(partitions)
        let attempt = "stop reading \(Self.names(partitions))"
        try withClient(otherwise: .closed(attempt)) { client throws(KafkaError) in
            if let error = rd_kafka_incremental_unassign(client, list.pointer) {
                throw KafkaError(consuming: error, attempt: attempt)
            }
        }
    }

    /// Whether this is a member of a group that always shares out all partitions: then only all of them can be assigned.
    var isEagerMember: Bool {
        let name = try? withClient(otherwise: KafkaError.closed("look at the group")) { client throws(KafkaError) in
            rd_kafka_rebalance_protocol(client).map { String(cString: $0) }
        }
        return name == "EAGER"
    }

    /// The partitions read at present.
    func assignment() throws(KafkaError) -> [TopicPartition] {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try check("list the partitions read") { rd_kafka_assignment($0, &list) }
        guard let list else { return [] }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        return TopicPartitionList.elements(list).map(\.partition)
    }

    func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = try TopicPartitionList(partitions)
        try check("pause \(Self.names(partitions))") { rd_kafka_pause_partitions($0, list.pointer) }
    }

    func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = try TopicPartitionList(partitions)
        try check("resume \(Self.names(partitions))") { rd_kafka_resume_partitions($0, list.pointer) }
    }

    func seek(_ partition: TopicPartition, to offset: Int64, timeoutMs: Int32) throws(KafkaError) {
        let deadline = ContinuousClock.now + .milliseconds(Int(timeoutMs))
        while true {
            do throws(KafkaError) {
                return try seekOnce(partition, to: offset, timeoutMs: timeoutMs)
            } catch {
                // librdkafka 2.0.2 now and then calls a seek timed out that it has just begun; seeking again does no harm.
                if error.code != .timedOut || ContinuousClock.now >= deadline { throw error }
            }
        }
    }

    private func seekOnce(_ partition: TopicPartition, to offset: Int64, timeoutMs: Int32) throws(KafkaError) {
        let list = try TopicPartitionList([(partition, offset)])
        let attempt = "seek to offset \(offset) of \(partition)"
        try withClient(otherwise: .closed(attempt)) { client throws(KafkaError) in
            if let error = rd_kafka_seek_partitions(client, list.pointer, timeoutMs) {
                throw KafkaError(consuming: error, attempt: attempt)
            }
        }
        if let failed = list.elements.first(where: { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }) {
            throw KafkaError(failed.error, attempt: attempt)
        }
    }

    /// Notes offsets for the next automatic commit. A partition that is no longer ours is skipped: whoever has it now
    /// commits for it.
    func store(_ offsets: [(TopicPartition, Int64)]) throws(KafkaError) {
        let list = try TopicPartitionList(offsets)
        try withClient(otherwise: .closed("store offsets")) { client throws(KafkaError) in
            _ = rd_kafka_offsets_store(client, list.pointer)
        }
    }

    /// Commits offsets and waits for the broker's answer.
    func commit(_ offsets: [(TopicPartition, Int64)]) throws(KafkaError) {
        if offsets.isEmpty { return }
        let list = try TopicPartitionList(offsets)
        let attempt = "commit \(offsets.map { "\($0.0)@\($0.1)" }.joined(separator: ", "))"
        try check(attempt) { rd_kafka_commit($0, list.pointer, 0) }
        if let failed = list.elements.first(where: { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }) {
            throw KafkaError(failed.error, attempt: attempt)
        }
    }

    /// Offsets the group has committed; nil where it has none.
    func committed(
        _ partitions: [TopicPartition], timeoutMs: Int32
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = try TopicPartitionList(partitions)
        try check("ask for committed offsets of \(Self.names(partitions))") {
            rd_kafka_committed($0, list.pointer, timeoutMs)
        }
        var result: [TopicPartition: Int64] = [:]
        for element in list.elements where element.offset >= 0 { result[element.partition] = element.offset }
        return result
    }

    /// The first offsets whose records are of this time or later; the log's end where there are none.
    func offsets(
        of partitions: [TopicPartition], atMs timestampMs: Int64, timeoutMs: Int32
    ) throws(KafkaError) -> [(TopicPartition, Int64)] {
        let list = try TopicPartitionList(partitions.map { ($0, timestampMs) })
        let attempt = "ask for the offsets of \(Self.names(partitions)) at \(timestampMs) ms"
        try check(attempt) { rd_kafka_offsets_for_times($0, list.pointer, timeoutMs) }
        var result: [(TopicPartition, Int64)] = []
        for element in list.elements {
            guard element.error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(element.error, attempt: attempt) }
            result.append((element.partition, element.offset >= 0 ? element.offset : LogicalOffset.end))
        }
        return result
    }

    /// Start and end of a partition's log, as the broker says now.
    ///
    /// Asked for as times: `rd_kafka_query_watermark_offsets` of librdkafka 2.0.2 waits for ever, whatever its time-out, for a
    /// broker that cannot be reached.
    func logOffsets(of partition: TopicPartition, timeoutMs: Int32) throws(KafkaError) -> LogOffsets {
        LogOffsets(
            start: try logOffset(LogicalOffset.beginning, of: partition, timeoutMs),
            end: try logOffset(LogicalOffset.end, of: partition, timeoutMs))
    }

    /// In Kafka's protocol the two ends of a log are times below zero, the same numbers as the logical offsets.
    private func logOffset(_ end: Int64, of partition: TopicPartition, _ timeoutMs: Int32) throws(KafkaError) -> Int64 {
        let list = try TopicPartitionList([(partition, end)])
        let attempt = "ask for the log offsets of \(partition)"
        try check(attempt) { rd_kafka_offsets_for_times($0, list.pointer, timeoutMs) }
        guard let found = list.elements.first else { throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, attempt: attempt) }
        guard found.error == RD_KAFKA_RESP_ERR_NO_ERROR, found.offset >= 0 else {
            let code = found.error == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__NO_OFFSET : found.error
            throw KafkaError(code, attempt: attempt)
        }
        return found.offset
    }

    /// One end of several logs, asked for at once; partitions without a leader are missing. One leader that fails fails all.
    func logOffsets(
        _ end: Int64, of partitions: [TopicPartition], timeoutMs: Int32
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = try TopicPartitionList(partitions.map { ($0, end) })
        try check("ask for the log offsets of \(Self.names(partitions))") {
            rd_kafka_offsets_for_times($0, list.pointer, timeoutMs)
        }
        var offsets: [TopicPartition: Int64] = [:]
        for element in list.elements where element.error == RD_KAFKA_RESP_ERR_NO_ERROR && element.offset >= 0 {
            offsets[element.partition] = element.offset
        }
        return offsets
    }

    /// Start and end of a partition's log as the last fetch told; nil before the first one.
    func latestLogOffsets(of partition: TopicPartition) -> LogOffsets? {
        var start: Int64 = 0
        var end: Int64 = 0
        let code = try? withClient(otherwise: KafkaError.closed("look at log offsets")) { client throws(KafkaError) in
            rd_kafka_get_watermark_offsets(client, partition.topic, partition.partition, &start, &end)
        }
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && end >= 0 ? LogOffsets(start: start, end: end) : nil
    }

    private func check(
        _ attempt: @autoclosure () -> String, _ call: (OpaquePointer) -> rd_kafka_resp_err_t
    ) throws(KafkaError) {
        let code = try withClient(otherwise: KafkaError.closed(attempt())) { client throws(KafkaError) in call(client) }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw KafkaError(code, attempt: attempt())
    }

    private static func names(_ partitions: [TopicPartition]) -> String {
        partitions.map(\.description).joined(separator: ", ")
    }
}
