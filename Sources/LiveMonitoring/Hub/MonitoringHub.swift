public import FoundationEssentials
public import Monitoring
public import StreamingMetrics
import Synchronization

/// Keeps what is known of all queries while feeds fill it and pages, scrapes and streams read it.
///
/// ```swift
/// let hub = MonitoringHub()
/// await hub.run([try RecordingFeed(paths: ["progress.jsonl"])])
/// for row in hub.rows() { print(row.snapshot.title, row.snapshot.state) }
/// ```
///
/// One lock guards all of it; every call holds it for a bounded time, and none calls back into a feed or an engine. Memory is
/// bounded by the settings: queries and their history by ``Monitoring/MonitorSettings``, progress texts by
/// ``Settings-swift.struct/batchBytes``, changes by ``Settings-swift.struct/keptChanges``.
///
/// **Time.** A live hub tells its fleet the time once a second, by a clock that only goes forward. The hub of a replay stands where its
/// feed puts it, so that the same events give the same answer whenever they are replayed.
public final class MonitoringHub: Sendable {
    /// What it keeps, and how it tells the time.
    public struct Settings: Sendable, Hashable {
        /// What its monitors take for normal. Where a live hub has no ``Monitoring/MonitorSettings/longestWatcherPause``, it is set to
        /// 30 s.
        public var monitor = MonitorSettings()
        /// Whether the time is that of recorded events and not the clock's.
        public var isReplay = false
        /// Bytes of memory for progress texts in all, which are kept packed; each query has the same share of them, and its newest text
        /// is kept even where it is larger.
        public var batchBytes = 12 << 20
        /// Progress texts that are kept of one query.
        public var batchesPerQuery = 100
        /// Transitions and removals that are kept for readers that come back.
        public var keptChanges = 4096

        /// The defaults of a live hub.
        public init() {}

        /// The same for a replay: nothing is forgotten for its age, since the recording's end is not the present.
        public static var replay: Settings {
            var settings = Settings()
            settings.isReplay = true
            settings.monitor.endedExpiry = .seconds(Int64.max / 2_000)
            settings.monitor.silentExpiry = .seconds(Int64.max / 2_000)
            return settings
        }
    }

    /// What it keeps, and how it tells the time.
    public let settings: Settings
    /// Tells positions of this hub from those of another, such as the one before a restart.
    public let epoch: UInt64
    let clock: @Sendable () -> MonitorTime
    /// When it was made, since when counters count.
    let start: MonitorTime
    let state: Mutex<WatchedFleet>
    let watch: AlertWatch?
    let moreSeries: @Sendable () -> [AlertSample]
    let listeners = UpdateListeners()
    private let observers: [any HubObserver]

    /// Creates a hub that knows no query.
    ///
    /// - Parameters:
    ///   - settings: What it keeps.
    ///   - alerts: Judges rules at each tick, or at each second of a replay; nil judges none. It serves one hub.
    ///   - clock: The present; it must not go backward. The default is the system's clock as it was at the start, and what went by since.
    ///   - observers: Hear all that is taken.
    ///   - moreSeries: What rules are judged on beside queries and feeds, such as the accounts of a forwarder in this process
    ///     (``Monitoring/FeedStatus/processFamilies``); asked for whenever a live hub judges them.
    public init(
        settings: Settings = Settings(), alerts: AlertWatch? = nil,
        clock: @escaping @Sendable () -> MonitorTime = MonitoringHub.steadyClock(),
        observers: [any HubObserver] = [], moreSeries: @escaping @Sendable () -> [AlertSample] = { [] }
    ) {
        var settings = settings
        if !settings.isReplay, settings.monitor.longestWatcherPause == nil {
            settings.monitor.longestWatcherPause = .seconds(30)
        }
        self.settings = settings
        self.clock = clock
        start = clock()
        self.observers = observers
        self.moreSeries = moreSeries
        epoch = .random(in: 1...UInt64.max)
        watch = alerts
        var fleet = WatchedFleet(settings)
        // What is known from before a restart is shown from the beginning.
        if let alerts { fleet.take(alerts.verdict) }
        state = Mutex(fleet)
    }

