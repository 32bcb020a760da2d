import Kafka
import Logging
import MetricsTopic
import StreamingMetrics

/// One process that forwards: a pipeline, the two threads that drive it as the real ones do, and what is checked after each
/// of their steps.
final class ForwarderLife {
    /// A thread's waiting place.
    private final class Bell: @unchecked Sendable {
        // Sendable by proof: a world and all in it are used by one thread.
        var isRung = false
    }

    private struct Thread {
        let bell = Bell()
        /// When it wakes by itself; nil is only by its bell.
        var due: Int? = 0
        var isRunning = false

        func isDue(_ time: Int) -> Bool { !isRunning && (bell.isRung || (due.map { $0 <= time } ?? false)) }
    }

    unowned let world: World
    let number: Int
    let pipeline: DeliveryPipeline
    private let birth: Int
    private let bytesAtBirth: Int
    private var writer = Thread()
    private var sender = Thread()
    /// Which event each token stands for.
    private var tokens: [UInt: Int] = [:]
    /// Tokens that were reported as delivered.
    private(set) var delivered: Set<UInt> = []
    private(set) var last = ForwardingStatistics()
    var sawTooLarge = false
    var sawRefusal = false
    var isStopping = false
    /// The frames on the disk before the step in which the process is to be killed.
    private(set) var framesBefore: [FrameScanner.Frame] = []
    private var offersWithFullRing = 0
    /// Files with bytes that are not synced: since when, and at the end of which step that was seen.
    private var dirty: [Int: (since: Int, seen: Int)] = [:]

