import Kafka
import Logging
import Synchronization

/// Says what is wrong, once and not again and again, to the log and to the alarm handler.
final class AlarmReporter: Sendable {
    private struct Said: Sendable {
        /// What keeps events from being delivered: by the topic that is at fault, and under no name what concerns all.
        var outages: [String: KafkaError.Code] = [:]
        /// Whether something was delivered since one of these was said: brokers that are away then are another incident.
        var hasDelivered = false
        /// Whether settings have changed since: what is wrong with the new ones is said, even if it is the same.
        var isOutdated = false
        var spoolFault: SpoolError.Code?
        var dropped: [DropReason: Int] = [:]
        var droppedAt: Duration?
        var shortenedAt: Duration?
        var refusedAt: Duration?
        var replacedAt: Duration?
        var servers: String
    }

    private let said: Mutex<Said>
    private let logger: Logger
    private let handler: @Sendable (ForwardingAlarm) -> Void
    private let clock: any DeliveryClock
    private let topic: String
    private static let interval = Duration.seconds(60)

    init(
        logger: Logger, topic: String, bootstrapServers: String, clock: any DeliveryClock,
        handler: @escaping @Sendable (ForwardingAlarm) -> Void
    ) {
        self.logger = logger
        self.handler = handler
        self.clock = clock
        self.topic = topic
        said = Mutex(Said(servers: bootstrapServers))
    }

    /// Other settings count from now on, and perhaps other brokers.
    func moved(to bootstrapServers: String) {
        said.withLock { said in
            said.servers = bootstrapServers
            said.isOutdated = true
        }
    }

    /// The brokers, by the names that the user gave them.
    private var brokers: String {
        let servers = said.withLock { $0.servers }
        return servers.isEmpty ? "Kafka" : servers
    }

    /// One of the topics at its brokers; that of the progress where none is more to blame.
    private func place(_ topic: String? = nil) -> String { "topic \"\(topic ?? self.topic)\" at \(brokers)" }

    // MARK: Delivery

    /// An error that keeps events from being delivered; where one of the topics is at fault, it names it. A more telling one than
    /// "unreachable" is said in addition.
    func cannotDeliver(_ error: KafkaError) {
        let code: KafkaError.Code
        switch error.code {
        case .timedOut: code = .brokerUnreachable
        case .brokerUnreachable, .authenticationFailed, .notAuthorized, .tlsFailed, .unknownTopicOrPartition, .broker,
            .invalidArgument, .invalidConfiguration, .resourceExhausted:
            code = error.code
        default: return
        }
        let isNew = said.withLock { said in
            let place = error.topic ?? ""
            if !said.isOutdated {
                guard said.outages[place] != code else { return false }
                let isUnreachable = code == .brokerUnreachable
                if isUnreachable, said.outages[""] != nil || !(said.outages.isEmpty || said.hasDelivered) {
                    return false
                }
            }
            said.outages[place] = code
            (said.hasDelivered, said.isOutdated) = (false, false)
            return true
        }
        guard isNew else { return }
        logger.warning(
            """
            metrics cannot be delivered to \(place(error.topic)): \(error); queries are not affected, events are kept and sent when \
            it works again
            """)
        handler(.cannotDeliver(error))
    }

    /// Events were delivered; which topics they were for is asked only after an outage. What is well with one topic says
    /// nothing of another.
    func delivered(to topics: () -> Set<String>) {
        let isOver = said.withLock { said in
            guard !said.outages.isEmpty else { return false }
            said.hasDelivered = true
            let concernedAll = said.outages.removeValue(forKey: "") != nil
            for topic in topics() { said.outages[topic] = nil }
            return concernedAll || said.outages.isEmpty
        }
        guard isOver else { return }
        logger.info("metrics are delivered to \(brokers) again")
        handler(.delivering)
    }

