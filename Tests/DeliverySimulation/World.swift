import FoundationEssentials
import Kafka
import MetricsTopic

/// Everything a forwarder touches, made of one seed: time, disk, brokers, clients, queries, and the order in which threads
/// get their turns.
///
/// All of it runs on one thread. A step is a thread's turn, an answer of the network, time that passes, or a fault. At each call
/// that the forwarder makes of its clock, disk or client, another thread may get a turn first (``yield(to:)``), so its two threads,
/// the client's and the listener's interleave as they do in a process.
final class World: @unchecked Sendable {
    // Sendable by proof: a world and all in it are used by one thread.
    /// Where another thread may go first.
    enum Site { case clock, disk, client }

    enum Arrival {
        case arrival(SimulatedClient, ProduceRequest)
        case answer(SimulatedClient, ProduceRequest, ProduceAnswer)
        case reports(SimulatedClient, [DeliveryReport])
    }

    let scenario: Scenario
    let sabotage: Sabotage?
    var random: SeededRandom
    var trace: Trace
    var book = EventBook()
    var cluster: SimulatedCluster
    var workload: Workload
    var consumer: ConsumerModel
    let clock = SimulatedClock()
    var clients: [SimulatedClient] = []
    var life: ForwarderLife?
    var lives = 0
    /// Processes that have given up events which they had taken.
    var livesThatDropped: Set<Int> = []
    var disk: SimulatedDisk?
    /// Bytes that the disk has for all files; nil is enough.
    var diskSpace: Int?
    var diskWasFull = false
    var isStarting = false
    var isHealed = false
    /// How deep turns are within turns.
    private(set) var yieldDepth = 0
    private var network: [(time: Int, arrival: Arrival)] = []
    private var isNetworkRunning = false
    private(set) var violation: String?

    init(seed: UInt64, steps: Int?, keepsRemarks: Bool, sabotage: Sabotage? = nil) {
        self.sabotage = sabotage
        trace = Trace(keepsRemarks: keepsRemarks)
        random = SeededRandom(seed: seed)
        scenario = Scenario(seed: seed, steps: steps, random: &random)
        cluster = SimulatedCluster(scenario)
        workload = Workload(scenario, random: &random)
        consumer = ConsumerModel(topics: cluster.topics.count)
        clock.onRead = { [unowned self] in yield(to: .clock) }
        if scenario.hasSpool { disk = SimulatedDisk(world: self, stored: StoredFiles()) }
    }

    // MARK: What everything uses

    func note(_ step: Trace.Step, _ first: Int = 0, _ second: Int = 0) {
        trace.note(step, first, second, at: clock.time)
    }

    /// Keeps the first thing that is wrong; the world ends at the next step.
    func violated(_ what: String) {
        if violation == nil { violation = what }
    }

    /// Whether a fault that this world has happens now.
    func strikes(_ fault: Fault, percent: Int) -> Bool {
        !isHealed && !isStarting && scenario.faults.contains(fault) && random.percent(percent)
    }

    func latency() -> Int {
        let slow = strikes(.slowBroker, percent: 10) ? 5_000_000 : 0
        return scenario.latencyUs / 2 + random.below(scenario.latencyUs) + slow
    }

    /// Notes a record that a client was given; nil when it is no event of ours.
    func stored(_ record: borrowing OutgoingRecord, token: UInt, life number: Int) -> StoredRecord? {
        var headers: [RecordHeader] = []
        var (run, sequence) = ("", UInt64.max)
        for (name, value) in record.headers {
            let text = String(decoding: value, as: UTF8.self)
            headers.append(RecordHeader(name: String(describing: name), text: text))
            if headers.last?.name == "run-id" { run = text }
            if headers.last?.name == "sequence" { sequence = UInt64(text) ?? .max }
        }
        guard let event = book.index(run: run, sequence: sequence) else {
            violated("a record names the run \(run) and the sequence \(sequence), which were never offered")
            return nil
        }
        note(.produce, book[event].run, Int(sequence))
        if let life, life.number == number { life.note(token: token, event: event) }
        return StoredRecord(
            event: event, key: Array(record.key), value: Array(record.value), headers: headers,
            timestampMs: record.timestampMs)
    }

