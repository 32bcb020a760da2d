import Synchronization

/// Commits offsets for one group that it never joins.
///
/// Brokers take such commits while a group has no members, and refuse them otherwise. The client behind it has threads of its own for each
/// broker, so there should be few. One commit at a time: what is committed later is never overtaken by what came before.
///
/// librdkafka 2.0.2 hangs or fails when a client is closed that still waits for a commit (its issues 3217 and 3740). So the end waits, on
/// a thread that nobody waits for, until the last commit is answered; a client that gets no answer at all is left alone.
package final class GroupCommitter: Sendable {
    /// The group.
    package let group: String
    private let client: Client

    /// Makes a client. No broker needs to be there.
    ///
    /// - Parameters:
    ///   - configuration: The brokers and options. What belongs to groups, and the time-outs of requests, are set here.
    ///   - group: The group.
    ///   - patience: How long a coordinator is waited for, and then its answer, before librdkafka itself gives a commit up.
    ///   - onLog: Gets librdkafka's log lines, on any thread; it must return soon, and not call the client.
    /// - Throws: ``KafkaError`` when an option is wrong.
    package init(
        _ configuration: KafkaConfiguration, group: String, patience: Duration = .seconds(8),
        onLog: @escaping @Sendable (KafkaLogEntry) -> Void = { _ in }
    ) throws(KafkaError) {
        var configuration = configuration
        let patienceMs = String(max(1000, patience.milliseconds))
        let ours = [
            // No member, so no session: it is only how long librdkafka keeps commits back while it looks for the coordinator.
            "group.id": group, "session.timeout.ms": patienceMs, "socket.timeout.ms": patienceMs,
            "enable.auto.commit": "false",
        ]
        configuration.properties.merge(ours) { $1 }
        for name in ["group.instance.id", "max.poll.interval.ms"] { configuration.properties[name] = nil }
        let options = try configuration.resolved(defaults: [("log.connection.close", "false")])
        self.group = group
        client = Client(
            try Handle(.committer, options: options, context: CallbackContext(onLog: onLog, onError: { _ in })),
            attempt: "commit offsets of group \"\(group)\"")
    }

    deinit {
        let client = client
        do throws(KafkaError) {
            try DedicatedThread.start(name: "kafka-commit-end") { client.end() }
        } catch {
            // Ending here could take long. A client that stays is better than a caller that waits.
        }
    }

    /// Whether a commit has no answer yet.
    package var isBusy: Bool { client.state.withLock { $0.pending != nil } }

    /// Commits offsets and waits for the coordinator's answer; not to be called again before it returns.
    ///
    /// A commit that has timed out may still be made later, but not after the next one.
    ///
    /// - Parameters:
    ///   - offsets: The next offset to be read of each partition.
    ///   - timeout: How long to wait at most.
    ///   - isOver: Looked at every tenth of a second; true ends the waiting as if the time were over.
    /// - Returns: The partitions that the coordinator refused.
    /// - Throws: ``KafkaError``; `timedOut` without an answer.
    package func commit(
        _ offsets: [TopicPartition: Int64], timeout: Duration, unless isOver: @escaping @Sendable () -> Bool = { false }
    ) async throws(KafkaError) -> [TopicPartition: KafkaError] {
        if offsets.isEmpty { return [:] }
        let deadline = ContinuousClock.now + timeout
        return try await DedicatedThread.call(name: "kafka-commit") { [client] () throws(KafkaError) in
            try client.commit(offsets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) {
                ContinuousClock.now >= deadline || isOver()
            }
        }
    }

    /// Offsets that the group has committed, by whomever; a partition without one is left out.
    package func committed(
        _ partitions: [TopicPartition], timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Int64] {
        try await DedicatedThread.call(name: "kafka-commit") { [client] () throws(KafkaError) in
            try client.handle.committed(partitions, timeoutMs: timeout.milliseconds)
        }
    }

    /// Takes what the client has to say while nothing is committed, which would pile up.
    package func drain() { client.drain() }
}

/// The client of a ``GroupCommitter``, which may outlive it.
private final class Client: Sendable {
    struct State {
        var lastNumber: UInt = 0
        /// The commit that has no answer yet.
        var pending: UInt?
        /// Why there may be no answer: the last error that belongs to no commit, until one succeeds.
        var trouble: KafkaError?
    }

    let state = Mutex(State())
    let handle: Handle
    private let attempt: String
    private static let sliceMs: Int32 = 100
    /// Longer than librdkafka takes for any answer.
    private static let longest = Duration.seconds(120)

    init(_ handle: Handle, attempt: String) {
        self.handle = handle
        self.attempt = attempt
    }

    func commit(
        _ offsets: [(TopicPartition, Int64)], until isOver: () -> Bool
    ) throws(KafkaError) -> [TopicPartition: KafkaError] {
        if let before = state.withLock({ $0.pending }) { _ = try answer(to: before, until: isOver) }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try handle.startCommit(offsets, number: number, attempt: attempt)
        state.withLock { $0.pending = number }
        switch try answer(to: number, until: isOver) {
        case .success(let refused): return refused
        case .failure(let error): throw error
        }
    }

    /// Waits for an answer. Throws when none comes in time, and when the coordinator refuses to be found, for then none will.
    private func answer(
        to number: UInt, until isOver: () -> Bool
    ) throws(KafkaError) -> Result<[TopicPartition: KafkaError], KafkaError> {
        while true {
            switch try next(waitMs: Self.sliceMs) {
            case .answer(number, let answer): return answer
            case .trouble(let error) where error.code == .notAuthorized: throw error
            case nil where isOver():
                throw state.withLock { $0.trouble }
                    ?? KafkaError(
                        code: .timedOut,
                        message:
                            "cannot \(attempt): the brokers do not answer; check that they run; the client keeps trying",
                        isRetriable: true)
            default: continue
            }
        }
    }

    private enum Told {
        case answer(UInt, Result<[TopicPartition: KafkaError], KafkaError>)
        case trouble(KafkaError)
    }

    private func next(waitMs: Int32) throws(KafkaError) -> Told? {
        switch try handle.pollCommits(timeoutMs: waitMs, attempt: attempt) {
        case nil: return nil
        case .error(let error):
            state.withLock { $0.trouble = error }
            return .trouble(error)
        case .answer(let number, let error, let refused):
            let trouble = state.withLock { state in
                if state.pending == number { state.pending = nil }
                if error == nil { state.trouble = nil }
                return state.trouble
            }
            guard let error else { return .answer(number, .success(refused)) }
            // What was to be tried again says less than why it had to.
            if error.isRetriable { return .answer(number, .failure(trouble ?? error)) }
            // Where all partitions are refused alike the whole is an error; told apart they say more.
            return .answer(number, refused.isEmpty ? .failure(error) : .success(refused))
        }
    }

    func drain() {
        // Closed is the only error, and then there is nothing to take.
        while let told = try? next(waitMs: 0) { _ = told }
    }

    func end() {
        let deadline = ContinuousClock.now + Self.longest
        while state.withLock({ $0.pending != nil }), ContinuousClock.now < deadline { _ = try? next(waitMs: 1000) }
        if state.withLock({ $0.pending == nil }) { handle.destroy(closingConsumer: false) }
    }
}
