import Dispatch
import FoundationEssentials
import GRDB
public import LiveMonitoring
public import Monitoring
public import StreamingMetrics
import Synchronization

/// Keeps what a hub takes in a file: each trigger for a day, minutes for 30 days, hours for a year.
///
/// ```swift
/// let history = try HistoryRecorder(path: "history.db")
/// let hub = MonitoringHub(observers: [history])
/// let server = try MonitoringServer(hub: hub, history: history)
/// …
/// await history.stop()
/// ```
///
/// Events wait in a queue, at most ``maximumPending`` of them and about ``maximumPendingBytes``, and are written once a second,
/// or when there are many, in one transaction on a thread of its own. Feeds never wait for the disk, but those that read old events wait for room in the queue. While
/// the file cannot be written events are kept and tried again; what finds no room is given up, counted, and told to `onFault` once a
/// minute. Nothing else stops for that.
///
/// A second process may read the file meanwhile (``HistoryReader``), but not write to it.
public final class HistoryRecorder: Sendable {
    /// Events and changes of state that wait at most.
    public static let maximumPending = HistoryQueue.maximumCount
    /// Bytes of them that wait at most, about.
    public static let maximumPendingBytes = HistoryQueue.maximumBytes

    private struct State {
        var queue = HistoryQueue()
        var health = HistoryHealth()
        var toldAt: Duration?
        var roomWaiters: [CheckedContinuation<Void, Never>] = []
        var endWaiters: [CheckedContinuation<Void, Never>] = []
        var isStopping = false
        var hasEnded = false
    }

    /// The file.
    public let path: String
    /// When the last event of an earlier use of the file came; nil for a new file.
    public let takenThrough: MonitorTime?
    /// Reads the file.
    public let reader: HistoryReader
    private let pool: DatabasePool
    private let lock: WriterLock
    private let writer: Mutex<HistoryWriter>
    let clock: @Sendable () -> MonitorTime
    private let uptime: @Sendable () -> Duration
    private let onFault: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// Opens a file, or makes one, and begins to write.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limits: How much is kept.
    ///   - clock: The calendar's time.
    ///   - onFault: Gets a line when something cannot be kept, at most one a minute.
    /// - Throws: ``HistoryError`` when the file cannot be opened, is something else, is broken, was made by a later version, or another
    ///   process writes to it. Such a file is left as it is.
    public convenience init(
        path: String, limits: HistoryLimits = HistoryLimits(),
        clock: @escaping @Sendable () -> MonitorTime = { .systemTime },
        onFault: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(HistoryError) {
        let start = ContinuousClock.now
        try self.init(
            stepping: path, limits: limits, clock: clock, uptime: { start.duration(to: .now) }, onFault: onFault)
        try HistoryThread.start(for: path) { self.run() }
    }

    /// The same without a thread: whoever makes it takes the steps.
    init(
        stepping path: String, limits: HistoryLimits, clock: @escaping @Sendable () -> MonitorTime,
        uptime: @escaping @Sendable () -> Duration, onFault: @escaping @Sendable (String) -> Void
    ) throws(HistoryError) {
        try HistoryOpening.checkPath(path)
        self.path = path
        self.clock = clock
        self.uptime = uptime
        self.onFault = onFault
        do {
            (pool, lock) = try Self.open(path)
            takenThrough = try pool.read { database in
                try Int64.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'taken_through_ms'")
                    .map { MonitorTime(millisecondsSinceEpoch: $0) }
            }
        } catch {
            throw HistoryError(error, "open", path: path)
        }
        reader = HistoryReader(pool, path: path, limits: limits)
        writer = Mutex(HistoryWriter(limits))
    }

    /// Looks at the file before it is touched: a pool would make the log of any database its own kind.
    private static func open(_ path: String) throws -> (DatabasePool, WriterLock) {
        var configuration = Configuration()
        configuration.label = "streamgauge.history"
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            guard !database.configuration.readonly else { return }
            // A loss of power costs the last second at most; a process that dies costs nothing that was written.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA journal_size_limit = \(16 << 20)")
        }
        let first = try DatabaseQueue(path: path, configuration: configuration)
        let lock: WriterLock
        do {
            try first.writeWithoutTransaction { try HistorySchema.prepare($0, path: path) }
            lock = try WriterLock(path: path)
            try first.writeWithoutTransaction { try HistorySchema.moveOn($0) }
        } catch {
            try? first.close()
            throw error
        }
        try first.close()
        return (try DatabasePool(path: path, configuration: configuration), lock)
    }

    /// How the keeping does.
    public var health: HistoryHealth {
        state.withLock { state in
            var health = state.health
            health.pending = state.queue.count
            return health
        }
    }

    /// How many wait for room.
    var waiterCount: Int { state.withLock { $0.roomWaiters.count } }

