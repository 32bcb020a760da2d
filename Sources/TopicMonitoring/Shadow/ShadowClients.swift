import Kafka

/// The clients that commit, one for each group that was used of late, for each has threads of its own.
///
/// One task uses it. Groups come round and round: of more than there may be clients, were the one to go that was not used for longest,
/// each would be gone when its turn comes. So it is the one used last, unless another was not used for ``idleTime``.
struct ShadowClients {
    private let maximum: Int
    private let make: (String) throws(KafkaError) -> GroupCommitter
    /// The one used last is last.
    private(set) var clients: [GroupCommitter] = []
    /// When each group's client was used.
    private var usedAt: [String: ContinuousClock.Instant] = [:]
    /// A group that is not committed for so long has ended.
    private static let idleTime = Duration.seconds(120)

    init(maximum: Int, make: @escaping (String) throws(KafkaError) -> GroupCommitter) {
        self.maximum = max(1, maximum)
        self.make = make
    }

    /// The client of a group.
    ///
    /// - Throws: `KafkaError`; `timedOut` when all clients wait for answers.
    mutating func client(for group: String) throws(KafkaError) -> GroupCommitter {
        usedAt[group] = .now
        if let place = clients.firstIndex(where: { $0.group == group }) {
            let client = clients.remove(at: place)
            clients.append(client)
            return client
        }
        while clients.count >= maximum {
            for client in clients { client.drain() }
            guard let idle = placeToGo() else {
                throw KafkaError(
                    code: .timedOut,
                    message:
                        "cannot commit offsets of group \"\(group)\": \(maximum) other groups wait for their coordinators",
                    isRetriable: true)
            }
            usedAt[clients.remove(at: idle).group] = nil
        }
        let client = try make(group)
        clients.append(client)
        return client
    }

    /// Which client may go: it waits for no answer.
    private func placeToGo() -> Int? {
        guard let oldest = clients.firstIndex(where: { !$0.isBusy }) else { return nil }
        let isIdle = usedAt[clients[oldest].group].map { $0.duration(to: .now) > Self.idleTime } ?? true
        return isIdle ? oldest : clients.lastIndex { !$0.isBusy }
    }

    /// Ends the client of a group that is not needed any more.
    mutating func drop(_ group: String) {
        clients.removeAll { $0.group == group }
        usedAt[group] = nil
    }

    /// Takes what clients have to say that are not in use.
    func drain() { for client in clients { client.drain() } }
}
