import Monitoring

/// A channel's notices that are not delivered yet: which is next, when to try again, and when to give up. A pure value; times are those of
/// a clock that only goes forward.
///
/// One notice is on its way at a time. A newer one of a group takes the place of the older one that waits, and what only the older one
/// said goes into it. After a failure nothing is tried for a while that doubles with each failure; the notice that failed goes to the
/// end, so that one that always fails holds up no other.
struct DeliveryQueue: Sendable {
    /// A notice and how far it is.
    struct Entry: Sendable, Hashable {
        var notification: AlertNotification
        /// After this it is given up.
        var deadline: Duration
        var attempts = 0
        /// It only repeats what the other side was told, so that it does not forget.
        var isRefresh = false
    }

    /// What there is to do.
    enum Step: Sendable, Hashable {
        case deliver(Entry)
        case wait(until: Duration)
        /// Nothing, until something is offered.
        case rest
    }

    /// What a channel takes for normal.
    struct Policy: Sendable, Hashable {
        /// Notices that may wait.
        var capacity = 256
        /// The pause after the first failure.
        var firstPause: Duration = .seconds(1)
        /// The longest pause that is not asked for by the other side.
        var longestPause: Duration = .seconds(300)
        /// For how long a notice is tried; nil: as long as the notice itself says.
        var giveUpAfter: Duration?
        /// How often what still fires is repeated; nil: never.
        var resend: Duration?
    }

    let policy: Policy
    private(set) var statistics: ChannelStatistics
    /// Whether somebody else keeps what is not delivered at the end.
    var isKept = false
    private var waiting: [Entry] = []
    private var underWay: Entry?
    private var notBefore: Duration = .zero
    /// Alerts that fire and that the other side was told of.
    private var standing: [String: Alert] = [:]
    private var nextRefresh: Duration?

    init(channel: String, policy: Policy) {
        self.policy = policy
        statistics = ChannelStatistics(channel: channel)
    }

    /// Whether nothing waits and nothing is on its way.
    var isEmpty: Bool { waiting.isEmpty && underWay == nil }

    /// Whether something could be tried at this moment, or is.
    func isBusy(at now: Duration) -> Bool { underWay != nil || (!waiting.isEmpty && notBefore <= now) }

    // MARK: Offering

    /// Takes a notice. It never fails: when there are too many, one of those that wait is given up.
    ///
    /// - Parameter age: How long it has waited already, in an earlier run of the program.
    mutating func offer(_ notification: AlertNotification, at now: Duration, age: Duration = .zero) {
        // A file of notices may claim any time, and no clock can be asked to wait for ever.
        let worth = Duration.seconds(min(max(0, notification.bestBefore.seconds(since: notification.at)), 31_622_400))
        let entry = Entry(notification: notification, deadline: now + min(worth, policy.giveUpAfter ?? worth) - age)
        if let index = waiting.firstIndex(where: { $0.notification.group == notification.group && !$0.isRefresh }) {
            // What comes back from channels that were replaced is older than what came meanwhile.
            let isOlder = notification.at < waiting[index].notification.at
            waiting[index] =
                isOlder ? Self.merged(entry, into: waiting[index]) : Self.merged(waiting[index], into: entry)
            statistics.merged += 1
        } else {
            waiting.append(entry)
            if waiting.count > policy.capacity {
                // Rather one that says nothing new.
                waiting.remove(at: waiting.firstIndex { $0.notification.isRepeated } ?? 0)
                statistics.dropped += 1
            }
        }
        count()
    }

    /// The newer notice, with the ends of alerts that only the older one told.
    private static func merged(_ older: Entry, into newer: Entry) -> Entry {
        var newer = newer
        let known = Set(newer.notification.alerts.map(\.fingerprint))
        let ended = older.notification.alerts.filter { $0.state != .firing && !known.contains($0.fingerprint) }
        newer.notification.alerts += ended
        let all = known.union(ended.map(\.fingerprint))
        newer.notification.news = Set(newer.notification.news + older.notification.news.filter(all.contains)).sorted()
        newer.notification.isRepeated = older.notification.isRepeated && newer.notification.isRepeated
        if !ended.isEmpty { newer.notification.noteWhatIsCommon() }
        newer.attempts = older.attempts
        return newer
    }

    /// Says which alerts fire, for a channel that has to repeat them: what was told before a restart too.
    mutating func setStanding(_ alerts: [Alert], at now: Duration) {
        guard policy.resend != nil else { return }
        standing = Dictionary(alerts.map { ($0.fingerprint, $0) }) { first, _ in first }
        if nextRefresh == nil, !standing.isEmpty { nextRefresh = now }
    }

    /// What is not delivered, in the order in which it would be: what is on its way may be or not. Repetitions are not worth keeping.
    var undelivered: [AlertNotification] {
        ([underWay].compactMap(\.self) + waiting).filter { !$0.isRefresh }.map(\.notification)
    }

