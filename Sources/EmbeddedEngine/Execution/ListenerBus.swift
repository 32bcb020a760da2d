import FoundationEssentials
import Glibc
import Logging
import StreamingMetrics
import Synchronization

/// Hands events to listeners.
///
/// Started events are delivered on the caller's thread. Every other event goes into one bounded queue per listener, emptied
/// by a thread of its own, so that a slow or hanging listener delays neither the query nor its neighbours. What does not
/// fit is dropped and counted; what a listener throws is logged.
///
///     query thread ──post──► queue of listener 1 ──► thread 1 ──► onQueryProgress
///                        └─► queue of listener 2 ──► thread 2 ──► …
final class ListenerBus: Sendable {
    /// Events a listener may lag behind; Spark's `spark.scheduler.listenerbus.eventqueue.capacity`.
    static let defaultCapacity = 10_000

    private let lanes = Mutex<[ListenerLane]>([])
    private let capacity: Int
    private let logger: Logger

    init(capacity: Int = defaultCapacity, logger: Logger) {
        self.capacity = capacity
        self.logger = logger
    }

    /// Adds a listener; one that is there already stays as it is.
    func add(_ listener: any StreamingQueryListener) {
        lanes.withLock { lanes in
            guard !lanes.contains(where: { $0.listener === listener }) else { return }
            let lane = ListenerLane(listener: listener, capacity: capacity, logger: logger)
            do {
                try lane.start()
                lanes.append(lane)
            } catch {
                logger.error("a listener gets no events: \(error)", metadata: ["listener": "\(type(of: listener))"])
            }
        }
    }

    deinit { for lane in lanes.withLock({ $0 }) { lane.close(deliverQueued: true) } }

    /// Removes a listener: what is queued for it is not delivered any more.
    func remove(_ listener: any StreamingQueryListener) {
        let removed = lanes.withLock { lanes in
            let found = lanes.first { $0.listener === listener }
            lanes.removeAll { $0.listener === listener }
            return found
        }
        removed?.close(deliverQueued: false)
    }

    /// The listeners in the order of their registration.
    var listeners: [any StreamingQueryListener] { lanes.withLock { $0.map(\.listener) } }

    /// Delivers a started event to every listener before it returns.
    func announce(_ event: QueryStartedEvent) {
        for lane in lanes.withLock({ $0 }) { lane.deliver(.started(event)) }
    }

    /// Queues an event for every listener and returns at once.
    func post(_ event: StreamingQueryEvent) {
        for lane in lanes.withLock({ $0 }) { lane.post(event) }
    }

    /// Delivers what is queued, then ends the threads; waits at most this long for each listener.
    func close(timeoutMilliseconds: Int64 = 10_000) {
        let all = lanes.withLock { lanes in
            defer { lanes.removeAll() }
            return lanes
        }
        for lane in all { lane.close(deliverQueued: true) }
        for lane in all { lane.waitForEnd(milliseconds: timeoutMilliseconds) }
    }

    /// Waits until every listener has got what was posted before; returns false if one needs longer than the limit.
    @discardableResult
    func drain(timeoutMilliseconds: Int64) -> Bool {
        var done = true
        for lane in lanes.withLock({ $0 }) where !lane.drain(milliseconds: timeoutMilliseconds) { done = false }
        return done
    }
}

/// One listener's queue and thread.
private final class ListenerLane: Sendable {
    let listener: any StreamingQueryListener
    private struct State {
        /// The events from `head` on wait; those before it are delivered.
        var queue: [StreamingQueryEvent] = []
        var head = 0
        var dropped = 0
        var isBusy = false
        var isClosed = false
        var hasEnded = false

        /// Takes the oldest event.
        mutating func next() -> StreamingQueryEvent? {
            guard head < queue.count else { return nil }
            let event = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024 {
                queue.removeFirst(head)
                head = 0
            }
            return event
        }
    }
    private let state = Mutex(State())
    private let work = WakeSignal()
    private let progress = WakeSignal()
    private let capacity: Int
    private let logger: Logger

    init(listener: any StreamingQueryListener, capacity: Int, logger: Logger) {
        self.listener = listener
        self.capacity = capacity
        self.logger = logger
    }

    /// Starts the thread, which holds the lane until it is closed.
    func start() throws { try OSThread.start { self.run() } }

    func post(_ event: StreamingQueryEvent) {
        let dropped: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            guard state.queue.count - state.head < capacity else {
                state.dropped += 1
                return state.dropped
            }
            state.queue.append(event)
            return nil
        }
        work.raise()
        if let dropped, dropped == 1 || dropped % 1000 == 0 {
            logger.warning(
                "the listener is too slow: \(dropped) events were dropped; make its callbacks shorter",
                metadata: ["listener": "\(type(of: listener))"])
        }
    }

    func close(deliverQueued: Bool) {
        state.withLock { state in
            state.isClosed = true
            if !deliverQueued {
                state.queue.removeAll()
                state.head = 0
            }
        }
        work.raise()
    }

    func waitForEnd(milliseconds: Int64) {
        waitUntil(milliseconds: milliseconds) { $0.hasEnded }
    }

    func drain(milliseconds: Int64) -> Bool {
        waitUntil(milliseconds: milliseconds) { ($0.queue.count == $0.head && !$0.isBusy) || $0.hasEnded }
    }

    @discardableResult
    private func waitUntil(milliseconds: Int64, _ condition: (State) -> Bool) -> Bool {
        let deadline = SystemClock().nowMilliseconds + milliseconds
        while !state.withLock({ condition($0) }) {
            let left = deadline - SystemClock().nowMilliseconds
            if left <= 0 { return false }
            progress.wait(milliseconds: min(left, 100))
        }
        return true
    }

    private func run() {
        while true {
            let (event, ended) = state.withLock { state -> (StreamingQueryEvent?, Bool) in
                let event = state.next()
                state.isBusy = event != nil
                if event == nil, state.isClosed { state.hasEnded = true }
                if event == nil { work.lower() }
                return (event, state.hasEnded)
            }
            if let event {
                deliver(event)
            } else {
                progress.nudge()
                if ended { return }
                work.wait(milliseconds: 60_000)
            }
        }
    }

    func deliver(_ event: StreamingQueryEvent) {
        do {
            switch event {
            case .started(let event): try listener.onQueryStarted(event)
            case .progress(let event): try listener.onQueryProgress(event)
            case .idle(let event): try listener.onQueryIdle(event)
            case .terminated(let event): try listener.onQueryTerminated(event)
            }
        } catch {
            logger.error(
                "a listener failed; the query goes on",
                metadata: ["listener": "\(type(of: listener))", "error": "\(error)"])
        }
    }
}
