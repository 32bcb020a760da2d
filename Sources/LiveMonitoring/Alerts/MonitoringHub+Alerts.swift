import FoundationEssentials
public import Monitoring
import Synchronization

/// What is known of alerts at a moment.
public struct AlertOverview: Sendable, Hashable {
    /// The moment.
    public var at: MonitorTime
    /// Those that fire, those that are pending, and those that resolved lately, each in the order of their beginnings.
    public var alerts: [Alert]
    /// The rules in their order; empty where none are judged.
    public var rules: [AlertEvaluator.RuleStatus]
}

extension MonitoringHub {
    /// Every alert and rule.
    public var alerts: AlertOverview {
        state.withLock { state in
            AlertOverview(at: now(state), alerts: state.board.alerts, rules: state.board.rules)
        }
    }

    /// What the judging of alerts has counted; nil where no rules are judged.
    public var alertStatistics: AlertWatch.Statistics? { watch?.statistics }

    /// Judges the rules of a live hub on what is known now.
    ///
    /// While a feed has not been reached yet, or reads what was there before it, nothing is judged: what is known is old, and time
    /// stands. What fires when it has caught up is told then. One that was lost on the way is alarmed, but not what it told of queries.
    func judgeAlerts() {
        guard let watch else { return }
        let series = moreSeries()
        watch.judge { withPartitions in
            let input = state.withLock { state -> AlertInput? in
                guard !state.feeds.contains(where: { $0.state == .connecting || $0.state == .catchingUp }) else {
                    return nil
                }
                return state.alertInput(at: now(state), series)
            }
            return withPartitions ? input.map { addingPartitions(to: $0) } : input
        } _: { verdict in
            state.withLock { $0.take(verdict) }
        }
    }

    /// Judges the rules at each second of recorded time before a moment at which something can change, for a replay that goes there.
    ///
    /// - Parameter onLook: Gets the watch after each of them: there may be many.
    func judgeAlerts(
        before time: MonitorTime, _ onLook: (AlertWatch) -> Void = { _ in }
    ) throws(CancellationError) {
        guard let watch else { return }
        while let due = watch.state.withLock({ $0.pace.next(before: time) }) {
            judgeAlerts(at: due, watch)
            // In the order of `judge`: the watch's lock, then the hub's.
            watch.state.withLock { watched in
                state.withLock { watched.pace.leaveOut(after: due, before: time, $0.fleet, &watched.evaluator) }
            }
            onLook(watch)
            if Task.isCancelled { throw CancellationError() }
        }
    }

    /// Judges the rules where a replay has come to stand.
    func judgeAlertsAtEnd(_ time: MonitorTime) {
        if let watch { judgeAlerts(at: time, watch) }
    }

    private func judgeAlerts(at time: MonitorTime, _ watch: AlertWatch) {
        advance(to: time)
        watch.judge { withPartitions in
            let input = state.withLock { $0.alertInput(at: time) }
            return withPartitions ? addingPartitions(to: input) : input
        } _: { verdict in
            state.withLock { $0.take(verdict) }
        }
    }

    private func addingPartitions(to input: AlertInput) -> AlertInput {
        var input = input
        input.series += partitionSamples(of: input.queries.map(\.id))
        return input
    }
}

extension WatchedFleet {
    /// What rules are judged on. A recorded file is no feed that could fail: replays say the same of it wherever it lies.
    fileprivate mutating func alertInput(at time: MonitorTime, _ series: [AlertSample] = []) -> AlertInput {
        // Of several feeds nobody knows which query came by which.
        let isOfThePast =
            !feeds.isEmpty && feeds.allSatisfy { $0.isBehindPresent && ($0.state == .away || $0.state == .failed) }
        let snapshots = isOfThePast ? [] : orderedIds().compactMap { row(of: $0, at: time)?.snapshot }
        let feeds = settings.isReplay ? [] : feeds.map { FeedStatus($0, at: time) }
        return AlertInput(at: time, queries: snapshots, feeds: feeds, series: series)
    }

    /// Shows what was found, and numbers what is new about it.
    mutating func take(_ verdict: AlertBoard.Verdict) {
        let change = board.take(verdict, number: lastChange + 1)
        guard change.isNews else { return }
        lastChange += 1
        for id in change.queries { notes[id]?.changedAt = lastChange }
    }
}

extension FeedStatus {
    /// What rules see of a feed.
    public init(_ health: FeedHealth, at time: MonitorTime) {
        self.init(
            name: health.name, isUp: health.state != .away && health.state != .failed,
            lastEventAgeSeconds: health.lastEventAt.map { max(0, time.seconds(since: $0)) },
            lagRecords: health.lagRecords, malformedRecords: health.unreadable)
    }
}
