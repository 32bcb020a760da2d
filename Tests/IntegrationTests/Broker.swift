import FoundationEssentials
import Kafka
import Testing

/// The real broker that these tests were promised. They fail, and do not skip, when it is not there.
enum Broker {
    /// Its address.
    static func bootstrapServers() async throws -> String {
        let given = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"] ?? ""
        try #require(
            !given.isEmpty,
            "KAFKA_BOOTSTRAP_SERVERS is not set; run scripts/test, or scripts/dev-broker -- swift test")
        let admin = try KafkaAdmin(KafkaConfiguration(bootstrapServers: given))
        do {
            _ = try await admin.metadata(timeout: .seconds(10))
        } catch {
            Issue.record("no broker answers at \(given): \(error); run scripts/test, or scripts/dev-broker start")
            throw error
        }
        return given
    }

    /// A topic of one test's own.
    static func topic(_ name: String) -> String { "\(name)-\(UUID().uuidString.lowercased())" }
}