    func count(_ reports: [DeliveryReport], life number: Int) {
        if let life, life.number == number { life.count(reports) }
    }

    // MARK: Turns within turns

    /// Another thread may go first.
    func yield(to site: Site) {
        guard yieldDepth < 2, !isStarting, violation == nil, scenario.preemption > 0, let life, disk?.killed == nil,
            random.percent(site == .clock ? scenario.preemption / 2 : scenario.preemption)
        else { return }
        yieldDepth += 1
        defer { yieldDepth -= 1 }
        switch random.below(4) {
        case 0: offer()
        case 1: runNetwork()
        case 2: life.runWriter()
        default: life.runSender()
        }
    }

    /// A thread waits in a call while the others go on.
    func blocks(forUs time: Int) {
        guard yieldDepth < 2, let life, violation == nil, !isStarting else {
            clock.time += time
            return
        }
        yieldDepth += 1
        defer { yieldDepth -= 1 }
        let end = clock.time + time
        for _ in 0..<4 where clock.time < end && disk?.killed == nil {
            clock.time = min(end, clock.time + random.below(time / 2 + 1))
            runNetwork()
            life.runWriter()
            life.runSender()
        }
        clock.time = max(clock.time, end)
    }

    func offer() {
        guard workload.remaining > 0, let life, disk?.killed == nil else { return }
        let (event, run) = workload.next(&random, &book)
        let sequence = book.offer(event, run: run, life: life.number)
        note(.offer, run, Int(sequence))
        life.offer(event)
    }

    // MARK: The network

    func schedule(_ arrival: Arrival, after delay: Int) { schedule(arrival, at: clock.time + delay) }

    func schedule(_ arrival: Arrival, at time: Int) { network.append((time, arrival)) }

    /// Reports that wait to be told, and are not any more.
    func takeReports(of client: SimulatedClient) -> [DeliveryReport] {
        var reports: [DeliveryReport] = []
        network.removeAll { entry in
            guard case .reports(let owner, let waiting) = entry.arrival, owner === client else { return false }
            reports += waiting
            return true
        }
        return reports
    }

    /// When the network has something to do.
    var networkDue: Int? {
        var due = network.map(\.time).min()
        for client in clients { if let next = client.due { due = min(due ?? .max, next) } }
        return due
    }

    /// Lets the clients send, and everything arrive whose time has come.
    func runNetwork() {
        guard !isNetworkRunning else { return }
        isNetworkRunning = true
        defer { isNetworkRunning = false }
        for client in clients { client.pump() }
        while violation == nil, let index = firstDue() {
            switch network.remove(at: index).arrival {
            case .arrival(let client, let request): arrive(request, from: client)
            case .answer(let client, let request, let answer): client.receive(answer, to: request)
            case .reports(let client, let reports): client.tell(reports)
            }
        }
    }

    private func firstDue() -> Int? {
        var first: Int?
        for index in network.indices where network[index].time <= clock.time {
            if first.map({ network[index].time < network[$0].time }) ?? true { first = index }
        }
        return first
    }

    private func arrive(_ request: ProduceRequest, from client: SimulatedClient) {
        note(.arrival, client.number, request.messages.count)
        guard cluster.isUp else { return request.connection == client.connection ? client.loseConnection() : () }
        // What a broken connection carried comes to the broker or not.
        if request.connection != client.connection, random.percent(50) { return }
        let answer = answer(request, of: client)
        if request.connection == client.connection, strikes(.lostAnswer, percent: 8) { return client.loseConnection() }
        schedule(.answer(client, request, answer), after: latency())
    }
}
