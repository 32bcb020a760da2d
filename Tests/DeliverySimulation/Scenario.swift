import Kafka
import MetricsTopic

/// What can go wrong. A seed activates some of them; an active one then strikes at random.
enum Fault: Int, CaseIterable {
    // The broker and the way to it.
    case brokerDown, lostAnswer, slowBroker, notLeader, topicMissing, notAuthorized, topicLimit, batchLimit
    case outOfSequence, refusedRecord, silentClient, closeHangs, clientNotMade, lostReports, timeouts
    // The disk.
    case appendFails, shortWrite, syncFails, folderSyncFails, createFails, deleteFails, truncateFails, readFails
    case cursorFails, quarantineFails, diskFull
    // The process.
    case kill, powerLoss, stop, reconfigure
    // The queries.
    case storm, largeEvents
}

/// What a world is like; all of it follows from the seed.
struct Scenario {
    struct Client {
        var queueLimit = 0
        var batchRecords = 0
        var lingerUs = 0
        var requestsInFlight = 0
        var maximumValueBytes = 0
        /// Like librdkafka before 2.3: a connection lost with a request in flight is often the end of an idempotent producer.
        var failsWhenConnectionIsLost = false
    }

    let seed: UInt64
    var faults: Set<Fault> = []
    var steps = 0
    var hasSpool = true
    var separateLifecycle = true
    var policy = KafkaMetrics.FullPolicy.dropOldest
    var durability = SpoolOptions.Durability.everyEvent
    var segmentBytes = 0
    var maximumBytes = 0
    var limits = KafkaMetrics.Limits()
    var client = Client()
    var latencyUs = 0
    /// Microseconds between two steps, about.
    var paceUs = 0
    var queries = 1
    /// Events until the world ends, about.
    var events = 0
    /// How often, of a hundred calls of a thread, another thread goes first.
    var preemption = 0

    static let groupCommit = Duration.milliseconds(50)

    init(seed: UInt64, steps: Int?, random: inout SeededRandom) {
        self.seed = seed
        // A fifth of the worlds is nearly without faults: what goes wrong there is told most plainly.
        let share = random.percent(20) ? 4 : 30
        for fault in Fault.allCases where random.percent(share) { faults.insert(fault) }
        self.steps = steps ?? random.pick([80, 150, 300])
        hasSpool = random.percent(85)
        separateLifecycle = random.percent(70)
        policy = random.percent(70) ? .dropOldest : .dropNewest
        durability = random.percent(75) ? .groupCommit(every: Self.groupCommit) : .everyEvent
        segmentBytes = random.pick([4096, 4096, 8192, 32768])
        maximumBytes = random.percent(40) ? 2 * segmentBytes : 64 * segmentBytes
        limits = KafkaMetrics.Limits(
            bufferedEvents: random.pick([4, 16, 64, 1000]), memoryBytes: random.pick([4096, 16384, 65536, 1 << 20]),
            eventsInFlight: random.pick([1, 3, 20, 1000]), stallAfter: .seconds(3))
        client.queueLimit = random.pick([5, 50, 1000, 1000])
        client.batchRecords = random.pick([1, 4, 20, 100])
        client.lingerUs = random.pick([0, 5_000, 20_000])
        client.requestsInFlight = random.pick([1, 2, 5])
        client.maximumValueBytes = faults.contains(.largeEvents) ? random.pick([1200, 2500]) : 100_000
        client.failsWhenConnectionIsLost = random.percent(60)
        latencyUs = random.pick([200, 2_000, 40_000])
        paceUs = random.pick([300, 2_000, 15_000])
        queries = random.within(1...3)
        events = random.within(10...120)
        preemption = random.pick([0, 2, 10])
    }

    var topics: [String] { separateLifecycle ? ["metrics", "lifecycle"] : ["metrics"] }

    var spoolOptions: SpoolOptions? {
        hasSpool
            ? SpoolOptions(
                directory: "spool", maximumBytes: maximumBytes, segmentBytes: segmentBytes, durability: durability)
            : nil
    }
}

extension Scenario: CustomStringConvertible {
    var description: String {
        let faults = faults.sorted { $0.rawValue < $1.rawValue }.map { "\($0)" }.joined(separator: " ")
        return """
            faults: \(faults.isEmpty ? "none" : faults)
            \(hasSpool ? "spool of \(maximumBytes) bytes in files of \(segmentBytes), \(durability)" : "no spool"), \
            \(policy), \(limits), \(client), latency \(latencyUs) us, pace \(paceUs) us, preemption \(preemption) %
            """
    }
}
