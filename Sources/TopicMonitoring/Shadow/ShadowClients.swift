import Kafka

/// The clients that commit, one for each group that was used of late, for each has threads of its own.
///
/// One task uses it. Of more clients than allowed, the one goes that was not used for longest and waits for no answer.
struct ShadowClients {
    private let maximum: Int
    private let make: (String) throws(KafkaError) -> GroupCommitter
    /// The one used last is last.
    private(set) var clients: [GroupCommitter] = []

    init(maximum: Int, make: @escaping (String) throws(KafkaError) -> GroupCommitter) {
        self.maximum = max(1, maximum)
        self.make = make
    }

    /// The client of a group.
    ///
    /// - Throws: `KafkaError`; `timedOut` when all clients wait for answers.
    mutating func client(for group: String) throws(KafkaError) -> GroupCommitter {
        if let place = clients.firstIndex(where: { $0.group == group }) {
            let client = clients.remove(at: place)
            clients.append(client)
            return client
        }
        while clients.count >= maximum {
            for client in clients { client.drain() }
            guard let idle = clients.firstIndex(where: { !$0.isBusy }) else {
                throw KafkaError(
                    code: .timedOut,
                    message:
                        "cannot commit offsets of group \"\(group)\": \(maximum) other groups wait for their coordinators",
                    isRetriable: true)
            }
            clients.remove(at: idle)
        }
        let client = try make(group)
        clients.append(client)
        return client
    }

    /// Ends the client of a group that is not needed any more.
    mutating func drop(_ group: String) { clients.removeAll { $0.group == group } }

    /// Takes what clients have to say that are not in use.
    func drain() { for client in clients { client.drain() } }
}
