public import Monitoring
import Synchronization

/// Judges alert rules on what a hub knows, once a second, and has told whom there is to tell.
///
/// ```swift
/// let watch = AlertWatch(rules: rules, handler: handler, stateFile: try AlertStateFile(path: "alerts.json"))
/// let hub = MonitoringHub(alerts: watch)
/// await hub.run(feeds)
/// ```
///
/// One lock guards the evaluator and is held while the rules are judged; the hub's own is held only to take what is known and to put back
/// what was found, so that feeds and readers do not wait for rules. Notifications wait in a queue of ``maximumQueued``; when it is full
/// the oldest goes, since the newest says what is the case. They are handed over, and the state is written, on a task of its own.
public final class AlertWatch: Sendable {
    /// What it has counted since it began.
    public struct Statistics: Sendable, Hashable {
        /// How often the rules were judged.
        public var evaluations: UInt64 = 0
        /// How long that took, in seconds.
        public var evaluationSeconds: Double = 0
        /// Times that a rule could not be evaluated, by its name.
        public var ruleFailures: [String: UInt64] = [:]
        /// Notifications that were handed over.
        public var notifications: UInt64 = 0
        /// Notifications that were dropped because too many waited.
        public var overflowed: UInt64 = 0
        /// Notifications that had waited for too long to be worth delivering.
        public var outdated: UInt64 = 0
        /// Times that the state could not be written.
        public var stateFailures: UInt64 = 0
    }

    /// Notifications that wait for the handler at most.
    public static let maximumQueued = 256
    /// How long what was counted, such as how long an alert is pending, may be only in memory.
    private static let savingInterval = Duration.seconds(15)

    struct State: Sendable {
        var evaluator: AlertEvaluator
        /// When a replay judges its rules.
        var pace = AlertPace(interval: AlertWatch.interval)
        var queue: [AlertNotification] = []
        /// Whether something happened that the file does not say yet.
        var hasNews = false
        /// The moment that was judged last.
        var now: MonitorTime?
        /// What the file says is not delivered, by its keys.
        var savedWaiting: [String] = []
        var statistics = Statistics()
    }

    /// How often a replay judges its rules, in recorded time; a live hub does so at its ticks.
    static let interval = Duration.seconds(1)