    /// A client was replaced: by somebody's wish, or because it was of no more use.
    func clientReplaced(cause: String, isWanted: Bool = false) {
        if isWanted {
            logger.notice("the Kafka client was replaced", metadata: ["cause": "\(cause)"])
        } else if isDue(\.replacedAt) {
            logger.warning(
                "the Kafka client was replaced; events it had not delivered are sent again",
                metadata: ["cause": "\(cause)"])
        }
        handler(.clientReplaced(cause: cause))
    }

    /// Whether a line of a kind is due again, a minute after the last one.
    private func isDue(_ last: WritableKeyPath<Said, Duration?>) -> Bool {
        let now = clock.now
        return said.withLock { said in
            if let at = said[keyPath: last], now - at < Self.interval { return false }
            said[keyPath: last] = now
            return true
        }
    }

    /// A line of the client's own log.
    func clientLog(_ entry: KafkaLogEntry) {
        logger.debug("librdkafka: \(entry.message)", metadata: ["facility": "\(entry.facility)"])
    }

    // MARK: Events

    func shortened(bytes: Int, kept: String?) {
        if isDue(\.shortenedAt) {
            logger.warning(
                """
                an event of \(bytes) bytes is too large for \(place()) and is sent without its offsets; \
                \(kept.map { "the whole is kept in \($0)" } ?? "the whole is not kept, for there is no spool"); \
                raise message.max.bytes here and max.message.bytes of the topic to send it whole
                """)
        }
        handler(.shortened(bytes: bytes, kept: kept))
    }

    func refused(_ error: KafkaError, kept: String?) {
        if isDue(\.refusedAt) {
            logger.warning(
                "an event was refused for good: \(error)\(kept.map { "; it is kept in \($0)" } ?? "")")
        }
        handler(.refused(error, kept: kept))
    }

    // MARK: The spool

    func spoolFailed(_ error: SpoolError) {
        let isNew = said.withLock { said in
            defer { said.spoolFault = error.code }
            return said.spoolFault != error.code
        }
        guard isNew else { return }
        logger.error("metrics cannot be spooled: \(error); they are kept in memory, and the disk is tried again")
        handler(.spoolFailed(error))
    }

    func spoolWorks() {
        let hadFailed = said.withLock { said in
            defer { said.spoolFault = nil }
            return said.spoolFault != nil
        }
        guard hadFailed else { return }
        logger.info("metrics are spooled again")
        handler(.spoolWorks)
    }

    func damaged(_ damages: [SpoolDamage]) {
        for damage in damages {
            if damage.isTornTail {
                logger.info("the spool was not closed: \(damage)")
            } else {
                logger.error("the spool is damaged: \(damage); a copy is kept in the folder quarantine beside it")
            }
        }
        if !damages.isEmpty { handler(.damaged(damages)) }
    }

    // MARK: Losses

    /// Says what was given up since it was said last, at most once a minute.
    ///
    /// - Returns: After how long there is something to say; nil when there is nothing.
    func look(at statistics: ForwardingStatistics) -> Duration? {
        let now = clock.now
        let (news, wait) = said.withLock { said -> ([DropReason: Int], Duration?) in
            guard said.dropped != statistics.dropped else { return ([:], nil) }
            if let at = said.droppedAt, now - at < Self.interval { return ([:], at + Self.interval - now) }
            let news = statistics.dropped.reduce(into: [DropReason: Int]()) { news, entry in
                let before = said.dropped[entry.key] ?? 0
                if entry.value > before { news[entry.key] = entry.value - before }
            }
            said.dropped = statistics.dropped
            said.droppedAt = now
            return (news, nil)
        }
        if !news.isEmpty { tell(news, statistics) }
        return wait
    }

    private func tell(_ news: [DropReason: Int], _ statistics: ForwardingStatistics) {
        let reasons = news.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        logger.error(
            """
            \(news.values.reduce(0, +)) events for \(place()) were given up (\(reasons.joined(separator: ", "))), \
            \(statistics.droppedTotal) of \(statistics.offered) so far
            """)
        handler(.dropped(news))
    }
}
