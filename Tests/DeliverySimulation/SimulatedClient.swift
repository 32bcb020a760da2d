import Kafka
import MetricsTopic

/// A producer like librdkafka's: a bounded queue, requests in flight, idempotence, and all the ways in which it ends.
final class SimulatedClient: DeliveryClient, @unchecked Sendable {
    // Sendable by proof: a world and all in it are used by one thread.
    typealias Message = ProduceRequest.Message

    unowned let world: World
    let number: Int
    /// The process that it belongs to.
    let life: Int
    private let handlers: DeliveryHandlers
    private let settings: Scenario.Client
    private var queues: [[Message]]
    private var flights: [[ProduceRequest]]
    private var nextOrder = 0
    /// The highest number of each topic that was acknowledged, and that the broker has appended.
    private var acknowledged: [Int]
    var appended: [Int]
    /// Below these, what the broker has refused by itself.
    var refusedOrders: Set<Int> = []
    private(set) var connection = 0
    private var lastArrival = 0
    private var resumeAt = 0
    private(set) var fatalError: KafkaError?
    private(set) var isClosed = false
    /// Its process is gone.
    var isDead = false

    init(world: World, number: Int, life: Int, handlers: DeliveryHandlers) {
        self.world = world
        self.number = number
        self.life = life
        self.handlers = handlers
        settings = world.scenario.client
        let count = world.cluster.topics.count
        queues = Array(repeating: [], count: count)
        flights = Array(repeating: [], count: count)
        acknowledged = Array(repeating: -1, count: count)
        appended = Array(repeating: -1, count: count)
    }

    var maximumValueBytes: Int { settings.maximumValueBytes }
    private var waiting: Int {
        queues.reduce(0) { $0 + $1.count } + flights.joined().reduce(0) { $0 + $1.messages.count }
    }

    // MARK: What the sender calls

    func produce(_ record: borrowing OutgoingRecord, token: UInt) throws(KafkaError) {
        world.yield(to: .client)
        if isClosed { throw .simulated(.closed, "_DESTROY") }
        if fatalError != nil { throw .simulated(.fatal, "_FATAL", isFatal: true) }
        guard let topic = world.cluster.index(of: record.topic) else {
            return world.violated("a record goes to the topic \(record.topic), which nobody named")
        }
        guard let stored = world.stored(record, token: token, life: life) else { return }
        if record.value.count > maximumValueBytes { return world.violated("a record is larger than the client takes") }
        if waiting >= settings.queueLimit { throw .simulated(.queueFull, "_QUEUE_FULL") }
        if world.strikes(.topicLimit, percent: 1) {
            world.book[stored.event].wasRefused = true
            world.life?.sawTooLarge = true
            throw .simulated(.messageTooLarge, "MSG_SIZE_TOO_LARGE")
        }
        if !world.cluster.topics[topic].exists, world.random.percent(20) {
            throw .simulated(.unknownTopicOrPartition, "_UNKNOWN_TOPIC")
        }
        nextOrder += 1
        queues[topic].append(Message(record: stored, token: token, order: nextOrder, since: world.clock.time))
    }

    func meet(_ topics: [String]) { world.blocks(forUs: world.random.below(300_000)) }

    func examine(_ topics: [String]) -> KafkaError? {
        world.note(.examine, number)
        world.blocks(forUs: world.random.below(1_000_000))
        guard world.cluster.isUp else { return .simulated(.timedOut, "_TIMED_OUT") }
        for index in topics.compactMap({ world.cluster.index(of: $0) }) {
            guard world.cluster.topics[index].isAuthorized else {
                return .simulated(.notAuthorized, "TOPIC_AUTHORIZATION_FAILED")
            }
            if !world.cluster.topics[index].exists {
                guard world.random.percent(50) else {
                    return .simulated(.unknownTopicOrPartition, "UNKNOWN_TOPIC_OR_PART")
                }
                world.cluster.topics[index].exists = true
            }
        }
        return nil
    }

    func close(within time: Duration) -> Bool {
        world.yield(to: .client)
        guard !isClosed else { return true }
        isClosed = true
        let hangs = world.strikes(.closeHangs, percent: 50)
        world.note(.closeClient, number, hangs ? 1 : 0)
        if hangs {
            // What is in flight goes on behind our back, and its reports come late or never.
            purge(queuesOnly: true, after: world.random.percent(50) ? 400_000 : nil)
            world.blocks(forUs: Int(time / .microseconds(1)))
            return false
        }
        // Answers that are here already are still told, as a rule.
        let answers = world.takeReports(of: self)
        if world.strikes(.lostReports, percent: 50) {
            world.schedule(.reports(self, answers), after: world.random.below(2_000_000))
        } else {
            tell(answers)
        }
        purge(queuesOnly: false, after: 0)
        return true
    }

