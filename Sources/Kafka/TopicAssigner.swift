/// Finds the partitions of a consumer that reads alone, and assigns them; used by its poll thread.
///
/// Topics that are missing are asked for every second, all of them once a minute (`topic.metadata.refresh.interval.ms`)
/// for partitions that were added. While the
/// brokers are away the questions cost the poll thread at most a second each, when there is nothing to poll anyway.
struct TopicAssigner {
    private let core: KafkaConsumer.Core
    private var missing: [String]
    private var known: [TopicPartition: KafkaConsumer.StartPosition] = [:]
    private var assigned: Set<TopicPartition> = []
    private var isDue = true
    private var isFirstAsk = true
    private var nextAsk: ContinuousClock.Instant = .now
    private var lastError: KafkaError.Code?

    init(core: KafkaConsumer.Core) {
        self.core = core
        switch core.subscription {
        case .group: missing = []
        case .topics(let topics, _): missing = topics
        case .partitions(let starts):
            missing = []
            known = starts
        }
    }

    mutating func assignWhatIsDue() {
        if core.isGroup { return }
        if ContinuousClock.now >= nextAsk {
            ask()
            nextAsk = .now + (missing.isEmpty && !isDue ? core.refreshInterval : .seconds(1))
        }
    }

    private mutating func ask() {
        do throws(KafkaError) {
            if case .topics(let topics, let start) = core.subscription { try ask(topics, start) }
            // Whoever reads up to the end does not wait for a topic to be made.
            if core.options.stopsAtEnd, known.isEmpty { core.polled.noteNothingToRead() }
            try assignNew()
            isDue = false
        } catch {
            report(error)
        }
    }

    private mutating func ask(_ topics: [String], _ start: KafkaConsumer.StartPosition) throws(KafkaError) {
        var stillMissing: [String] = []
        for topic in topics {
            let metadata = try core.handle.metadata(topic: topic, timeoutMs: 1000)
            guard let found = metadata.topics.first(where: { $0.name == topic }), found.error == nil,
                !found.partitions.isEmpty
            else {
                stillMissing.append(topic)
                report(
                    metadata.topics.first?.error
                        ?? KafkaError(
                            code: .unknownTopicOrPartition, message: "cannot read topic \"\(topic)\": it does not exist"
                        ))
                continue
            }
            // What was not there when reading began holds nothing that was meant to be skipped.
            let isLate = start == .end && !isFirstAsk || !missing.contains(topic)
            for partition in found.partitions {
                let place = TopicPartition(topic: topic, partition: partition.id)
                if known[place] == nil { known[place] = isLate ? .beginning : start }
            }
        }
        missing = stillMissing
        isFirstAsk = false
    }

    private mutating func assignNew() throws(KafkaError) {
        let unassigned = known.filter { !assigned.contains($0.key) }
        guard !unassigned.isEmpty else { return }
        guard var places = core.placesOnAssignment(Array(unassigned.keys)) else { return }
        let given = Set(places.map(\.0))
        places += try core.places(unassigned.filter { !given.contains($0.key) }, timeoutMs: 5000)
        for (partition, offset) in places { core.polled.starts[partition] = offset }
        try core.handle.assign(places, inAddition: !assigned.isEmpty)
        assigned.formUnion(places.map(\.0))
        core.polled.assigned(places.map(\.0))
        core.state.withLock { $0.assigned(places.map(\.0)) }
        lastError = nil
    }

    /// Tells an error once, until another one or success comes between.
    private mutating func report(_ error: KafkaError) {
        core.polled.note(error)
        guard lastError != error.code else { return }
        lastError = error.code
        core.onError(error)
    }
}
