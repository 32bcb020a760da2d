import FoundationEssentials
import Kafka
import Logging
import StreamingMetrics

/// The two threads between the listener's ring and Kafka.
///
///     listener ─► ring ─► EventWriter ─► memory ─► RecordSender ─► librdkafka ─► broker
///     (any thread)        (its thread)  └► spool ┘ (its thread)                    │
///                                                  DeliveryLedger ◄── reports ─────┘ (the client's thread)
///
/// All of ``DeliveryState`` is behind one lock. Each thread waits on a bell of its own; the listener rings the writer's only
/// when it is asleep, so that a call costs no more than the lock. Ending: the sender ends first and closes the client, then the
/// writer spools what is left; so the spool's last note knows every acknowledgement.
final class MetricsForwarder: Sendable {
    private let pipeline: DeliveryPipeline
    private let writerBell = Doorbell()
    private let senderBell = Doorbell()
    private let ended = Monitor(Ended())
    private let directory: String?

    private struct Ended {
        var sender = false
        var writer = false
    }

    private static let measuringInterval = Duration.seconds(1)

    init(_ parts: DeliveryPipeline.Parts) throws {
        directory = parts.spool?.directory
        let (writerBell, senderBell) = (writerBell, senderBell)
        // The client is made here and not by its thread, so that a wrong option is the initialiser's error.
        pipeline = try DeliveryPipeline(
            parts, disk: parts.spool.map { try LocalSpoolDisk(path: $0.directory) }, clock: SystemDeliveryClock(),
            bells: .init(wakeWriter: { writerBell.ring() }, wakeSender: { senderBell.ring() })
        ) { KafkaDeliveryClientMaker(onLog: $0) }
        try DedicatedThread.start(name: "metrics-sender") { self.runSender() }
        let topic = parts.progressTopic
        do throws(KafkaError) {
            try DedicatedThread.start(name: "metrics-writer") { self.runWriter(ForwardingGauges(topic: topic)) }
        } catch {
            abandon()
            throw error
        }
    }

    private var shared: Monitor<DeliveryState> { pipeline.shared }

    // MARK: Threads

    private func runSender() {
        while shared.withLock({ $0.phase != .stopped }) {
            let wait = pipeline.stepSender()
            if wait != .zero { senderBell.wait(timeout: wait) }
        }
        pipeline.closeClient(within: .milliseconds(500))
        ended.withLock { $0.sender = true }
        ended.broadcast()
    }

    private func runWriter(_ gauges: ForwardingGauges) {
        var measured = ContinuousClock.now
        while shared.withLock({ $0.phase != .stopped }) {
            var wait = pipeline.stepWriter()
            notifyWaiters()
            if measured.duration(to: .now) >= Self.measuringInterval {
                gauges.record(statistics)
                measured = .now
            }
            if wait == .zero { continue }
            if gauges.isBehind(statistics) { wait = min(wait ?? Self.measuringInterval, Self.measuringInterval) }
            writerBell.wait(timeout: wait)
        }
        // The client's last reports come first, if it ends in time.
        _ = ended.wait(timeout: .milliseconds(700)) { $0.sender ? true : nil }
        pipeline.finishWriting()
        gauges.record(statistics)
        ended.withLock { $0.writer = true }
        ended.broadcast()
        shared.broadcast()
    }

    private func notifyWaiters() {
        if shared.withLock({ $0.waiters > 0 }) { shared.broadcast() }
    }

    // MARK: From outside

    @inline(__always)
    func offer(run: UUID, isLast: Bool, _ event: () -> StreamingQueryEvent) {
        if pipeline.offer(run: run, isLast: isLast, event) { writerBell.ring() }
    }

    /// A run has ended, and its end is not forwarded.
    func forget(run: UUID) { pipeline.forget(run: run) }

    var load: DeliveryLoad { pipeline.load }

    func send(_ event: StreamingQueryEvent) async throws(KafkaError) {
        let accepted = shared.withLock { state -> Bool? in
            state.keepsAll = true
            return state.hasRoom ? state.offer(run: event.runId, isLast: event.kind == .terminated) { event } : nil
        }
        if let accepted {
            if accepted { writerBell.ring() }
            return
        }
        try await DedicatedThread.call(name: "metrics-send") { [self] () throws(KafkaError) in
            writerBell.ring()
            _ = wait { state -> Bool? in
                guard state.hasAmpleRoom else { return nil }
                return state.offer(run: event.runId, isLast: event.kind == .terminated) { event }
            }
            writerBell.ring()
        }
    }

    var statistics: ForwardingStatistics { pipeline.statistics }

    /// The client is replaced by one with these settings, which gets everything that is not settled.
    func reconfigure(_ configuration: KafkaConfiguration) throws(KafkaError) {
        try pipeline.reconfigure(configuration)
        senderBell.ring()
    }

    /// Waits for something in the state.
    private func wait<R>(timeout: Duration? = nil, for body: (inout DeliveryState) -> R?) -> R? {
        shared.withLock { $0.waiters += 1 }
        defer { shared.withLock { $0.waiters -= 1 } }
        return shared.wait(timeout: timeout, for: body)
    }

    // MARK: Stopping

    func waitUntilDelivered(timeout: Duration) -> Bool {
        writerBell.ring()
        return wait(timeout: timeout) { state -> Bool? in
            if state.pending == 0 { return true }
            return state.phase == .stopped ? false : nil
        } ?? false
    }

    /// Whether nothing is sent any more.
    var isStopped: Bool { shared.withLock { $0.phase == .stopped } }

    /// Delivers while the time lasts, spools the rest, and ends.
    func stop(deadline: ContinuousClock.Instant) -> DeliverySummary {
        pipeline.stop(isOver: false)
        _ = waitUntilDelivered(timeout: max(.zero, ContinuousClock.now.duration(to: deadline) - .milliseconds(200)))
        abandon()
        // Spooling what is left and ending the client; a disk or a client that hangs is not waited for beyond this.
        _ = ended.wait(timeout: max(.zero, ContinuousClock.now.duration(to: deadline)) + .seconds(1)) {
            $0.writer ? true : nil
        }
        return DeliverySummary(statistics: statistics, spoolDirectory: directory)
    }

    /// Lets the threads end: what is left is spooled, or given up where there is no spool. Does not wait.
    func abandon() {
        pipeline.stop(isOver: true)
        senderBell.ring()
        writerBell.ring()
        shared.broadcast()
    }
}