    private func purge(queuesOnly: Bool, after delay: Int?) {
        var purged = queues.joined().map { $0 }
        if !queuesOnly {
            purged += flights.joined().flatMap(\.messages)
            flights = flights.map { _ in [] }
            connection += 1
        }
        queues = queues.map { _ in [] }
        let reports = purged.map { report($0, .simulated(.purged, "_PURGE_QUEUE")) }
        guard let delay, !reports.isEmpty else { return }
        if delay == 0 { tell(reports) } else { world.schedule(.reports(self, reports), after: delay) }
    }

    // MARK: Its own thread

    /// Sends what may be sent now; gives when it could be asked again.
    func pump() {
        guard !isDead, fatalError == nil, !isClosed else { return }
        let now = world.clock.time
        for topic in queues.indices {
            expire(topic, now)
            while now >= resumeAt, flights[topic].count < settings.requestsInFlight, let first = queues[topic].first,
                first.since + settings.lingerUs <= now || queues[topic].count >= settings.batchRecords
            {
                // What is sent again is not mixed with what comes behind those in flight.
                let behind = flights[topic].map { $0.messages[0].order }.filter { $0 > first.order }.min() ?? .max
                var messages = Array(queues[topic].prefix(settings.batchRecords).prefix { $0.order < behind })
                queues[topic].removeFirst(messages.count)
                if world.sabotage == .clientReorders { messages.reverse() }
                send(ProduceRequest(topic: topic, messages: messages, connection: connection))
            }
        }
    }

    private func send(_ request: ProduceRequest) {
        var request = request
        let first = request.messages[0].order
        let before = flights[request.topic].compactMap(\.messages.last?.order).filter { $0 < first }.max()
        request.predecessor = before ?? (acknowledged[request.topic] >= 0 ? acknowledged[request.topic] : nil)
        flights[request.topic].append(request)
        // One connection keeps the order.
        lastArrival = max(lastArrival, world.clock.time + world.latency())
        world.schedule(.arrival(self, request), at: lastArrival)
    }

    /// Records whose time is over, where one was set.
    private func expire(_ topic: Int, _ now: Int) {
        guard world.scenario.faults.contains(.timeouts), !world.isHealed else { return }
        let old = queues[topic].filter { now - $0.since > 2_000_000 }
        guard !old.isEmpty else { return }
        queues[topic].removeAll { now - $0.since > 2_000_000 }
        fail(old, .simulated(.timedOut, "_MSG_TIMED_OUT"))
    }

    /// When it has something to do by itself.
    var due: Int? {
        guard !isDead, fatalError == nil, !isClosed else { return nil }
        var due: Int?
        for topic in queues.indices where flights[topic].count < settings.requestsInFlight {
            guard let first = queues[topic].first else { continue }
            due = min(due ?? .max, max(resumeAt, first.since + settings.lingerUs))
        }
        return due
    }

    // MARK: The network

    func receive(_ answer: ProduceAnswer, to request: ProduceRequest) {
        guard !isDead, request.connection == connection,
            let index = flights[request.topic].firstIndex(where: { $0.messages[0].order == request.messages[0].order })
        else { return }
        flights[request.topic].remove(at: index)
        world.note(.answer, number, request.messages.count)
        switch answer {
        case .appended:
            acknowledged[request.topic] = max(acknowledged[request.topic], request.messages.last?.order ?? -1)
            world.schedule(.reports(self, request.messages.map { report($0, nil) }), after: world.random.below(2_000))
        case .tooLarge(let places):
            let refused = Set(places)
            let fine = request.messages.indices.filter { !refused.contains($0) }.map { request.messages[$0] }
            if let last = fine.last { acknowledged[request.topic] = max(acknowledged[request.topic], last.order) }
            if !fine.isEmpty { world.schedule(.reports(self, fine.map { report($0, nil) }), after: 0) }
            world.life?.sawTooLarge = true
            fail(places.map { request.messages[$0] }, .simulated(.messageTooLarge, "MSG_SIZE_TOO_LARGE"))
        case .retry, .outOfOrder: again(request, after: 100_000)
        case .failed(let error): failed(request, error)
        }
    }