    // MARK: Queue

    private func add(_ count: Int, _ entry: (Int, inout HistoryEntries) -> Void) {
        let isMany = state.withLock { state in
            let hadMany = state.queue.hasMany
            let lost = state.isStopping ? count : state.queue.add(count, entry)
            state.health.lost += UInt64(lost)
            return state.queue.hasMany && !hadMany
        }
        if isMany { wake.signal() }
    }

    // MARK: Thread

    private func run() {
        while true {
            _ = wake.wait(timeout: .now() + 1)
            step()
            let isDone = state.withLock { state in
                // A file that cannot be written now will not be in a moment: what waits is given up.
                return state.isStopping && (state.queue.count == 0 || !state.health.isWriting)
            }
            if isDone { break }
        }
        end()
    }

    /// Writes what waits.
    func step() {
        let pieces = state.withLock { $0.queue.take() }
        guard !pieces.isEmpty else { return }
        let outcome = write(pieces)
        let (waiters, fault) = state.withLock { state in
            defer { state.roomWaiters = [] }
            return (state.roomWaiters, settle(pieces, outcome, &state))
        }
        for waiter in waiters { waiter.resume() }
        if let fault { onFault(fault) }
    }

    private func write(_ pieces: [HistoryEntries]) -> Result<Int64, HistoryError> {
        let wall = clock()
        return writer.withLock { writer in
            do {
                return .success(
                    try pool.writeWithoutTransaction { database in
                        try writer.write(pieces, database, wall: wall)
                        let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                        return pages * (try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
                    })
            } catch {
                writer.forget()
                return .failure(HistoryError(error, "write to", path: path))
            }
        }
    }

    /// Notes what became of a step; gives what is to be said of it.
    private func settle(
        _ pieces: [HistoryEntries], _ outcome: Result<Int64, HistoryError>, _ state: inout State
    ) -> String? {
        switch outcome {
        case .success(let size):
            state.queue.forgetTaken()
            state.health.written += pieces.reduce(0) { $0 + UInt64($1.eventCount) }
            state.health.sizeBytes = size
            (state.health.isWriting, state.health.error) = (true, nil)
            return nil
        case .failure(let error):
            (state.health.isWriting, state.health.error) = (false, error.message)
            if error.mayPass {
                state.queue.retry(pieces)
            } else {
                state.health.lost += pieces.reduce(0) { $0 + UInt64($1.count) }
                state.queue.forgetTaken()
            }
            let now = uptime()
            if let told = state.toldAt, now - told < .seconds(60) { return nil }
            state.toldAt = now
            return "\(error.message) (\(state.health.lost) events given up so far)"
        }
    }

    /// Breaks transactions off behind their steps, as a full disk would. For tests.
    func breakOff(_ onStep: @escaping @Sendable (Database) throws -> Void) { writer.withLock { $0.onStep = onStep } }

    // MARK: End

    /// Writes what waits, and lets go of the file. What comes later is given up.
    public func stop() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                state.isStopping = true
                if !state.hasEnded { state.endWaiters.append(continuation) }
                return state.hasEnded
            }
            wake.signal()
            if hasEnded { continuation.resume() }
        }
    }

    /// Closes the file, behind the last step.
    func end() {
        // What is written is safe already. The pool's last connection may be one that only reads and leaves the log beside the file;
        // one that is alone moves it in.
        try? pool.close()
        if let alone = try? DatabaseQueue(path: path) {
            _ = try? alone.inDatabase { try Int.fetchOne($0, sql: "SELECT count(*) FROM meta") }
            try? alone.close()
        }
        lock.release()
        let waiters = state.withLock { state in
            (state.isStopping, state.hasEnded) = (true, true)
            state.health.lost += UInt64(state.queue.count)
            state.queue.removeAll()
            defer { (state.roomWaiters, state.endWaiters) = ([], []) }
            return state.roomWaiters + state.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

extension HistoryRecorder: HubObserver {
    /// Keeps an event and what it changed.
    public func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, changes: [QueryTransition]
    ) {
        add(1 + changes.count) { number, entries in
            if number == 0 {
                entries.add(event, at: time, queryName: queryName)
            } else {
                entries.add(changes[number - 1])
            }
        }
    }

    /// Keeps changes of state.
    public func take(_ changes: [QueryTransition]) {
        add(changes.count) { number, entries in entries.add(changes[number]) }
    }

    /// Waits while many events wait; not where the file cannot be written.
    public func makeRoom() async {
        await withCheckedContinuation { continuation in
            let mayGoOn = state.withLock { state in
                guard state.queue.hasMany, state.health.isWriting, !state.hasEnded else {
                    return true
                }
                state.roomWaiters.append(continuation)
                return false
            }
            if mayGoOn { continuation.resume() }
        }
    }
}