    /// A clock that begins with the system's time and only goes forward.
    public static func steadyClock() -> @Sendable () -> MonitorTime {
        let start = ContinuousClock.now
        let steady = SteadyTime(wall: .systemTime, uptime: .zero)
        return { steady.time(atUptime: start.duration(to: .now)) }
    }

    /// What the hub's clock says.
    public var present: MonitorTime { clock() }

    // MARK: Running

    /// Runs feeds, and tells the time once a second, until the task is cancelled. A feed that fails is told by its health, and the
    /// others go on. Alert notifications are handed over meanwhile, the last ones when the task is cancelled.
    public func run(_ feeds: [any MonitoringFeed]) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tickUntilCancelled() }
            if let watch { group.addTask { await watch.run() } }
            for feed in feeds { group.addTask { await self.run(feed) } }
        }
    }

    private func run(_ feed: any MonitoringFeed) async {
        report(feed.name) { $0.state = .connecting }
        do {
            try await feed.run(into: self)
            report(feed.name) { if $0.state != .failed { $0.state = .ended } }
        } catch is CancellationError {
            report(feed.name) { $0.state = .ended }
        } catch {
            report(feed.name) {
                $0.state = .failed
                $0.error = "\(error)"
            }
        }
    }

    private func tickUntilCancelled() async {
        var next = ContinuousClock.now
        while !Task.isCancelled {
            tick()
            next = max(next + .seconds(1), .now)
            do { try await Task.sleep(until: next, clock: .continuous) } catch { return }
        }
    }

    /// Notices silences, judges the alert rules, and lets readers see what has changed. ``run(_:)`` does so once a second.
    public func tick() {
        if !settings.isReplay {
            let now = clock()
            tell(state.withLock { $0.tick(at: now) })
            judgeAlerts()
        }
        listeners.tell()
    }

    // MARK: Feeding

    /// Takes an event.
    ///
    /// - Parameters:
    ///   - event: Any event, in whatever order; copies change nothing.
    ///   - time: When it came, in the feed's time; nil is the present.
    ///   - queryName: The name that the feed has for its query; idle and terminated events carry none themselves.
    public func take(_ event: StreamingQueryEvent, at time: MonitorTime? = nil, queryName: String? = nil) {
        let text = KeptBatch(event)
        let time = time ?? clock()
        let changes = state.withLock { $0.take(event, at: time, queryName: queryName, text) }
        // Outside the lock: what it does is nobody else's time.
        for observer in observers { observer.take(event, at: time, queryName: queryName, changes: changes) }
    }

    /// Counts events of a query that a feed knows to be missing; of a query that is not known it is nothing to count.
    public func noteMissing(_ count: UInt64, of id: UUID) {
        state.withLock { $0.fleet.noteMissing(count, of: id) }
    }

    /// Moves the time of a replay on; a live hub does so itself.
    public func advance(to time: MonitorTime) { tell(state.withLock { $0.advance(to: time) }) }

    private func tell(_ changes: [QueryTransition]) {
        if !changes.isEmpty { for observer in observers { observer.take(changes) } }
    }

    /// Waits until what was taken so far can be kept. A feed that reads old events, as fast as they can be read, asks now and then.
    public func makeRoom() async {
        for observer in observers { await observer.makeRoom() }
    }

    /// Says that what came so far were old events, and that queries are watched from now on: earlier silence is not counted.
    public func beginWatching() {
        let now = clock()
        state.withLock { $0.beginWatching(at: now) }
    }

    /// Changes what is said of a feed, which is known from the first report on.
    public func report(_ feed: String, _ change: (inout FeedHealth) -> Void) {
        state.withLock { state in
            let place = state.feeds.firstIndex { $0.name == feed } ?? state.feeds.endIndex
            if place == state.feeds.endIndex { state.feeds.append(FeedHealth(name: feed)) }
            change(&state.feeds[place])
        }
    }
}

extension MonitorTime {
    /// What the system's clock says.
    public static var systemTime: MonitorTime {
        let since1970 = Date().timeIntervalSince1970
        return MonitorTime(millisecondsSinceEpoch: Int64(since1970 * 1000))
    }
}