    private func failed(_ request: ProduceRequest, _ error: KafkaError) {
        world.note(.rejected, number, request.messages.count)
        switch error.code {
        case .unknownTopicOrPartition, .notAuthorized:
            if world.scenario.faults.contains(.silentClient) { return again(request, after: 500_000) }
            fail(request.messages, error)
            if world.random.percent(30) { handlers.onError(error) }
        default:
            guard error.rdKafkaName != "INVALID_RECORD" else {
                if !error.isRetriable { world.life?.sawRefusal = true }
                return fail(request.messages, error)
            }
            end(request.messages, error)
        }
    }

    /// Back to the queue, to be sent again in its old place.
    private func again(_ request: ProduceRequest, after delay: Int) {
        resumeAt = max(resumeAt, world.clock.time + delay)
        requeue(request.messages, request.topic)
    }

    private func requeue(_ messages: [Message], _ topic: Int) {
        queues[topic] = (messages + queues[topic]).sorted { $0.order < $1.order }
    }

    func loseConnection() {
        guard !isDead else { return }
        let lost = flights.joined().count
        world.note(.lostConnection, number, lost)
        connection += 1
        lastArrival = 0
        resumeAt = max(resumeAt, world.clock.time + 100_000)
        if lost > 0, settings.failsWhenConnectionIsLost, !isClosed, world.random.percent(60) { return end([], nil) }
        for topic in flights.indices {
            for request in flights[topic] { requeue(request.messages, topic) }
            flights[topic] = []
        }
        if world.random.percent(50) { handlers.onError(.simulated(.brokerUnreachable, "_TRANSPORT")) }
    }

    /// It fails for good; its reports come before, after, or with its end.
    private func end(_ messages: [Message], _ error: KafkaError?) {
        guard fatalError == nil, !isClosed else { return }
        world.note(.fatal, number)
        fatalError = .simulated(.fatal, "_FATAL", isFatal: true)
        connection += 1
        let all = messages + (flights.joined().flatMap(\.messages)) + queues.joined()
        flights = flights.map { _ in [] }
        queues = queues.map { _ in [] }
        let reports = all.map { report($0, error ?? .simulated(.fatal, "_FATAL", isFatal: true)) }
        guard !isDead else { return }
        // One of the two comes at least, in either order.
        let tellsFirst = world.random.percent(50)
        let tellsEnd = error == nil || world.random.percent(70)
        if tellsFirst { tell(reports) }
        if tellsEnd { handlers.onError(.simulated(.fatal, "_FATAL", isFatal: true)) }
        if !tellsFirst, !tellsEnd || world.random.percent(70) {
            world.schedule(.reports(self, reports), after: world.random.below(5_000))
        }
    }

    // MARK: Reports

    private func fail(_ messages: [Message], _ error: KafkaError) {
        // An answer that was refused by name may come after its successors, which are on their way.
        for message in messages { world.book[message.record.event].wasRefused = true }
        world.schedule(.reports(self, messages.map { report($0, error) }), after: world.random.below(2_000))
    }

    private func report(_ message: Message, _ error: KafkaError?) -> DeliveryReport {
        DeliveryReport(
            token: message.token, topic: "", partition: 0, offset: nil,
            status: error == nil ? .persisted : .notPersisted,
            error: error, latency: .zero)
    }

    func tell(_ reports: [DeliveryReport]) {
        guard !isDead, !reports.isEmpty else { return }
        world.note(.reports, number, reports.count)
        world.count(reports, life: life)
        handlers.onReports(reports)
    }
}

/// Makes clients; now and then in vain.
struct SimulatedClientMaker: DeliveryClientMaker {
    unowned let world: World
    let life: Int

    func makeClient(
        _ configuration: KafkaConfiguration, _ handlers: DeliveryHandlers
    ) throws(KafkaError) -> any DeliveryClient {
        if !world.isStarting, world.strikes(.clientNotMade, percent: 30) {
            throw .simulated(.resourceExhausted, "_CRIT_SYS_RESOURCE")
        }
        let client = SimulatedClient(world: world, number: world.clients.count, life: life, handlers: handlers)
        world.clients.append(client)
        world.note(.newClient, client.number)
        return client
    }
}
