public import Kafka
public import LiveMonitoring
public import Monitoring
public import StreamingMetrics
import Synchronization

/// Commits what queries have read from Kafka to consumer groups of their own, so that tools that show the lag of groups show these
/// queries too. Spark commits nothing itself: it keeps its offsets in its checkpoint.
///
/// ```swift
/// let groups = try ShadowGroups(configuration: KafkaConfiguration(bootstrapServers: "localhost:9092"), prefix: "spark-")
/// let hub = MonitoringHub(observers: [groups])
/// await groups.run()
/// ```
///
/// A group is named like its query, or by the query's id where it has no name, behind a prefix. Nobody may join it: it only holds offsets,
/// those up to which the newest batch has read. Offsets go back only with another run of the query, whose checkpoint may be older.
/// Queries that are named alike share a group.
public final class ShadowGroups: Sendable {
    /// What was done so far.
    public struct Statistics: Sendable, Hashable {
        /// Groups whose offsets were committed, each time counted.
        public var commits: UInt64 = 0
        /// Commits that failed, as a whole or for a partition; those of brokers that are away are tried again.
        public var failures: UInt64 = 0
        /// Groups that wait to be committed.
        public var waiting = 0
    }

    /// Stands before each group's name.
    public let prefix: String
    private let admin: KafkaAdmin
    private let interval: Duration
    private let onError: @Sendable (KafkaError) -> Void
    private let onContact: @Sendable () -> Void
    private let state = Mutex(State())
    private static let maximumTold = 1000

    private struct State {
        var offsets = ShadowOffsets()
        var statistics = Statistics()
        var isAway = false
        /// Refusals that were told.
        var told: Set<String> = []
    }

    /// Makes a client for the brokers that have the sources' topics. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and librdkafka's options.
    ///   - prefix: Stands before each group's name.
    ///   - interval: How often what has changed is committed.
    ///   - onError: Gets each error that is news: brokers that go away once, a refusal once for each group and reason.
    ///   - onContact: Called when commits go through again after brokers were away.
    /// - Throws: `KafkaError` when an option is wrong.
    public init(
        configuration: KafkaConfiguration, prefix: String, interval: Duration = .seconds(5),
        onError: @escaping @Sendable (KafkaError) -> Void = { _ in }, onContact: @escaping @Sendable () -> Void = {}
    ) throws(KafkaError) {
        self.prefix = prefix
        self.interval = interval
        self.onError = onError
        self.onContact = onContact
        admin = try KafkaAdmin(configuration)
    }

    /// What was done so far.
    public var statistics: Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waiting = state.offsets.waiting.count
            return statistics
        }
    }

    /// Commits what changes until the task is cancelled, and then once more, for which brokers get 2 s to answer.
    public func run() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: interval) } catch { break }
            await commit(timeout: .seconds(10))
        }
        await commit(timeout: .seconds(2))
    }

    /// Commits what has changed.
    private func commit(timeout: Duration) async {
        for (name, offsets) in state.withLock({ $0.offsets.takeWaiting() }).sorted(by: { $0.key < $1.key }) {
            do throws(KafkaError) {
                committed(try await admin.setCommittedOffsets(offsets, of: prefix + name, timeout: timeout))
            } catch  where error.code == .timedOut || error.code == .brokerUnreachable {
                state.withLock { $0.offsets.putBack(name, offsets) }
                // The others would wait as long for the same answer, and take their turn the next time.
                return failed(error)
            } catch {
                refused(error)
            }
        }
    }

    private func committed(_ failures: [TopicPartition: KafkaError]) {
        let isBack = state.withLock { state in
            state.statistics.commits += 1
            defer { state.isAway = false }
            return state.isAway
        }
        if isBack { onContact() }
        for (_, error) in failures.sorted(by: { $0.key < $1.key }) { refused(error) }
    }

    /// What is not committed now is with the next batch: the offsets of this one are old by then.
    private func refused(_ error: KafkaError) {
        let isNews = state.withLock { state in
            state.statistics.failures += 1
            if state.told.count >= Self.maximumTold { state.told = [] }
            return state.told.insert(error.message).inserted
        }
        if isNews { onError(error) }
    }

    private func failed(_ error: KafkaError) {
        let isNews = state.withLock { state in
            state.statistics.failures += 1
            defer { state.isAway = true }
            return !state.isAway
        }
        if isNews { onError(error) }
    }
}

extension ShadowGroups: HubObserver {
    /// Notes how far a progress says that its query has read.
    public func take(
        _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, changes: [QueryTransition]
    ) {
        guard case .progress(let event) = event else { return }
        state.withLock { $0.offsets.take(event.progress) }
    }

    /// Changes of state move no offset.
    public func take(_ changes: [QueryTransition]) {}

    /// The newest offsets replace older ones, so there is always room.
    public func makeRoom() async {}
}
