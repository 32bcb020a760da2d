import Foundation
import Kafka
import Testing

/// Commits for groups without members, to the real broker.
@Suite struct ShadowGroupBrokerTests {
    @Test func `offsets are committed for a group that nobody has joined, and found by its members`() async throws {
        let configuration = KafkaConfiguration(bootstrapServers: try await Broker.bootstrapServers())
        let topic = Broker.topic("shadow")
        let admin = try KafkaAdmin(configuration)
        try await admin.createTopic(NewTopic(name: topic, partitions: 2, replicationFactor: 1))
        let group = Broker.topic("group")
        let (first, second) = (TopicPartition(topic: topic, partition: 0), TopicPartition(topic: topic, partition: 1))
        let committer = try GroupCommitter(configuration, group: group)
        #expect(try await committer.committed([first, second]).isEmpty)
        #expect(try await committer.commit([first: 3, second: 4], timeout: .seconds(20)).isEmpty)
        #expect(try await committer.commit([second: 2], timeout: .seconds(20)).isEmpty)
        #expect(
            try await GroupCommitter(configuration, group: group).committed([first, second]) == [first: 3, second: 2])
        try await admin.deleteTopics([topic])
    }
}