    /// Takes out what waits; what is on its way stays.
    mutating func takeWaiting() -> [AlertNotification] {
        defer {
            waiting = []
            count()
        }
        return waiting.map(\.notification)
    }

    /// Ends it. What is left is given up, unless somebody else keeps it.
    mutating func close() {
        if !isKept { statistics.dropped += UInt64(waiting.count) }
        waiting = []
        count()
    }

    // MARK: Stepping

    /// What there is to do now. What it says to deliver is on its way until ``finish(_:at:time:)``.
    mutating func next(at now: Duration, time: MonitorTime) -> Step {
        giveUpLate(at: now, time)
        if underWay != nil { return .rest }
        let refreshAt = standing.isEmpty ? nil : nextRefresh
        guard notBefore <= now else {
            // Something will be tried again then; to give up may be sooner.
            let deadlines = waiting.map(\.deadline).min()
            guard let deadlines else { return refreshAt.map { .wait(until: max($0, notBefore)) } ?? .rest }
            return .wait(until: min(notBefore, deadlines))
        }
        // Repetitions first: however much there is to tell, what was told is not forgotten.
        if let refreshAt, refreshAt <= now {
            let entry = Entry(notification: refresh(time), deadline: now, isRefresh: true)
            underWay = entry
            return .deliver(entry)
        }
        guard let first = waiting.first else { return refreshAt.map { .wait(until: $0) } ?? .rest }
        waiting.removeFirst()
        underWay = first
        return .deliver(first)
    }

    private mutating func giveUpLate(at now: Duration, _ time: MonitorTime) {
        let late = waiting.count { $0.deadline <= now }
        guard late > 0 else { return }
        waiting.removeAll { $0.deadline <= now }
        statistics.failed += UInt64(late)
        count()
    }

    private func refresh(_ time: MonitorTime) -> AlertNotification {
        AlertNotification(
            key: NoticeGroup.id("refresh \(time.millisecondsSinceEpoch)"), group: "", at: time, bestBefore: time,
            isRepeated: true, alerts: standing.values.sorted { $0.fingerprint < $1.fingerprint }, news: [])
    }

    /// Says how a delivery ended.
    ///
    /// - Parameters:
    ///   - error: Nil when it was delivered.
    ///   - jitter: From 0 to 1: how much of the random part of a pause to take.
    mutating func finish(_ error: ChannelError?, at now: Duration, time: MonitorTime, jitter: Double = 0) {
        guard var entry = underWay else { return }
        underWay = nil
        entry.attempts += 1
        if entry.attempts > 1 { statistics.retries += 1 }
        if let resend = policy.resend, entry.isRefresh || nextRefresh == nil { nextRefresh = now + resend }
        if let error {
            failed(entry, error, at: now, time, jitter)
        } else {
            statistics.failuresInARow = 0
            statistics.lastSentAt = time
            notBefore = .zero
            // Repetitions are no notices: an alert that stands for a week is one.
            if !entry.isRefresh { statistics.sent += 1 }
            for alert in entry.notification.alerts where policy.resend != nil && !entry.isRefresh {
                standing[alert.fingerprint] = alert.state == .firing ? alert : nil
            }
        }
        count()
    }

    private mutating func failed(
        _ entry: Entry, _ error: ChannelError, at now: Duration, _ time: MonitorTime, _ jitter: Double
    ) {
        statistics.failuresInARow += 1
        statistics.lastError = error.message
        statistics.lastErrorAt = time
        let pause = error.retryAfter ?? self.pause(jitter)
        // What is refused for good says little of the next one: that is tried soon.
        notBefore = now + (error.isRetriable ? pause : min(pause, policy.firstPause))
        guard !entry.isRefresh else {
            // A moment later: if notices wait, one of them is next.
            nextRefresh = notBefore + .milliseconds(1)
            return
        }
        guard error.isRetriable, now < entry.deadline else {
            statistics.failed += 1
            return
        }
        if let index = waiting.firstIndex(where: { $0.notification.group == entry.notification.group && !$0.isRefresh })
        {
            waiting[index] = Self.merged(entry, into: waiting[index])
            statistics.merged += 1
        } else {
            waiting.append(entry)
        }
    }

    /// Twice as long after each failure, between half of that and all of it, so that many monitors do not come at once.
    private func pause(_ jitter: Double) -> Duration {
        var pause = policy.firstPause
        for _ in 1..<max(1, statistics.failuresInARow) where pause < policy.longestPause { pause *= 2 }
        return min(pause, policy.longestPause) * (0.5 + 0.5 * min(max(jitter, 0), 1))
    }

    private mutating func count() { statistics.waiting = waiting.count + (underWay == nil ? 0 : 1) }
}
