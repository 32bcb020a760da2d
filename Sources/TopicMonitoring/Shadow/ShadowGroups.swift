public import Kafka
public import LiveMonitoring
public import Monitoring
public import StreamingMetrics
import Synchronization

/// Commits what queries have read from Kafka to consumer groups of their own, so that tools that show the lag of groups show these
/// queries too. Spark commits nothing itself: it keeps its offsets in its checkpoint.
///
/// ```swift
/// let groups = try ShadowGroups(
///     configuration: KafkaConfiguration(bootstrapServers: "localhost:9092"), template: ShadowGroupTemplate("spark-{query}"))
/// let hub = MonitoringHub(observers: [groups])
/// await groups.run(watching: hub)
/// ```
///
/// A group only holds offsets, and nobody may join it: brokers refuse commits to a group with members, which is told once and ends them
/// for that group. Queries that have the same group at the same time would overwrite each other, so the newer one has it. Nothing is
/// committed while feeds read old events, only what is newest afterwards. Events are noted in constant time; brokers are waited for
/// in ``run(watching:)``, one group after the other, and when one does not answer the others wait for the next round, in which it is last.
public final class ShadowGroups: Sendable {
    /// How and how often.
    public struct Settings: Sendable, Hashable {
        /// The shortest time between two commits to a group.
        public var interval = Duration.seconds(5)
        /// How long a commit may take.
        public var timeout = Duration.seconds(10)
        /// How long the last commits may take, once it is to end.
        public var grace = Duration.seconds(2)
        /// Clients at a time, each with its threads and connections.
        public var maximumClients = 16

        /// The defaults.
        public init() {}
    }

    /// Names the groups.
    public let template: ShadowGroupTemplate
    private let settings: Settings
    private let configuration: KafkaConfiguration
    private let onError: @Sendable (KafkaError) -> Void
    private let onContact: @Sendable () -> Void
    private let onLog: @Sendable (KafkaLogEntry) -> Void
    private let state = Mutex(State())
    /// When the last commits must be done; nil while it runs.
    private let ending = Mutex<ContinuousClock.Instant?>(nil)
    private static let maximumTold = 1000
    /// A group that was refused is tried again after so long: rights and topics may come.
    private static let pause = Duration.seconds(60)

    private struct State {
        var offsets = ShadowOffsets()
        var statistics = Statistics()
        var lastCommit: ContinuousClock.Instant?
        /// Groups whose brokers did not answer last time.
        var away: Set<String> = []
        /// Refusals that were told.
        var told: Set<[String]> = []
    }

