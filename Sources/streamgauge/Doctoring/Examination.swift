import Kafka
import StreamingMetrics

/// The checks of `streamgauge doctor`, from the machine to the record, each reported as soon as it is done.
struct Examination: Sendable {
    let configuration: KafkaConfiguration
    let topics: [String]
    let probeTopic: String
    let timeout: Duration
    /// Gets each finding.
    let report: @Sendable (Finding) throws -> Void

    /// Looks at everything that can be looked at; whether nothing failed.
    func run() async throws -> Bool {
        try report(Self.versions)
        var isWell = try await addresses(NetworkAddress.list(configuration.bootstrapServers), check: "network")
        guard let metadata = try await connection() else {
            for check in ["brokers", "topics", "write and read"] {
                try report(Finding(check: check, status: .skipped, text: "there is no connection"))
            }
            return false
        }
        isWell = try await brokers(metadata) && isWell
        isWell = try topics(metadata) && isWell
        return try await EndToEndProbe(examination: self).run(metadata) && isWell
    }

    private static var versions: Finding {
        let features = RdKafkaLibrary.features
        return Finding(
            check: "versions", status: .ok,
            text: "streamgauge \(StreamGauge.version), librdkafka \(RdKafkaLibrary.version) with "
                + features.joined(separator: " "),
            figures: [
                ("streamgauge", .string(StreamGauge.version)), ("librdkafka", .string(RdKafkaLibrary.version)),
                ("features", .array(features.map { .string($0) })),
            ])
    }

    // MARK: The network

    /// Connects to each address; whether one of them, at least, can be reached.
    private func addresses(_ addresses: [NetworkAddress], check: String) async throws -> Bool {
        var reached = 0
        for address in addresses {
            let reach = try await address.reach(timeout: timeout)
            if case .connected = reach { reached += 1 }
            // One broker that is away does no harm while another answers.
            try report(finding(address, reach, check, failure: addresses.count > 1 ? .warning : .failed, whose: ""))
        }
        guard reached == 0, addresses.count > 1 else { return reached > 0 }
        try report(
            Finding(
                check: check, status: .failed, text: "none of the \(addresses.count) brokers can be reached",
                hint: "check the bootstrap servers, and that a broker runs"))
        return false
    }

    private func finding(
        _ address: NetworkAddress, _ reach: NetworkAddress.Reach, _ check: String, failure: Finding.Status,
        whose: String
    ) -> Finding {
        let which = whose.isEmpty ? "" : ", which"
        return switch reach {
        case .connected(let to, let after):
            Finding(
                check: check, status: .ok,
                text: "\(whose)\(address)\(which) is reached at \(to) in \(after.millisecondsText)",
                figures: [("address", .string(address.description)), ("connectMs", after.milliseconds)])
        case .unresolved(let reason):
            Finding(
                check: check, status: failure, text: "\(whose)\(address)\(which) has no address here (\(reason))",
                hint: whose.isEmpty
                    ? "check the name's spelling, /etc/hosts and the name server"
                    : "set the broker's advertised.listeners to a name that clients can resolve",
                figures: [("address", .string(address.description))])
        case .unreachable(let tried, let reason):
            Finding(
                check: check, status: failure,
                text: "\(whose)\(address)\(which) cannot be reached at \(tried.joined(separator: ", ")) (\(reason))",
                hint: whose.isEmpty
                    ? "check that the broker runs there, the port, and firewalls"
                    : "set the broker's advertised.listeners to an address that clients can reach",
                figures: [("address", .string(address.description))])
        }
    }

    // MARK: The cluster

    /// Asks for the cluster's metadata, which needs encryption, login and a broker that answers.
    private func connection() async throws -> ClusterMetadata? {
        let security = configuration.securitySummary
        let start = ContinuousClock.now
        switch try await ClusterContact.ask(configuration, timeout: timeout) {
        case .metadata(let metadata):
            let time = start.duration(to: .now)
            try report(
                Finding(
                    check: "connection", status: .ok, text: "answered in \(time.millisecondsText) (\(security))",
                    figures: [("answerMs", time.milliseconds), ("security", .string(security))]))
            return metadata
        case .nothing(let cause, let hint):
            try report(
                Finding(
                    check: "connection", status: .failed, text: "no broker lets us in (\(security)): \(cause)",
                    hint: hint))
            return nil
        }
    }

    /// Whether clients can go where the brokers send them: a wrong advertised address is the most common fault of all.
    private func brokers(_ metadata: ClusterMetadata) async throws -> Bool {
        var isWell = true
        for broker in metadata.brokers.sorted(by: { $0.id < $1.id }) {
            let address = NetworkAddress(host: broker.host, port: broker.port)
            let reach = try await address.reach(timeout: timeout)
            if case .connected = reach {} else { isWell = false }
            try report(
                finding(address, reach, "brokers", failure: .failed, whose: "broker \(broker.id) sends clients to "))
        }
        return isWell
    }

    private func topics(_ metadata: ClusterMetadata) throws -> Bool {
        var isWell = true
        for topic in topics {
            let finding = Self.finding(topic, metadata.topics.first { $0.name == topic })
            if finding.status == .failed { isWell = false }
            try report(finding)
        }
        return isWell
    }

    private static func finding(_ name: String, _ topic: ClusterMetadata.Topic?) -> Finding {
        guard let topic else {
            return Finding(
                check: "topics", status: .warning, text: "there is no topic \(name), or this user may not see it",
                hint: "create it, or let the first record create it if the cluster allows that")
        }
        if let error = topic.error { return Finding(check: "topics", status: .failed, text: error.message) }
        let leaderless = topic.partitions.filter { $0.leader == nil }
        let copies = topic.partitions.map(\.replicas).min() ?? 0
        guard leaderless.isEmpty else {
            return Finding(
                check: "topics", status: .failed,
                text: "topic \(name): \(NumberText.count(leaderless.count, "partition")) of \(topic.partitions.count) "
                    + "without a leader (\(leaderless.map { "\($0.id)" }.joined(separator: ", ")))",
                hint: "records for them wait until a broker that has a copy is back")
        }
        return Finding(
            check: "topics", status: .ok,
            text: "topic \(name): \(NumberText.count(topic.partitions.count, "partition")), each with a leader and "
                + (copies == 1 ? "1 copy" : "\(copies) copies"),
            figures: [
                ("topic", .string(name)), ("partitions", .integer(Int64(topic.partitions.count))),
                ("replicas", .integer(Int64(copies))),
            ])
    }
}
