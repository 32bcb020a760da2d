import Kafka

/// The broker: topics of one partition each, logs that nothing is lost from, and moods.
struct SimulatedCluster {
    struct Topic {
        var name: String
        var exists = true
        var isAuthorized = true
        /// Bytes of a value at most; of all values of a request when the limit is on batches, as Kafka's is.
        var maximumBytes = Int.max
        var log: [StoredRecord] = []
    }

    var isUp = true
    var topics: [Topic]
    let limitIsOnBatches: Bool

    init(_ scenario: Scenario) {
        topics = scenario.topics.map { Topic(name: $0) }
        limitIsOnBatches = scenario.faults.contains(.batchLimit)
    }

    func index(of topic: String) -> Int? { topics.firstIndex { $0.name == topic } }
}

/// A record as a client was given it, and as the log keeps it.
struct StoredRecord {
    /// Its event's place in the world's book.
    var event: Int
    var key: [UInt8]
    var value: [UInt8]
    var headers: [RecordHeader]
    var timestampMs: Int64
}

/// A request on its way: some records of one topic, with what the broker needs to know them again.
struct ProduceRequest {
    struct Message {
        var record: StoredRecord
        var token: UInt
        /// Its number in the client and topic: what idempotence goes by.
        var order: Int
        var since: Int
    }

    var topic: Int
    var messages: [Message]
    /// The number that must be in the log before.
    var predecessor: Int?
    var connection: Int
    var bytes: Int { messages.reduce(0) { $0 + $1.record.value.count } }
}

/// What the broker says to a request.
enum ProduceAnswer {
    case appended
    /// Some are too large, by their places in the request; the others are in the log.
    case tooLarge([Int])
    case retry
    case outOfOrder
    case failed(KafkaError)
}

extension World {
    /// The broker gets a request.
    func answer(_ request: ProduceRequest, of client: SimulatedClient) -> ProduceAnswer {
        if sabotage == .brokerLies, random.percent(5) { return .appended }
        let topic = cluster.topics[request.topic]
        guard topic.exists else { return .failed(.simulated(.unknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PART")) }
        guard topic.isAuthorized else { return .failed(.simulated(.notAuthorized, "TOPIC_AUTHORIZATION_FAILED")) }
        if strikes(.notLeader, percent: 15) { return .retry }
        if strikes(.outOfSequence, percent: 4) {
            return .failed(
                .simulated(.broker, random.pick(["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID"])))
        }
        if strikes(.refusedRecord, percent: 3) {
            return .failed(.simulated(.broker, "INVALID_RECORD", isRetriable: random.percent(30)))
        }
        if let predecessor = request.predecessor, client.appended[request.topic] < predecessor { return .outOfOrder }
        if cluster.limitIsOnBatches, request.bytes > topic.maximumBytes {
            return .tooLarge(Array(request.messages.indices))
        }
        let tooLarge = request.messages.indices.filter { request.messages[$0].record.value.count > topic.maximumBytes }
        // Too large ones may come after their successors: the answer is on its way while these are written.
        for index in tooLarge {
            book[request.messages[index].record.event].wasRefused = true
            client.refusedOrders.insert(request.messages[index].order)
        }
        for (index, message) in request.messages.enumerated()
        where !tooLarge.contains(index) {
            let isRefused = client.refusedOrders.remove(message.order) != nil
            guard isRefused || message.order > client.appended[request.topic] else { continue }
            client.appended[request.topic] = max(client.appended[request.topic], message.order)
            if mayComeLate(message.record.event, of: client) { book[message.record.event].wasRefused = true }
            append(message.record, to: request.topic)
        }
        return tooLarge.isEmpty ? .appended : .tooLarge(tooLarge)
    }

    /// Whether an event may have been given up before: while a client that is gone had it on its way, or by an earlier process
    /// that left it in a file with others.
    private func mayComeLate(_ event: Int, of client: SimulatedClient) -> Bool {
        let isGone = client.isClosed || client.isDead
        return livesThatDropped.contains { life in
            isGone ? life >= client.life : life >= book[event].life && life < client.life
        }
    }

    private func append(_ record: StoredRecord, to topic: Int) {
        cluster.topics[topic].log.append(record)
        note(.append, book[record.event].run, Int(book[record.event].sequence))
        if let fault = book.append(record.event, topic: topic) { violated("order in the log: \(fault)") }
    }
}

extension KafkaError {
    static func simulated(_ code: Code, _ name: String, isFatal: Bool = false, isRetriable: Bool = false) -> KafkaError
    {
        KafkaError(code: code, rdKafkaName: name, message: "simulated", isFatal: isFatal, isRetriable: isRetriable)
    }
}