    /// Describes what is committed where. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - configuration: The brokers that have the sources' topics, and librdkafka's options.
    ///   - template: Names the groups.
    ///   - settings: How and how often.
    ///   - onError: Gets each error that is news: brokers that go away once, a refusal once for each group and reason.
    ///   - onContact: Called when commits go through again after brokers were away.
    ///   - onLog: Gets librdkafka's log lines, on any thread.
    /// - Throws: `KafkaError` when an option is wrong.
    public init(
        configuration: KafkaConfiguration, template: ShadowGroupTemplate, settings: Settings = Settings(),
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in }, onContact: @escaping @Sendable () -> Void = {},
        onLog: @escaping @Sendable (KafkaLogEntry) -> Void = { _ in }
    ) throws(KafkaError) {
        self.template = template
        self.settings = settings
        self.configuration = configuration
        self.onError = onError
        self.onContact = onContact
        self.onLog = onLog
        // Made and ended: a wrong option is to be told now and not with the first query.
        _ = try GroupCommitter(configuration, group: template.description)
    }

    /// What was done so far.
    public var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.groups = state.offsets.count
            statistics.waiting = state.offsets.waitingCount
            statistics.stopped = state.offsets.stoppedCount
            statistics.lastCommitAge = state.lastCommit.map { $0.duration(to: .now) }
            return statistics
        }
    }

    // MARK: Committing

    /// Commits what changes until the task is cancelled, and then once more, for which all brokers together get the grace.
    public func run(watching hub: MonitoringHub) async {
        var clients = ShadowClients(maximum: settings.maximumClients) {
            [configuration, settings, onLog] group throws(KafkaError) in
            // A little less than the time-out, so that librdkafka's own answer comes before.
            try GroupCommitter(configuration, group: group, patience: settings.timeout * 4 / 5, onLog: onLog)
        }
        await withTaskCancellationHandler {
            var hasCaughtUp = false
            while !Task.isCancelled {
                do { try await Task.sleep(for: min(settings.interval, .seconds(1))) } catch { break }
                hasCaughtUp = Self.hasCaughtUp(hub.feeds) ?? hasCaughtUp
                clients.drain()
                if hasCaughtUp { await commit(&clients, every: settings.interval) }
            }
            if hasCaughtUp { await commit(&clients, every: .zero) }
        } onCancel: {
            ending.withLock { $0 = .now + settings.grace }
        }
    }

    /// Whether all old events are taken; nil where that cannot be told any more, since all feeds have ended.
    static func hasCaughtUp(_ feeds: [FeedHealth]) -> Bool? {
        if feeds.contains(where: { [.connecting, .catchingUp, .away].contains($0.state) }) { return false }
        let live = feeds.filter { $0.state == .live }
        // One that was away is live at once when it is back, with all that came meanwhile before it.
        if live.contains(where: { $0.lagRecords ?? 0 > TopicReading.nearEnd }) { return false }
        return live.isEmpty && !feeds.isEmpty ? nil : true
    }

    private func commit(_ clients: inout ShadowClients, every interval: Duration) async {
        let due = state.withLock { $0.offsets.due(at: .now, every: interval) }
        for group in due where !isOver {
            guard let ends = state.withLock({ $0.offsets.begin(group, at: .now) }) else { continue }
            let offsets = ShadowOffsets.partitions(ends)
            if offsets.isEmpty { continue }
            do throws(KafkaError) {
                let refused = try await clients.client(for: group).commit(offsets, timeout: settings.timeout) {
                    self.isOver
                }
                if let (_, error) = refused.first(where: { Self.hasMembers($0.value) }) { throw error }
                committed(group, ends, of: offsets.count, refused)
            } catch  where Self.hasMembers(error) {
                clients.drop(group)
                stop(group, error)
            } catch  where Self.isAway(error) {
                return failed(group, error)
            } catch {
                refuse(group, [error])
                state.withLock { $0.offsets.putBack(group, notBefore: .now + Self.pause) }
            }
        }
    }

    private var isOver: Bool { ending.withLock { $0.map { $0 <= .now } ?? false } }

    /// What coordinators answer for a group that others have joined: ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS and
    /// FENCED_INSTANCE_ID.
    private static func hasMembers(_ error: KafkaError) -> Bool { [22, 25, 27, 82].contains(error.rdKafkaCode) }

    /// Whether other groups would fare alike, or a later try may do better.
    private static func isAway(_ error: KafkaError) -> Bool {
        switch error.code {
        case .timedOut, .brokerUnreachable, .authenticationFailed, .tlsFailed, .resourceExhausted: true
        default: error.isRetriable
        }
    }

    private func committed(
        _ group: String, _ ends: [JSONValue], of count: Int, _ refused: [TopicPartition: KafkaError]
    ) {
        let isBack = state.withLock { state in
            if refused.isEmpty { state.offsets.finish(group, ends, at: .now) }
            if refused.count < count {
                state.statistics.commits += 1
                state.lastCommit = .now
            } else {
                state.offsets.putBack(group, notBefore: .now + Self.pause)
            }
            return state.away.remove(group) != nil && state.away.isEmpty
        }
        if isBack { onContact() }
        // The others of a group are committed: a partition that is gone must not hold them up.
        if !refused.isEmpty { refuse(group, refused.sorted { $0.key < $1.key }.map(\.value)) }
    }

    /// Tells refusals, each reason once for the group.
    private func refuse(_ group: String, _ errors: [KafkaError]) {
        let news = state.withLock { state in
            state.statistics.failures += 1
            state.away.remove(group)
            return errors.filter { Self.isNews(&state, [group, $0.rdKafkaName ?? $0.message]) }
        }
        for error in news { onError(error) }
    }

    private func stop(_ group: String, _ error: KafkaError) {
        state.withLock { state in
            state.statistics.failures += 1
            state.offsets.stop(group)
            state.away.remove(group)
        }
        onError(
            KafkaError(
                code: error.code, rdKafkaCode: error.rdKafkaCode, rdKafkaName: error.rdKafkaName,
                message:
                    "group \"\(group)\" has members of its own, and nothing more is committed to it; choose another name "
                    + "(--shadow-group)"))
    }

    private func failed(_ group: String, _ error: KafkaError) {
        let isNews = state.withLock { state in
            // Broken off at the end: no failure of the broker's.
            if isOver { return false }
            state.statistics.failures += 1
            state.offsets.putBack(group)
            // One outage is told once, though clients find its end at different times.
            defer { state.away.insert(group) }
            return state.away.isEmpty
        }
        if isNews { onError(error) }
    }

    private static func isNews(_ state: inout State, _ key: [String]) -> Bool {
        if state.told.count >= maximumTold { state.told = [] }
        return state.told.insert(key).inserted
    }
}

extension ShadowGroups: HubObserver {
    /// Notes how far a progress says that its query has read.
    public func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, changes: [QueryTransition]
    ) {
        switch event {
        case .progress(let event):
            let group = template.group(of: event.progress)
            let isNews = state.withLock { state in
                guard case .rival = state.offsets.take(event.progress, group: group) else { return false }
                return Self.isNews(&state, [group, "rivals"])
            }
            guard isNews else { return }
            onError(
                KafkaError(
                    code: .invalidArgument,
                    message:
                        "several queries that run have the group \"\(group)\", which shows the one that began last; "
                        + "put {id} into its name (--shadow-group)"))
        case .terminated(let event): state.withLock { $0.offsets.end(query: event.id, run: event.runId) }
        default: break
        }
    }

    /// Changes of state move no offset.
    public func take(_ changes: [QueryTransition]) {}

    /// The newest offsets replace older ones, so there is always room.
    public func makeRoom() async {}
}