    let state: Mutex<State>
    private let handler: (any AlertNotificationHandler)?
    private let file: AlertStateFile?
    private let onStateFailure: @Sendable (MonitoringError) -> Void
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// Prepares rules for a hub that is given it.
    ///
    /// - Parameters:
    ///   - rules: What to judge.
    ///   - handler: Gets notifications; nil where nobody is to be told.
    ///   - stateFile: Where alerts are kept across restarts; what it held is what it begins with.
    ///   - settings: What is normal. A replay counts every time that goes by, however long.
    ///   - isReplay: Whether the hub's time is that of recorded events: nobody is notified then, and no state is kept.
    ///   - onStateFailure: Gets why the state could not be written, once until it can be again.
    public init(
        rules: AlertRules, handler: (any AlertNotificationHandler)? = nil, stateFile: AlertStateFile? = nil,
        settings: AlertSettings = AlertSettings(), isReplay: Bool = false,
        onStateFailure: @escaping @Sendable (MonitoringError) -> Void = { _ in }
    ) {
        var settings = settings
        if isReplay { settings.longestPause = nil }
        let known = isReplay ? nil : stateFile?.state
        self.handler = isReplay ? nil : handler
        self.file = isReplay ? nil : stateFile
        self.onStateFailure = onStateFailure
        state = Mutex(
            State(
                evaluator: AlertEvaluator(
                    rules: rules, settings: settings, restoring: known, isReplaying: isReplay),
                savedWaiting: (file?.waiting ?? []).map(\.key)))
        (wakeUps, wakeUp) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What it has counted.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// What is known now, to be shown before the rules are judged for the first time.
    var verdict: AlertBoard.Verdict { state.withLock { Self.verdict(of: $0.evaluator, changes: []) } }

    /// The rules for which no moment of a replay can be left out now.
    var restless: [String] { state.withLock { $0.evaluator.restless } }

    /// Takes other rules. Alerts of rules that stay go on as they are; those of others resolve at the next look.
    public func replaceRules(_ rules: AlertRules) { state.withLock { $0.evaluator.replaceRules(rules) } }

    // MARK: Judging

    /// Judges the rules on what is known at a moment, and gives away what was found, one look after the other.
    ///
    /// - Parameters:
    ///   - input: Gives what is known, with single partitions where it is asked for them; nil where nothing is to be judged.
    ///   - found: Gets what was found.
    func judge(_ input: (_ withPartitions: Bool) -> AlertInput?, _ found: (AlertBoard.Verdict) -> Void) {
        let hasWork = state.withLock { state in
            guard let input = input(state.evaluator.asksForPartitions) else { return false }
            let begun = ContinuousClock.now
            let step = state.evaluator.evaluate(input)
            let verdict = Self.verdict(of: state.evaluator, changes: step.changes)
            state.note(step, verdict, at: input.at, took: begun.duration(to: .now))
            found(verdict)
            return true
        }
        if hasWork { wakeUp.yield() }
    }

    private static func verdict(of evaluator: AlertEvaluator, changes: [Alert]) -> AlertBoard.Verdict {
        AlertBoard.Verdict(
            alerts: evaluator.alerts, changes: changes, rules: evaluator.ruleStatuses,
            firingByQuery: evaluator.firingByQuery)
    }

    // MARK: Telling

    /// Hands notifications over and writes the state until the task is cancelled, and what is left then. What an earlier run of the
    /// program left undelivered goes first.
    func run() async {
        var progress = Progress()
        if let file, !file.waiting.isEmpty { await handler?.resume(file.waiting) }
        for await _ in wakeUps {
            if Task.isCancelled { break }
            await deliver(isLast: false, &progress)
        }
        // A task that is cancelled could not wait for the handler.
        await Task { [self, progress] in
            var progress = progress
            await deliver(isLast: true, &progress)
        }.value
    }

    private struct Progress {
        var savedAt = ContinuousClock.now
        var isFailing = false
    }

    /// Writes what is known once more, for a handler that went on delivering after the hub had ended.
    ///
    /// - Returns: Whether what it has not delivered is in the file.
    public func saveAtEnd() async -> Bool {
        var progress = Progress()
        await deliver(isLast: true, &progress)
        return file != nil && !progress.isFailing
    }

    /// Notifications first and then the state that says that they were made: killed in between, the monitor hands them over twice and
    /// never not. What a handler keeps for later, such as a channel whose other side is away, is written with the state.
    private func deliver(isLast: Bool, _ progress: inout Progress) async {
        while let notification = state.withLock({ $0.nextNotification() }) {
            await handler?.notify(notification)
        }
        guard let file else { return }
        let isDue = isLast || progress.savedAt.duration(to: .now) >= Self.savingInterval
        // Before the state: what is made in between is still queued here, and then nothing is written.
        let waiting = handler?.undelivered ?? []
        let keys = waiting.map(\.key)
        let known = state.withLock { state -> AlertEvaluatorState? in
            guard state.queue.isEmpty, isDue || state.hasNews || state.savedWaiting != keys else { return nil }
            state.hasNews = false
            return state.evaluator.state
        }
        guard let known else { return }
        do throws(MonitoringError) {
            try file.save(known, waiting: waiting)
            state.withLock { $0.savedWaiting = keys }
            progress = Progress()
        } catch {
            state.withLock { state in
                state.hasNews = true
                state.statistics.stateFailures += 1
            }
            if !progress.isFailing { onStateFailure(error) }
            progress.isFailing = true
        }
    }
}

extension AlertWatch.State {
    /// Counts an evaluation, and lines up what is to be told.
    fileprivate mutating func note(
        _ step: AlertStep, _ verdict: AlertBoard.Verdict, at now: MonitorTime, took duration: Duration
    ) {
        self.now = now
        statistics.evaluations += 1
        statistics.evaluationSeconds += duration / .seconds(1)
        for rule in verdict.rules where rule.error != nil { statistics.ruleFailures[rule.name, default: 0] += 1 }
        if !step.changes.isEmpty || !step.notifications.isEmpty { hasNews = true }
        queue += step.notifications
        let excess = queue.count - AlertWatch.maximumQueued
        guard excess > 0 else { return }
        queue.removeFirst(excess)
        statistics.overflowed += UInt64(excess)
    }

    /// Takes the oldest notification that is still worth delivering.
    fileprivate mutating func nextNotification() -> AlertNotification? {
        while !queue.isEmpty {
            let next = queue.removeFirst()
            if let now, next.bestBefore < now {
                statistics.outdated += 1
            } else {
                statistics.notifications += 1
                return next
            }
        }
        return nil
    }
}