    init(world: World, number: Int, disk: SimulatedDisk?) throws {
        self.world = world
        self.number = number
        birth = world.clock.time
        bytesAtBirth = disk?.mostBytes ?? 0
        let scenario = world.scenario
        let (writerBell, senderBell) = (writer.bell, sender.bell)
        pipeline = try DeliveryPipeline(
            DeliveryPipeline.Parts(
                configuration: KafkaConfiguration(bootstrapServers: "simulated:9092"), progressTopic: "metrics",
                lifecycleTopic: scenario.separateLifecycle ? "lifecycle" : nil, limits: scenario.limits,
                policy: scenario.policy, spool: scenario.spoolOptions,
                logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }, onAlarm: { _ in }),
            disk: disk, clock: world.clock,
            bells: .init(wakeWriter: { writerBell.isRung = true }, wakeSender: { senderBell.isRung = true })
        ) { _ in SimulatedClientMaker(world: world, life: number) }
        last = pipeline.statistics
    }

    // MARK: Threads

    func offer(_ event: StreamingQueryEvent) {
        let isFull = pipeline.load.ring >= world.scenario.limits.bufferedEvents
        if isFull { offersWithFullRing += 1 }
        if pipeline.offer(event) { writer.bell.isRung = true }
        check("an offer")
    }

    func runWriter(ifDue: Bool = true) {
        guard !writer.isRunning, !ifDue || writer.isDue(world.clock.time) else { return }
        writer.isRunning = true
        writer.bell.isRung = false
        if let disk = world.disk, disk.changesUntilKill != nil, disk.killed == nil {
            framesBefore = SimulatedDisk.frames(in: disk.stored, promisedOnly: false)
        }
        let begun = world.clock.time
        let wait = pipeline.stepWriter()
        writer.due = wait.map { world.clock.time + max(Int($0 / .microseconds(1)), 0) }
        writer.isRunning = false
        world.note(.writer, wait.map { Int($0 / .microseconds(1)) } ?? -1)
        check("a writer step")
        if world.yieldDepth == 0 { checkSync(begun) }
    }

    func runSender(ifDue: Bool = true) {
        guard !sender.isRunning, !ifDue || sender.isDue(world.clock.time) else { return }
        sender.isRunning = true
        sender.bell.isRung = false
        let wait = pipeline.stepSender()
        sender.due = wait.map { world.clock.time + max(Int($0 / .microseconds(1)), 0) }
        sender.isRunning = false
        world.note(.sender, wait.map { Int($0 / .microseconds(1)) } ?? -1)
        check("a sender step")
    }

    /// When one of the threads has something to do.
    var due: Int? {
        let time = world.clock.time
        let dues = [writer, sender].compactMap { $0.bell.isRung ? time : $0.due }
        return dues.min()
    }

    func ringBoth() {
        writer.bell.isRung = true
        sender.bell.isRung = true
    }

    func reconfigure() {
        let client = world.clients.last?.number
        do throws(KafkaError) {
            try pipeline.reconfigure(KafkaConfiguration(bootstrapServers: "simulated:9092"))
        } catch {
            // The old client goes on, which the world sees by what it delivers.
            return world.note(.notReconfigured, client ?? -1)
        }
        sender.bell.isRung = true
    }

    /// Ends both threads as the real ones end: the sender first, with its client, then the writer.
    ///
    /// - Returns: The counts before the writer's last words.
    func close() -> ForwardingStatistics {
        pipeline.stop(isOver: true)
        sender.isRunning = true
        writer.isRunning = true
        pipeline.closeClient(within: .milliseconds(500))
        check("closing the client")
        let before = last
        pipeline.finishWriting()
        check("finishing")
        return before
    }

    // MARK: What must hold

    /// Notes which event a token stands for: the same for all of the life.
    func note(token: UInt, event: Int) {
        if let known = tokens.updateValue(event, forKey: token), known != event {
            world.violated("token \(token) stands for event \(event) and stood for \(known)")
        }
    }

    func count(_ reports: [DeliveryReport]) {
        for report in reports where report.error == nil {
            delivered.insert(report.token)
            guard let event = tokens[report.token] else { continue }
            world.book[event].isAcknowledged = true
            if !world.book[event].isInLog { world.violated("the simulated broker has answered for what it has not") }
        }
    }

    /// Compares the counts with those before, and with what the world knows.
    func check(_ step: String) {
        // What a process does after it was killed in the midst of a step did not happen.
        guard world.violation == nil, world.disk?.killed == nil else { return }
        let now = pipeline.statistics
        defer { last = now }
        func require(_ condition: Bool, _ what: @autoclosure () -> String) {
            if !condition { world.violated("after \(step): \(what()); \(now)") }
        }
        require(now.isBalanced, "the counts do not add up")
        require(
            now.offered >= last.offered && now.acknowledged >= last.acknowledged && now.recovered == last.recovered
                && now.shortened >= last.shortened && now.clientsReplaced >= last.clientsReplaced
                && last.dropped.allSatisfy { now.dropped[$0.key, default: 0] >= $0.value },
            "a count went back from \(last)")
        require(now.buffered >= 0 && now.spooled >= 0, "a count is negative")
        require(now.acknowledged <= delivered.count, "more is acknowledged than the \(delivered.count) reported")
        require(now.shortened <= now.acknowledged, "more is shortened than acknowledged")
        require(now.shortened == 0 || world.workload.hasLargeEvents, "small events are shortened")
        checkBounds(now, require)
        checkReasons(now, require)
    }

    /// A reason must be true.
    private func checkReasons(_ now: ForwardingStatistics, _ require: (Bool, @autoclosure () -> String) -> Void) {
        guard !now.dropped.isEmpty else { return }
        world.livesThatDropped.insert(number)
        let scenario = world.scenario
        for (reason, count) in now.dropped where count > 0 {
            let isTrue =
                switch reason {
                case .bufferFull: count <= offersWithFullRing
                case .memoryFull: !scenario.hasSpool
                case .spoolFull: scenario.hasSpool && (spoolWasNearlyFull || world.diskWasFull)
                case .diskFailed: world.disk?.hasFailed ?? false
                case .tooLarge: world.workload.hasLargeEvents && (sawTooLarge || scenario.faults.contains(.largeEvents))
                case .timedOut: !scenario.hasSpool && scenario.faults.contains(.timeouts)
                case .damaged: false
                case .refused: sawRefusal
                case .closed: isStopping
                }
            require(isTrue, "\(count) events are dropped as \(reason), which is not so")
        }
    }

    /// Whether the next block, a file's size and an event at most, might not have fitted.
    var spoolWasNearlyFull: Bool {
        (world.disk?.mostBytes ?? 0) + world.scenario.segmentBytes + Workload.largestEvent > world.scenario.maximumBytes
    }

    private func checkBounds(_ now: ForwardingStatistics, _ require: (Bool, @autoclosure () -> String) -> Void) {
        let (scenario, load) = (world.scenario, pipeline.load)
        require(load.ring <= scenario.limits.bufferedEvents, "the ring holds \(load.ring)")
        // What a failed sync takes back comes on top: one file, and a block.
        let takenBack = world.disk?.hasFailed ?? false ? 2 * scenario.segmentBytes + Workload.largestEvent : 0
        require(
            load.unwrittenBytes <= scenario.limits.memoryBytes + takenBack || load.unwrittenBlocks == 1,
            "\(load.unwrittenBytes) bytes in memory wait for the disk")
        guard let disk = world.disk else { return }
        let bytes = disk.stored.bytes(suffix: ".spool")
        // One file more: what a failed truncation or deletion leaves behind.
        let slack = disk.hasFailed ? 4 * scenario.segmentBytes : scenario.segmentBytes
        // A loss of power brings back files that were deleted, and a process begins with what it finds.
        require(bytes <= max(scenario.maximumBytes + slack, bytesAtBirth), "\(bytes) bytes are on the disk")
    }

    /// With a healthy disk nothing stays unsynced for longer than it may.
    private func checkSync(_ begun: Int) {
        guard world.violation == nil, let disk = world.disk, !disk.hasFailed, disk.killed == nil else { return }
        let limit =
            switch world.scenario.durability {
            case .groupCommit(let interval): Int(interval / .microseconds(1))
            case .everyEvent: -1
            }
        for (name, inode) in disk.stored.names.sorted(by: { $0.key < $1.key }) where name.hasSuffix(".spool") {
            guard let since = disk.stored.files[inode]?.dirtySince, since >= birth else { continue }
            // It counts from the end of the step that wrote: the thread may have rested anywhere in it.
            let seen = dirty[inode].flatMap { $0.since == since ? $0.seen : nil } ?? world.clock.time
            dirty[inode] = (since, seen)
            if begun - seen > limit { violated(name, begun - seen) }
        }
    }

    private func violated(_ name: String, _ time: Int) {
        world.violated("\(name) is not synced for \(time) us after a writer step")
    }
}
